/** Every code of a `warning` event. `docs/errors.md` says what each means and what to do. */
export type WarningCode =
  | 'CODEC_ENCODE'
  | 'FRAMES_DROPPED'
  | 'HELD_TOO_LONG'
  | 'LISTENER_THREW'
  | 'LISTEN_LOST'
  | 'LISTEN_WAITING'
  | 'LOGGER_THREW'
  | 'NAME_UNRESOLVED'
  | 'OPENING_THREW'
  | 'REQUEST_KEY_THREW'
  | 'ROUTER_SLOW'
  | 'ROUTER_THREW'
  | 'STRATEGY_ANSWER'
  | 'STRATEGY_THREW'

/** A problem that does not end a connection or stop the node. */
export interface WarningEvent {
  readonly code: WarningCode
  readonly message: string
  /** What a plugin or a listener threw, or the system's error. */
  readonly cause?: unknown
  /** How many warnings this event stands for. */
  readonly count: number
}
