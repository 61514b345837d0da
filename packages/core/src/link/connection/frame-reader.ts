import type { FrameCodec, FrameDecoder, StreamLosses } from '../../contracts/frame-codec.js'
import type { Reason } from '../../contracts/reason.js'
import { messageText } from '../../text/safe-text.js'
import { FirstBytes } from './first-bytes.js'

/** How many bytes, beyond its largest frame, a decoder may take without a frame. More show that it is faulty. */
const UNFRAMED_BYTES_MAX = 1024 * 1024

/** The connection whose bytes are read. */
export interface ReaderHost {
  /** Frames may be delivered now. Asked before each frame. */
  readonly reads: boolean
  /** One whole frame. May end the connection, or pause it. */
  deliver(payload: Uint8Array): void
  abort(reason: Reason): void
}

/** The link whose stream is read. */
export interface StreamOwner {
  readonly codec: FrameCodec
  readonly queue: LossCounter
}

/** Counts what a decoder has left out. */
interface LossCounter {
  lost(skippedBytes: number, droppedFrames: number): void
}

const NO_LOSSES: StreamLosses = { skippedBytes: 0, droppedFrames: 0 }

/**
 * Turns the chunks of one connection into payloads. The codec may be a plugin: whatever it throws or returns, only this
 * connection may end.
 */
export class FrameReader {
  #host: ReaderHost
  readonly #codec: FrameCodec
  readonly #lossCounter: LossCounter
  #decoder: FrameDecoder | undefined
  /** Kept until a chunk ends where a frame ends, which shows that the stream consists of frames. */
  #firstBytes: FirstBytes | undefined = new FirstBytes()
  /** Not a phase, but a guard: a listener that resumes the link from within `deliver` must not start a second loop. */
  #decoding = false
  /** Each payload takes at least one byte. A decoder that returns more payloads than it got bytes would never stop. */
  #payloadsLeft = 0
  /** Bytes of a partial frame that a decoder with `losses` may still turn into payloads of other frames. */
  #undecidedBytes = 0
  /** The losses that are counted already; undefined: the decoder leaves nothing out. */
  #losses: StreamLosses | undefined
  /** Bytes received since the last frame. */
  #unframedBytes = 0

  constructor(host: ReaderHost, { codec, queue }: StreamOwner) {
    this.#host = host
    this.#codec = codec
    this.#lossCounter = queue
  }

  /** From now on `host` gets the payloads, and decides when. */
  handTo(host: ReaderHost): void {
    this.#host = host
  }

  /** Whole payloads may wait that were not delivered. */
  get mayHavePayloads(): boolean {
    return this.#payloadsLeft > 0
  }

  /** Takes a chunk. @returns whether the decoder has accepted it; if not, the connection was aborted. */
  push(chunk: Uint8Array): boolean {
    this.#firstBytes?.add(chunk)
    this.#payloadsLeft += chunk.length + this.#undecidedBytes
    this.#unframedBytes += chunk.length
    const codec = this.#codec
    try {
      if (
        this.#unframedBytes > UNFRAMED_BYTES_MAX &&
        this.#unframedBytes > UNFRAMED_BYTES_MAX + codec.frameBytesMax(codec.payloadBytesMax)
      ) {
        throw new RangeError(`the codec found no frame in ${String(this.#unframedBytes)} bytes`)
      }
      this.#decoder ??= this.#newDecoder(codec)
      this.#decoder.push(chunk)
      return true
    } catch (error) {
      this.#protocolError(error)
      return false
    }
  }

  #newDecoder(codec: FrameCodec): FrameDecoder {
    const decoder = codec.createDecoder()
    if (decoder.losses !== undefined) this.#losses = NO_LOSSES
    return decoder
  }

  /**
   * Delivers every whole frame, as long as the connection reads.
   * @returns false if this was called from within a delivery; then the outer call continues
   */
  decode(): boolean {
    const decoder = this.#decoder
    if (this.#decoding || decoder === undefined) return false
    this.#decoding = true
    try {
      // The host may change from within a delivery.
      while (this.#host.reads) {
        const payload = this.#next(decoder)
        if (payload === undefined) break
        this.#host.deliver(payload)
      }
      if (this.#losses !== undefined) this.#countLosses(decoder, this.#losses)
    } finally {
      this.#decoding = false
    }
    return true
  }

  #next(decoder: FrameDecoder): Uint8Array | undefined {
    try {
      const payload: unknown = decoder.next()
      if (payload === undefined) {
        if (this.#losses !== undefined) this.#undecidedBytes = this.#undecided()
        this.#payloadsLeft = 0
        return undefined
      }
      if (!(payload instanceof Uint8Array)) throw new TypeError('the codec answered no bytes')
      if (this.#payloadsLeft-- <= 0) throw new RangeError('the codec answered more than was sent')
      this.#unframedBytes = 0
      return payload
    } catch (error) {
      this.#protocolError(error)
      return undefined
    }
  }

  /** A damaged frame may contain whole frames, so all its bytes count again when its end has arrived. */
  #undecided(): number {
    const frameBytesMax = this.#codec.frameBytesMax(this.#codec.payloadBytesMax)
    return Math.min(this.#payloadsLeft, frameBytesMax)
  }

  #countLosses(decoder: FrameDecoder, counted: StreamLosses): void {
    try {
      const { skippedBytes, droppedFrames } = decoder.losses ?? counted
      const bytes = skippedBytes - counted.skippedBytes
      const frames = droppedFrames - counted.droppedFrames
      if (!(bytes > 0 || frames > 0)) return
      this.#losses = { skippedBytes, droppedFrames }
      this.#lossCounter.lost(bytes, frames)
    } catch (error) {
      this.#protocolError(error)
    }
  }

  /** Whether a frame has begun and is not complete. Only after `decode`: whole frames may wait before. */
  isMidFrame(): boolean {
    try {
      if (this.#decoder?.midFrame === true) return true
    } catch (error) {
      this.#protocolError(error)
    }
    this.#firstBytes = undefined
    return false
  }

  /** The stream has ended. @returns what is wrong if it ended inside a frame */
  end(): Reason | undefined {
    try {
      this.#decoder?.end()
      return undefined
    } catch (error) {
      return this.diagnosed({ code: 'frame-truncated', detail: messageText(error) })
    }
  }

  /** Discards the payloads that were received whole but not delivered. @returns their number */
  discard(): number {
    let discarded = 0
    try {
      while (this.#payloadsLeft-- > 0 && this.#decoder?.next() !== undefined) discarded++
    } catch {
      // The stream has ended, and bytes that cannot be decoded are not a payload.
    }
    return discarded
  }

  /** The reason, and what the peer seems to speak instead, if its stream never consisted of frames. */
  diagnosed(reason: Reason): Reason {
    if (this.#firstBytes === undefined) return reason
    try {
      const diagnosis: unknown = this.#decoder?.diagnosis?.(this.#firstBytes.bytes)
      return typeof diagnosis === 'string' ? withDetail(reason, diagnosis) : reason
    } catch {
      // The connection is ending already, and its first reason counts.
      return reason
    }
  }

  #protocolError(error: unknown): void {
    this.#host.abort(this.diagnosed({ code: 'protocol-error', detail: messageText(error) }))
  }
}

function withDetail({ code, detail }: Reason, more: string): Reason {
  return { code, detail: detail === undefined ? more : `${detail}; ${more}` }
}
