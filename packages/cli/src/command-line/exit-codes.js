/** What a command's exit code says. Scripts rely on these; a number never changes its meaning. */
export const EXIT = {
    OK: 0,
    /**
     * Whatever has no number of its own: messages that were not written (`run --stdio`), an exception in a plugin, a
     * second signal before the end.
     */
    FAILED: 1,
    /** The configuration is wrong or missing, or the command line itself is. Nothing was started. */
    CONFIG_INVALID: 2,
    CANNOT_LISTEN: 3,
    /**
     * Something is not as it should be. `status`: some entry is absent or exhausted; `doctor`: something is wrong;
     * `check --with`: the two tables do not fit.
     */
    INCOMPLETE: 4,
    NOT_RUNNING: 5,
};
//# sourceMappingURL=exit-codes.js.map