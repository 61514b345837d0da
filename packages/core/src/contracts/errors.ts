/**
 * Every code that commloop throws or reports, with its meaning. `docs/errors.md` adds when each one occurs and what to
 * do about it; a test compares the two.
 */
export const ERROR_CODES = {
  CML_ERR_NOT_RUNNING: 'The node has not started, or is stopping.',
  CML_ERR_PAYLOAD_INVALID: "The payload is not a Uint8Array, or the link's codec cannot carry it.",
  CML_ERR_PAYLOAD_TOO_LARGE: "The payload is larger than the codec's limit.",
  CML_ERR_LINK_UNKNOWN: 'There is no link with this id or index.',
  CML_ERR_LINK_AMBIGUOUS:
    'The entry has several links: name one of them, or all of them with `entry/*`.',
  CML_ERR_LINK_DOWN: 'The link is down, and it does not keep a queue while it is down.',
  CML_ERR_OUTBOX_FULL: 'The outbox of every target link is full.',
  CML_ERR_ROUTING_FULL:
    'Too many messages are waiting for a route, or too many requests for their answers.',
  CML_ERR_REQUEST_TIMEOUT: 'The peer did not answer the request in time.',
  CML_ERR_REQUEST_DUPLICATE:
    'A request with the same key is waiting for its answer on the same connection.',
  CML_ERR_LISTEN: 'The node cannot listen at the configured address.',
  CML_ERR_FRAME_INVALID: "The peer sent bytes that are not a frame of the link's codec.",
  CML_ERR_FRAME_CHECKSUM: 'The peer sent a frame with a wrong checksum.',
  CML_ERR_FRAME_TOO_LARGE: 'The peer announced a frame larger than the limit.',
  CML_ERR_FRAME_TRUNCATED: 'The stream ended inside a frame.',
  CML_ERR_DIAL_TIMEOUT: 'The connection was not opened within the time limit.',
  CML_ERR_CONFIG_NOT_FOUND: 'The configuration file was not found.',
  CML_ERR_CONFIG_INVALID: 'The configuration contains errors.',
  CML_ERR_CONFIG_AMBIGUOUS: 'The folder contains more than one configuration.',
  CML_ERR_CONFIG_CODE:
    'The configuration is code, and commloop never executes code as configuration.',
  CML_ERR_PLUGIN_MISSING: 'A plugin was not found, or a required plugin was not given.',
  CML_ERR_PLUGIN_INVALID: 'A plugin was found but cannot be used.',
  CML_ERR_INPUT_INVALID: 'A line of input, or an option of a call, is not valid.',
  CML_ERR_CONTROL_UNREACHABLE: 'No running node answered at the control socket.',
  CML_ERR_CONTROL_REFUSED: 'The control API refused the request.',
  CML_ERR_JOURNAL_LOCKED: 'Another process uses the journal.',
  CML_ERR_JOURNAL_CORRUPT: 'The journal is damaged.',
  CML_ERR_JOURNAL_VERSION: 'The journal has a format that this version cannot read.',
  CML_ERR_JOURNAL_FULL: 'The journal has no room for more messages.',
  CML_ERR_JOURNAL_FAILED: 'The disk of the journal has failed.',
} as const

/** The code of a `CommloopError`. */
export type ErrorCode = keyof typeof ERROR_CODES

/** What an error concerns, for programs. A member is absent if the error does not concern such a thing. */
export interface ErrorDetails {
  /** The file or folder. */
  readonly path?: string
  /** The key of an option, with dots between its parts. */
  readonly option?: string
  /** The message without the name of the option: what was expected and what was found. */
  readonly problem?: string
  /** The option itself is unknown, and not its value. */
  readonly unknownOption?: true
  /** The other options that a plugin rejects at the same time. */
  readonly furtherOptions?: readonly Pick<ErrorDetails, 'option' | 'problem' | 'unknownOption'>[]
  /** The link, entry or target that was named. */
  readonly link?: string
  /** The offset of a byte in the file. */
  readonly offset?: number
  /** The code of the failed system call, such as `ENOENT`. */
  readonly syscall?: string
}

const BRAND = Symbol.for('commloop.CommloopError')

/** The only error class of commloop. `code` identifies the error; `cause` is the error that led to it. */
export class CommloopError extends Error {
  override readonly name = 'CommloopError'
  readonly code: ErrorCode
  /** Absent if the code says everything. */
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

  /** True for errors of any installed copy of commloop: copies have different classes, but share this brand. */
  static is(value: unknown): value is CommloopError {
    try {
      return typeof value === 'object' && value !== null && BRAND in value
    } catch {
      // A proxy that throws.
      return false
    }
  }
}
