import type { FrameCodec } from '../contracts/frame-codec.js'
import type { Reason } from '../contracts/reason.js'
import type { CloseReason, Connection, ConnectionHandler } from '../contracts/transport.js'
import { FrameReader } from '../link/connection/frame-reader.js'
import { CHUNK_BYTES } from '../units/message-overhead.js'

/**
 * What is kept of a newcomer's stream until its challenge is decided: its bytes, and the objects that hold its chunks. A peer
 * that sends more waits.
 */
export const NEWCOMER_BYTES_MAX = 16 * 1024

/** The link that gets the stream counts its losses. */
const UNCOUNTED = { lost: (): void => undefined }

/**
 * A connection that waits for the end of a challenge. It is read, because its FIN or reset would otherwise stay
 * invisible: a transport reports neither while it does not read. What it sends is kept for the link.
 */
export class Newcomer implements ConnectionHandler {
  readonly connection: Connection
  readonly #left: () => void
  #chunks: Uint8Array[] = []
  #bytes = 0
  #ended = false
  /** The link's connection, once the newcomer has won. */
  #handler: ConnectionHandler | undefined

  /** @param left called at most once, if the newcomer goes and nothing that it sent waits for an answer */
  constructor(connection: Connection, left: () => void) {
    this.connection = connection
    this.#left = left
  }

  read(): void {
    this.connection.setReading(true)
  }

  /** Neither side has ended, so the newcomer may replace another connection. */
  get stays(): boolean {
    return !this.#ended
  }

  /** Why what it has sent cannot be frames of this codec; undefined: nothing speaks against it. */
  foreignTo(codec: FrameCodec): Reason | undefined {
    if (this.#bytes === 0) return undefined
    let problem: Reason | undefined
    const reader = new FrameReader(
      {
        reads: true,
        deliver: () => undefined,
        abort: (reason) => {
          problem ??= reason
        },
      },
      { codec, queue: UNCOUNTED },
    )
    if (reader.push(this.#stream()) && reader.decode() && problem === undefined) {
      const partial: Reason = { code: 'partial-frame' }
      const diagnosed = reader.isMidFrame() ? reader.diagnosed(partial) : partial
      if (diagnosed.detail !== undefined) problem = diagnosed
    }
    return problem
  }

  /** The newcomer has won. The link reads it from now on, and `handOver` follows. */
  won(): void {
    this.connection.setReading(false)
  }

  /** `handler` gets what was kept, and its callbacks from now on. */
  handOver(handler: ConnectionHandler): void {
    this.#handler = handler
    if (this.#bytes > 0) handler.received(this.#stream())
    this.#chunks = []
    if (this.#ended) handler.ended()
  }

  #stream(): Uint8Array {
    const [only] = this.#chunks
    if (only !== undefined && this.#chunks.length === 1) return only
    const stream = new Uint8Array(this.#bytes)
    let at = 0
    for (const chunk of this.#chunks) {
      stream.set(chunk, at)
      at += chunk.length
    }
    return stream
  }

  received(chunk: Uint8Array): void {
    if (this.#handler !== undefined) {
      this.#handler.received(chunk)
      return
    }
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
    // Chunks of one byte would cost a hundred times more than the byte.
    const keptBytes = this.#bytes + this.#chunks.length * CHUNK_BYTES
    if (keptBytes >= NEWCOMER_BYTES_MAX) this.connection.setReading(false)
  }

  written(): void {
    this.#handler?.written()
  }

  ended(): void {
    if (this.#handler !== undefined) {
      this.#handler.ended()
      return
    }
    this.#ended = true
    // A client may send a request and FIN, and wait for the answer: it may still take a link that becomes free.
    if (this.#bytes === 0) this.#left()
  }

  closed(reason: CloseReason): void {
    if (this.#handler !== undefined) this.#handler.closed(reason)
    else this.#left()
  }
}
