import type { InjectionToken } from '../di.js'

/** An address, with `ip` in the notation of the operating system. Core compares addresses as bytes, never as text. */
export interface Address {
  readonly ip: string
  /** 0 to 65 535. */
  readonly port: number
}

/**
 * Moves bytes between nodes. A transport does not know frames.
 *
 * A transport must not call a callback before the call that leads to it has returned, so that the caller can first
 * complete its own state. The contract uses callbacks instead of promises, because a simulator must repeat their order.
 */
export interface Transport {
  /**
   * Dials a peer. The transport calls exactly one of `opened` and `failed`, at the latest after `target.timeoutMs`.
   * After `cancel` it calls neither.
   */
  dial(target: DialTarget, handler: DialHandler): Dial

  /** Listens, and accepts connections until `close`. */
  listen(options: ListenOptions, handler: ListenHandler): Listener

  /**
   * Looks a name up, for passive entries with a name. The transport calls exactly one of `resolved` and `failed`, however
   * long the look-up takes, and neither after `cancel`. A transport without this method has no such entries.
   */
  resolve?(name: string, handler: ResolveHandler): Resolving

  /**
   * false: on this system, `Connection.unacknowledged` of its connections never has an answer, so `unacknowledgedMax` has
   * no effect. The configuration then warns. Absent: the transport makes no statement.
   */
  readonly tellsUnacknowledged?: boolean
}

/** Receives the result of a look-up. */
export interface ResolveHandler {
  /** All addresses of the name, the one that the resolver prefers first. */
  resolved(addresses: readonly string[]): void
  failed(error: Error): void
}

/** A look-up that has not ended. */
export interface Resolving {
  /** The caller does not need the answer any more. */
  cancel(): void
}

/** Where to dial. `ip` may be a host name: the transport resolves it at every dial, within `timeoutMs`. */
export interface DialTarget extends Address {
  /** Source address of the connection; undefined: the system chooses. */
  readonly bind: string | undefined
  /** Source port of the connection, only with `bind`; undefined or absent: the system chooses. */
  readonly bindPort?: number | undefined
  /** Milliseconds until the connection can carry bytes: name look-up, TCP and TLS together. */
  readonly timeoutMs: number
  /** The transport's own options, unchanged from the configuration. The transport checks them. */
  readonly options: Readonly<Record<string, unknown>>
  /**
   * For a name: the order in which to try its addresses. The transport passes all of them, the one that the resolver
   * prefers first, and calls `trying` for each address that it tries. Absent: the order of the resolver.
   */
  order?(addresses: readonly string[]): readonly string[]
}

/** A dial that has not ended. */
export interface Dial {
  /**
   * Stops the dial: the transport then calls neither `opened` nor `failed`. No effect after it has called one of them.
   */
  cancel(): void
}

/** Receives the result of a dial. */
export interface DialHandler {
  /**
   * The connection is open, and does not read yet. Returns its handler, so that no byte can come before the handler.
   */
  opened(connection: Connection): ConnectionHandler
  /** The dial has failed, or has exceeded its timeout. */
  failed(error: Error): void
  /**
   * The dial goes on with this address of the name, before `opened` and `failed`. The address before it has failed. A
   * transport that does not resolve names itself never calls this, and the link then cannot rotate their addresses.
   */
  trying?(address: string): void
}

/** Where to listen. Port 0: the system chooses the port, and `listening` reports it. */
export interface ListenOptions extends Address {
  /** The transport's own options, unchanged from the configuration. The transport checks them. */
  readonly options: Readonly<Record<string, unknown>>
}

/** A listener that was opened by `listen`. */
export interface Listener {
  /** Stops listening. No `admit`, `refused` or `accepted` follows after it returns. Open connections stay open. */
  close(): void
}

