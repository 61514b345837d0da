import type { InjectionToken } from '../di.js'

/** An address as the operating system says it. Core compares addresses as bytes, never as text. */
export interface Address {
  readonly ip: string
  /** 0 to 65 535. */
  readonly port: number
}

/**
 * Moves bytes between nodes; knows nothing about frames.
 *
 * No callback comes before the call that starts it has returned: whoever calls may finish its own bookkeeping
 * first. There is no promise in this contract, because a simulator needs an order that it can repeat.
 */
export interface Transport {
  /**
   * Opens a connection outward. Ends in exactly one of `opened` and `failed`, at the latest after
   * `target.timeoutMs`; in neither after `cancel`.
   */
  dial(target: DialTarget, handler: DialHandler): Dial

  /** Accepts connections from outside, until `close`. */
  listen(options: ListenOptions, handler: ListenHandler): Listener
}

/** Where to dial. `ip` may be a host name here: it is looked up at every dial, within `timeoutMs`. */
export interface DialTarget extends Address {
  /** Source address of the connection; undefined: the system chooses. */
  readonly bind: string | undefined
  /** Milliseconds for everything until the connection can carry bytes: look-up, TCP and TLS together. */
  readonly timeoutMs: number
  /** The transport's own options, taken from the configuration as they are; the transport checks them. */
  readonly options: Readonly<Record<string, unknown>>
}

/** A dial under way. */
export interface Dial {
  /** Gives up. Neither `opened` nor `failed` follows. No effect once one of them has come. */
  cancel(): void
}

/** Hears how a dial ends. */
export interface DialHandler {
  /** The connection is born not reading; its handler is there before the first byte can be. */
  opened(connection: Connection): ConnectionHandler
  failed(error: Error): void
}

/** Where to listen. Port 0 lets the system choose; `listening` tells which. */
export interface ListenOptions extends Address {
  /** The transport's own options, taken from the configuration as they are; the transport checks them. */
  readonly options: Readonly<Record<string, unknown>>
}

/** An open door. */
export interface Listener {
  /** After it returns: no `admit`, no `refused`, no `accepted`. Connections that are open go on. */
  close(): void
}

/** Decides about connections from outside. */
export interface ListenHandler {
  /** Listening has begun; `at` carries the real port. */
  listening(at: Address): void
  /**
   * Asked before a byte is read and before any handshake. `remote` is undefined when the peer was gone before it
   * could be asked for its address. false: the connection is reset at once.
   */
  admit(remote: Address | undefined): boolean
  /** The connection is ready, handshakes done. undefined: not wanted after all; the transport destroys it. */
  accepted(connection: Connection): ConnectionHandler | undefined
  /**
   * What was admitted has come to nothing before `accepted`, such as a handshake that failed: the connection is gone.
   * `reason` is one of a few texts, for people and for counting. Of transports without handshakes it never comes.
   */
  refused?(remote: Address, reason: string): void
  /** Listening could not begin, or has ended by itself. No `admit`, no `refused` and no `accepted` follow. */
  failed(error: Error): void
}

/** One connection, from birth to end. Born not reading. */
export interface Connection {
  readonly peer: PeerInfo
  /**
   * Sends the chunks in order. One write at a time: `written` must come before the next one. The chunks stay
   * untouched by the caller until then.
   * @returns true where nobody reads the chunks any more: they may be changed at once, while `written` is still to come.
   * Whoever has thousands of connections fills one buffer for all of them then. Anything else: not before `written`.
   */
  // eslint-disable-next-line @typescript-eslint/no-invalid-void-type -- to answer nothing is always right
  write(chunks: readonly Uint8Array[]): boolean | void
  /** After `setReading(false)` has returned: no `received` until `setReading(true)`. `ended`, `closed` may come. */
  setReading(on: boolean): void
  /** Finishes the write under way, then sends FIN. Reading goes on until the peer's FIN or `destroy`. */
  end(): void
  /** Resets. Afterwards only `closed` comes, not before this call has returned; never `written`. */
  destroy(): void
}

/** Who is at the other end, as the transport can tell. */
export interface PeerInfo {
  readonly local: Address
  readonly remote: Address
  /** Names that TLS proved; empty without TLS. */
  readonly identities: readonly string[]
}

/** Hears what happens on one connection. */
export interface ConnectionHandler {
  /** Bytes arrived. The chunk is never written to again: views of it stay valid for ever. */
  received(chunk: Uint8Array): void
  /**
   * The whole write was handed to the kernel. It never means that the peer has the bytes. Never comes once
   * `destroy` was called: Node 20 reports success for writes that a destroyed socket never made.
   */
  written(): void
  /** The peer's FIN, after the last `received`. While not reading it may be late: do not wait for it. */
  ended(): void
  /** The connection is over. The last call, exactly once. */
  closed(reason: CloseReason): void
}

/** `ended`: both sides sent FIN. `destroyed`: we reset it. `failed`: the network or the peer did. */
export type CloseReason =
  { readonly kind: 'ended' | 'destroyed' } | { readonly kind: 'failed'; readonly error: Error }

export const Transport: InjectionToken<Transport> = Symbol.for('commloop.Transport')
