import { CommloopError } from './errors.js'

/** What `optionError` needs to know of an option that a plugin rejects. */
export interface RejectedOption {
  /** The plugin, as messages name it: `codec len16`. */
  readonly plugin: string
  /** The key, with dots between its parts: `tls.cert`. */
  readonly option: string
  /** What was expected and what was found: `expected true or false, found "yes"`. */
  readonly problem: string
  /** Set if the plugin has no such option. The mark in the file is then below the key, not below its value. */
  readonly unknown?: boolean
}

/**
 * The error that a plugin throws from `create` for an unknown or invalid option. The details tell the reader of the
 * configuration where to put its mark, so that it need not read the message.
 */
export function optionError(rejected: RejectedOption): CommloopError {
  return optionsError([rejected])
}

/**
 * The error for all options that a plugin rejects, so that a user sees every mistake at the first attempt.
 *
 * @param rejected at least one
 */
export function optionsError(rejected: readonly RejectedOption[]): CommloopError {
  const messages = rejected.map(({ plugin, option, problem }) => `${plugin}: ${option}: ${problem}`)
  const [first, ...rest] = rejected.map(({ option, problem, unknown }) => ({
    option,
    problem,
    ...(unknown === true ? { unknownOption: true as const } : {}),
  }))
  const details = { ...first, ...(rest.length === 0 ? {} : { furtherOptions: rest }) }
  return new CommloopError('CML_ERR_CONFIG_INVALID', messages.join('; '), { details })
}
