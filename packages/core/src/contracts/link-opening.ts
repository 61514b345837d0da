import type { Address } from './transport.js'

/**
 * Decides what is said on a new connection before messages may pass: a logon, a bind, a connect request, a registration.
 * A link with an opening is up only when the opening says so. Until then no message is written, and no received frame is
 * a message.
 *
 *     dialing, or awaiting                                        up
 *     ├─ connected ── begin ── received ── received ── open() ────┼─ messages
 *     └─ openTimeout ─────────────────────────────────▶           └─ received goes on only if the session `stays`
 *
 * One object serves all links that use it, so what belongs to one connection is in the session. An opening must not use
 * timers: `openTimeout` belongs to the link, and a simulator must be able to repeat the order of all calls.
 */
export interface LinkOpening {
  /**
   * A connection has opened and can carry bytes. Called once for each connection, on both roles, before anything is
   * written or read. It may call the door. If it throws, or returns no session, the connection ends.
   */
  begin(peer: OpeningPeer, door: OpeningDoor): OpeningSession
}

/** The link, and the peer of its new connection. */
export interface OpeningPeer {
  /** The id of the link, and of its entry. */
  readonly link: string
  readonly entry: string
  /** `active`: this node has dialled. */
  readonly role: 'active' | 'passive'
  readonly remote: Address
  /** Names that the peer has proved by TLS; empty without TLS. */
  readonly identities: readonly string[]
}

/**
 * What an opening can do with its connection. `open` and `refuse` count once: the first of them decides. No call has an
 * effect when the connection is ending.
 */
export interface OpeningDoor {
  /**
   * Sends one payload to the peer, before all waiting messages. The bytes are copied, so the caller may change them
   * afterwards. Also possible after `open`, for a session that stays. Payloads that the peer does not read wait, up to
   * `CONTROL_PAYLOADS_MAX` and `CONTROL_BYTES_MAX`; with more, the connection ends.
   *
   * @throws CommloopError CML_ERR_PAYLOAD_INVALID; CML_ERR_PAYLOAD_TOO_LARGE if the codec does not take so many bytes
   */
  send(payload: Uint8Array): void
  /**
   * Messages may pass. The link is up when this returns, or, during `begin`, as soon as `begin` has returned. This is the
   * proof of life of the connection. Frames that follow are messages, even if they came in the same chunk.
   */
  open(): void
  /**
   * Ends the connection. What was sent before is still written. The link's reason is `not opened: <reason>`, and an active
   * link dials again later, according to its reconnect strategy.
   */
  refuse(reason: string): void
}

/** The opening of one connection. Everything that it has to remember is here, and ends with the connection. */
export interface OpeningSession {
  /**
   * One frame has arrived: before `open` every frame, afterwards only if `stays`. The payload may be a view of a larger
   * chunk. If this throws, the connection ends.
   *
   * @returns true if the frame belongs to the opening. false before `open`: if the frame is not a heartbeat either, it is
   *   a message too early, and the connection ends. false after `open`: the frame is handled as if there were no opening.
   */
  received(payload: Uint8Array): boolean
  /** true: the session also gets the frames after `open`, for example to answer enquiries. Read once, after `open`. */
  readonly stays?: boolean
  /** How far the opening is, in a few words such as `step 2 of 3`, for operators. Read for `status`, and for the reason of a failure. */
  readonly progress?: string | undefined
  /**
   * The connection is over. The last call, except that the frames of a link that is held may still be delivered
   * afterwards.
   */
  ended?(): void
}
