/** The exit codes of all commands. Scripts rely on them: a number never changes its meaning. */
export const EXIT = {
  OK: 0,
  /** All failures without a number of their own: messages not written (`run --stdio`), an exception in a plugin, a second stop signal. */
  FAILED: 1,
  /** The configuration is wrong or missing, or the command line is wrong. Nothing was started. */
  CONFIG_INVALID: 2,
  CANNOT_LISTEN: 3,
  /**
   * The check of a command found a problem. `status`: an entry is absent or exhausted. `doctor`: a finding of weight
   * `wrong`. `check --with`: the two tables do not match. `codecs --guess`: nothing fits.
   */
  INCOMPLETE: 4,
  NOT_RUNNING: 5,
  /** `request`: the peer did not answer in time. */
  NO_ANSWER: 6,
} as const
