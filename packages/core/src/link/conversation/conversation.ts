/**
 * The control payloads that a link exchanges with its peer. The application neither sends nor receives them. A
 * conversation lasts as long as one connection, and a link may have none.
 *
 *     received payload ─▶ received() ─┬─ true: control, ends here
 *                                     └─ false: a message, delivered
 *     control payload  ─▶ Channel.send(), written before waiting messages
 *
 * Heartbeats are the only kind so far. Other kinds extend this interface: a logon that must be answered before messages
 * may pass needs the question "may messages be written now?", and acknowledgements need "is this copy finished?", which
 * the transport's confirmation of a write answers today. Core would ask both once per write, never per message.
 */
export interface Conversation {
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
}

/** A connection as its conversation uses it. */
export interface Channel {
  /** No write is in progress. */
  readonly quiet: boolean
  /**
   * Writes a control payload before the waiting messages. If the same payload is queued already, it is written once.
   * @returns false if nothing can be written: the connection is ending, or on probation because of a former loss
   */
  send(payload: Uint8Array): boolean
}
