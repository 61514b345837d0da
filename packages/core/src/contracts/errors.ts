/**
 * Every code that commloop throws or reports, with what it means. `docs/errors.md` says what to do about each; a
 * test compares the two.
 */
export const ERROR_CODES = {
  CML_ERR_NOT_RUNNING: 'The node has not started, or is stopping.',
  CML_ERR_PAYLOAD_INVALID: 'What was to be sent is no Uint8Array.',
  CML_ERR_PAYLOAD_TOO_LARGE: "The payload is larger than the codec's limit.",
  CML_ERR_LINK_UNKNOWN: 'No link has this id or index.',
  CML_ERR_LINK_AMBIGUOUS: 'The entry has several links; name one, or all with `entry/*`.',
  CML_ERR_LINK_DOWN: 'The link keeps no queue while nobody is connected, and nobody is.',
  CML_ERR_OUTBOX_FULL: 'Every link that the message is for has a full outbox.',
  CML_ERR_ROUTING_FULL: 'Too many messages wait for their route.',
  CML_ERR_LISTEN: 'The node cannot listen at the configured address.',
  CML_ERR_FRAME_INVALID: 'The peer sent a length that cannot be.',
  CML_ERR_FRAME_TOO_LARGE: 'The peer announced a frame above the limit.',
  CML_ERR_FRAME_TRUNCATED: 'The stream ended inside a frame.',
  CML_ERR_DIAL_TIMEOUT: 'No connection could be opened in the time allowed.',
  CML_ERR_CONFIG_NOT_FOUND: 'There is no configuration where one is looked for.',
  CML_ERR_CONFIG_INVALID: 'The configuration has mistakes.',
  CML_ERR_CONFIG_AMBIGUOUS: 'Two configurations lie in one folder.',
  CML_ERR_CONFIG_CODE: 'The configuration is code, which is never executed.',
  CML_ERR_PLUGIN_MISSING: 'A plugin was not found, or none was given for a contract.',
  CML_ERR_PLUGIN_INVALID: 'A plugin was found and is not usable.',
  CML_ERR_INPUT_INVALID: 'A line of input cannot be understood.',
  CML_ERR_CONTROL_UNREACHABLE: 'No running node answers at the control socket.',
  CML_ERR_CONTROL_REFUSED: 'The control API does not take this request.',
} as const

export type ErrorCode = keyof typeof ERROR_CODES

/** What an error is about, for programs. Each part is absent if the error is not about one. */
export interface ErrorDetails {
  /** The file or folder. */
  readonly path?: string
  /** The key of an option, with dots between its parts. */
  readonly option?: string
  /** The link, entry or target that was named. */
  readonly link?: string
  /** The code of the failed system call, such as `ENOENT`. */
  readonly syscall?: string
}

const BRAND = Symbol.for('commloop.CommloopError')

/** The one error class of commloop. Told apart by `code`; `cause` is what led to it. */
export class CommloopError extends Error {
  override readonly name = 'CommloopError'
  readonly code: ErrorCode
  /** Absent if there is nothing beyond the code. */
  declare readonly details?: ErrorDetails
  readonly [BRAND] = true

  constructor(
    code: ErrorCode,
    message: string,
    options?: { readonly cause?: unknown; readonly details?: ErrorDetails },
  ) {
    super(message, options)
    this.code = code
    if (options?.details !== undefined) this.details = options.details
  }

  /** True for errors of any installed copy of commloop: two copies do not share a class, but share the brand. */
  static is(value: unknown): value is CommloopError {
    return typeof value === 'object' && value !== null && BRAND in value
  }
}