/** Decides about the connections that a listener accepts. */
export interface ListenHandler {
  /** Listening has begun; `at` has the real port. */
  listening(at: Address): void
  /**
   * Called before the transport reads a byte or begins a handshake. `remote` is undefined if the peer has gone and the
   * system no longer knows its address.
   * @returns false: the transport resets the connection immediately
   */
  admit(remote: Address | undefined): boolean
  /**
   * May be absent. What an admitted address is part of: the same text for all addresses that the same entries admit. What
   * is scarce before `accepted`, such as handshakes, is shared fairly between these parts, and within a part between its
   * addresses. Absent: each address is a part of its own.
   */
  shareOf?(remote: Address): string
  /** The connection is ready, after all handshakes. Returns its handler; undefined: the transport destroys it. */
  accepted(connection: Connection): ConnectionHandler | undefined
  /**
   * A connection that was admitted has ended before `accepted`, for example because its handshake failed, or because it
   * has lost its place to another address. `reason` is one of a small set of texts, for people and for counters. A transport without handshakes never calls this.
   */
  refused?(remote: Address, reason: string): void
  /** A balancer has connected for itself, to see whether the listener lives. The transport ends that connection. */
  probed?(remote: Address): void
  /** Listening could not begin, or has ended without `close`. No `admit`, `refused` or `accepted` follows. */
  failed(error: Error): void
}

/** One open connection. It does not read before the first `setReading(true)`. */
export interface Connection {
  readonly peer: PeerInfo
  /**
   * Sends the chunks in order. The caller waits for `written` before the next write, and does not change the chunks
   * before that.
   * @returns true if the transport does not use the chunks any more: the caller may change them immediately, although
   * `written` is still to come. So core can reuse one buffer for thousands of connections. Any other value: not before
   * `written`.
   */
  // eslint-disable-next-line @typescript-eslint/no-invalid-void-type -- to answer nothing is always right
  write(chunks: readonly Uint8Array[]): boolean | void
  /** false: no `received` follows after this returns, until `setReading(true)`. `ended` and `closed` may follow. */
  setReading(on: boolean): void
  /** Finishes the write in progress, then sends FIN. Reading continues until the peer's FIN or `destroy`. */
  end(): void
  /**
   * May be absent. Asks the system which bytes of the writes so far the peer's system has not acknowledged. `answer` is
   * called once, after this call has returned; perhaps late, and perhaps not at all once the connection is over.
   * undefined: the system cannot tell now.
   */
  unacknowledged?(answer: (bytes: UnacknowledgedBytes | undefined) => void): void
  /** Resets the connection. Only `closed` follows, after this call has returned, and never `written`. */
  destroy(): void
}

/** What the peer's system has acknowledged of what was written to a connection, in bytes on the network. */
export interface UnacknowledgedBytes {
  readonly unacknowledgedBytes: number
  /** May be too small, and even negative: TLS adds bytes, and the next bytes may be written during the look. */
  readonly acknowledgedBytes: number
  /** The peer's system answers, but its buffer is full because the peer does not read. */
  readonly isPeerFull: boolean
}

/** What the transport knows about the peer of a connection. */
export interface PeerInfo {
  readonly local: Address
  readonly remote: Address
  /** The balancer that has told `remote`, and from which the connection comes; absent: it comes from `remote`. */
  readonly proxy?: Address
  /** Names that the peer has proved by TLS; empty without TLS. */
  readonly identities: readonly string[]
}

/** Receives what happens on one connection. */
export interface ConnectionHandler {
  /** Bytes have arrived. The transport never changes the chunk again, so views of it stay valid. */
  received(chunk: Uint8Array): void
  /**
   * The kernel has taken the whole write, which does not mean that the peer has the bytes. Never called after
   * `destroy`: Node 20 reports success for writes that a destroyed socket never made.
   */
  written(): void
  /** The peer has sent FIN. Comes after the last `received`. It may be late while the connection does not read. */
  ended(): void
  /** The connection is closed. The last call, and made exactly once. */
  closed(reason: CloseReason): void
}

/** `ended`: both sides have sent FIN. `destroyed`: this side has reset it. `failed`: the network or the peer has. */
export type CloseReason =
  { readonly kind: 'ended' | 'destroyed' } | { readonly kind: 'failed'; readonly error: Error }

/** The key of the implementation in the container of a node. */
export const Transport: InjectionToken<Transport> = Symbol.for('commloop.Transport')
