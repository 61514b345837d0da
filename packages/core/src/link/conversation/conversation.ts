import type { Reason } from '../../contracts/reason.js'

/**
 * The control payloads that a link exchanges with its peer. The application neither sends nor receives them. A
 * conversation lasts as long as one connection, and a link may have none.
 *
 *     received payload ─▶ received() ─┬─ true: control, ends here
 *                                     └─ false: a message, delivered
 *     control payload  ─▶ Channel.send(), written before waiting messages
 *
 * Heartbeats are one kind. An opening is the other: it wraps the heartbeats, because it is asked first. Acknowledgements
 * would need the question "is this copy finished?", which the transport's confirmation of a write answers today. Core
 * would ask it once per write, never per message.
 */
export interface Conversation {
  /** Messages may not pass yet, so frames are read although the link is held: none of them is a message. */
  readonly isOpening: boolean
  /** How far an opening is, for people; undefined: it does not say, or there is none. */
  readonly progress?: string | undefined
  /** The connection can carry bytes. `waits`: the link is not up yet. Called once, and may end the connection. */
  begin(nowMs: number, waits: boolean): void
  /** Called with every payload before it is delivered. @returns true if it is a control payload and not a message */
  received(payload: Uint8Array): boolean
  /** A write of any kind begins. */
  writing(nowMs: number): void
  /** Asks the peer for a sign of life, if this conversation can do so. */
  probe(): void
  /** The settings have changed. Never called after `finished`. */
  settingsChanged(nowMs: number): void
  /** Nothing more can be sent. Payloads may still be received. May be called again. */
  finished(): void
  /** The connection is over. Payloads that wait for a holder may still be received. @returns why it has ended, in full */
  ended(reason: Reason): Reason
}

/** A connection as its conversation uses it. */
export interface Channel {
  /** No write is in progress. */
  readonly quiet: boolean
  /**
   * Writes a control payload before the waiting messages. If the same payload object is queued already, it is written once.
   * @returns false if nothing can be written: the connection is ending, or on probation because of a former loss, or too
   * many control payloads wait
   */
  send(payload: Uint8Array): boolean
}
