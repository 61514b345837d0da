/**
 * What a link exchanges with its peer besides messages: control payloads, which no user sends or receives. A conversation
 * lives as long as one connection, and a link may have none.
 *
 *     received payload ─▶ received() ─┬─ true: control, ends here
 *                                     └─ false: a message, delivered
 *     control payload  ─▶ Channel.send(), written before the messages that wait
 *
 * Heartbeats are the only kind so far. This is the place for others too: a logon that must be answered before messages
 * may pass adds a question "may messages be written now?" here, and acknowledgements add "is this copy finished?",
 * which today the transport's confirmation of a write answers. Both are asked once for each write, never for each message.
 */
export interface Conversation {
  /** Asked about every payload before it is delivered. @returns true if it was control, which is not a message */
  received(payload: Uint8Array): boolean
  /** A write begins, of whatever kind. */
  writing(nowMs: number): void
  /** Asks the peer to show that it is there, if this conversation can. */
  probe(): void
  /** The settings have changed. Not called any more after `finished`. */
  settingsChanged(nowMs: number): void
  /** Nothing more can be sent. Payloads may still be received. May be called again. */
  finished(): void
}

/** The connection, as a conversation uses it. */
export interface Channel {
  /** Payloads can be written: the connection is open, and its probation is over. */
  readonly writable: boolean
  /** No write is under way. */
  readonly quiet: boolean
  /** Writes a control payload, before the messages that wait. Twice the same is written once. */
  send(payload: Uint8Array): void
}
