import { CommloopError, type FrameDecoder } from '@commloop/core'
import { framingDiagnosis } from '@commloop/framings'
import { headerRefusal } from './header-refusal.js'
import { len16Framing } from './len16-framing.js'
import { HEADER_BYTES, type Len16Settings } from './len16-options.js'

const NOTHING = new Uint8Array(0)
const NO_BUFFER = NOTHING.buffer
const CARRY_BYTES_MIN = 64
/** Up to this size, a loop copies faster than `set` with a new view. */
const LOOP_BYTES_MAX = 16

/**
 * Splits one stream at its two-byte lengths.
 *
 *     chunk   ┌──┬─────────┬──┬───┬──┬───────┐   payloads that are complete in a chunk are views of it;
 *             │ 3│ payload │ 1│ p │ 9│ paylo │   the partial one at the end is copied into the carry,
 *             └──┴─────────┴──┴───┴──┴───────┘   which grows with the bytes that arrive, not with the
 *             at ▲                               announced length
 *
 * Payloads are plain `Uint8Array`s, whatever the chunks are. Constructing a view over a stored `ArrayBuffer` takes less than
 * half the time of `subarray`, which looks up the chunk's species each time.
 */
export class Len16Decoder implements FrameDecoder {
  readonly #settings: Len16Settings
  readonly #firstShift: number
  readonly #secondShift: number
  readonly #countedHeaderBytes: number
  readonly #payloadBytesMin: number
  readonly #payloadBytesMax: number

  #chunk: Uint8Array = NOTHING
  #buffer: ArrayBufferLike = NO_BUFFER
  #bufferOffset = 0
  #at = 0
  #end = 0

  /** Bytes of the partial frame that were copied out of earlier chunks, header included; 0: none. */
  #carriedBytes = 0
  /** First byte of the partial frame, and, once its second byte is known, the size of its payload. */
  #firstByte = 0
  #payloadBytes = 0
  #carry: Uint8Array = NOTHING

  constructor(settings: Len16Settings) {
    this.#settings = settings
    const big = settings.byteOrder === 'big'
    this.#firstShift = big ? 8 : 0
    this.#secondShift = big ? 0 : 8
    this.#countedHeaderBytes = settings.countedHeaderBytes
    this.#payloadBytesMin = settings.payloadBytesMin
    this.#payloadBytesMax = settings.payloadBytesMax
  }

  push(chunk: Uint8Array): void {
    // Continuing would lose bytes silently.
    if (this.#at < this.#end) throw new Error('len16: push before next() has answered undefined')
    this.#chunk = chunk
    this.#buffer = chunk.buffer
    this.#bufferOffset = chunk.byteOffset
    this.#at = 0
    this.#end = chunk.length
  }

  next(): Uint8Array | undefined {
    if (this.#carriedBytes > 0) return this.#nextCarried()
    const at = this.#at
    if (this.#end - at < HEADER_BYTES) {
      this.#carryRest()
      return undefined
    }
    const payloadBytes = this.#payloadBytesOf(this.#chunk[at] ?? 0, this.#chunk[at + 1] ?? 0)
    const payloadAt = at + HEADER_BYTES
    if (payloadBytes > this.#end - payloadAt) {
      this.#carryRest()
      return undefined
    }
    this.#at = payloadAt + payloadBytes
    return new Uint8Array(this.#buffer, this.#bufferOffset + payloadAt, payloadBytes)
  }

  get midFrame(): boolean {
    const left = this.#end - this.#at
    const begunBytes = this.#carriedBytes + left
    if (begunBytes < HEADER_BYTES) return begunBytes > 0
    return begunBytes < HEADER_BYTES + this.#announcedBytes()
  }

  end(): void {
    if (!this.midFrame) return
    const begunBytes = this.#carriedBytes + this.#end - this.#at
    const whole =
      begunBytes < HEADER_BYTES ? 'header' : `payload of ${String(this.#announcedBytes())}`
    throw new CommloopError(
      'CML_ERR_FRAME_TRUNCATED',
      `the stream ended ${String(begunBytes)} bytes into a frame, within its ${whole}`,
    )
  }

  diagnosis(opening: Uint8Array): string | undefined {
    return framingDiagnosis(opening, len16Framing(this.#settings))
  }

  /** The payload size that the current frame announces. Its header must have arrived. */
  #announcedBytes(): number {
    if (this.#carriedBytes >= HEADER_BYTES) return this.#payloadBytes
    const carried = this.#carriedBytes === 1
    const first = carried ? this.#firstByte : (this.#chunk[this.#at] ?? 0)
    const second = this.#chunk[carried ? this.#at : this.#at + 1] ?? 0
    return this.#lengthOf(first, second) - this.#countedHeaderBytes
  }

  #lengthOf(first: number, second: number): number {
    return (first << this.#firstShift) | (second << this.#secondShift)
  }

  /** @throws CommloopError if the announced size is not allowed. */
  #payloadBytesOf(first: number, second: number): number {
    const payloadBytes = this.#lengthOf(first, second) - this.#countedHeaderBytes
    if (payloadBytes < this.#payloadBytesMin || payloadBytes > this.#payloadBytesMax) {
      throw headerRefusal(first, second, this.#lengthOf(first, second), this.#settings)
    }
    return payloadBytes
  }

  /** Copies the rest of the chunk, which is the start of a frame, and releases the chunk. */
  #carryRest(): void {
    if (this.#at < this.#end) {
      this.#firstByte = this.#chunk[this.#at] ?? 0
      if (this.#end - this.#at >= HEADER_BYTES) {
        this.#payloadBytes = this.#announcedBytes()
        this.#at += HEADER_BYTES
        this.#carriedBytes = HEADER_BYTES
        this.#carryPayload(this.#end - this.#at)
      } else {
        this.#at += 1
        this.#carriedBytes = 1
      }
    }
    this.#forgetChunk()
  }

  /** Continues a frame that started in an earlier chunk. */
  #nextCarried(): Uint8Array | undefined {
    if (this.#at === this.#end) return undefined
    if (this.#carriedBytes < HEADER_BYTES) {
      // If this throws, nothing has changed, so the next call throws again.
      this.#payloadBytes = this.#payloadBytesOf(this.#firstByte, this.#chunk[this.#at] ?? 0)
      this.#at += 1
      this.#carriedBytes = HEADER_BYTES
    }
    const left = this.#end - this.#at
    const missingBytes = HEADER_BYTES + this.#payloadBytes - this.#carriedBytes
    if (left < missingBytes) {
      this.#carryPayload(left)
      this.#forgetChunk()
      return undefined
    }
    // Only the header was carried: this chunk contains the whole payload.
    const payload =
      missingBytes === this.#payloadBytes
        ? new Uint8Array(this.#buffer, this.#bufferOffset + this.#at, missingBytes)
        : this.#wholeCarry(missingBytes)
    if (missingBytes === this.#payloadBytes) this.#at += missingBytes
    this.#carriedBytes = 0
    return payload
  }

  #wholeCarry(missingBytes: number): Uint8Array {
    this.#carryPayload(missingBytes)
    const payload = this.#carry
    this.#carry = NOTHING
    return payload
  }

  /**
   * Copies the next bytes of the payload into the carry. The carry is at most twice as large as its content, so that
   * announcing a large payload does not cost us more than the peer. It doubles, so that small chunks cost linear time, and
   * ends with exactly the announced size.
   */
  #carryPayload(bytes: number): void {
    const carriedBytes = this.#carriedBytes - HEADER_BYTES
    const neededBytes = carriedBytes + bytes
    if (neededBytes > this.#carry.length) {
      const roomyBytes = Math.max(CARRY_BYTES_MIN, 2 * neededBytes)
      const grown = new Uint8Array(Math.min(this.#payloadBytes, roomyBytes))
      grown.set(new Uint8Array(this.#carry.buffer, 0, carriedBytes))
      this.#carry = grown
    }
    this.#copyToCarry(bytes, carriedBytes)
    this.#at += bytes
    this.#carriedBytes += bytes
  }

  #copyToCarry(bytes: number, carryAt: number): void {
    const chunk = this.#chunk
    const at = this.#at
    if (bytes > LOOP_BYTES_MAX) {
      this.#carry.set(chunk.subarray(at, at + bytes), carryAt)
      return
    }
    for (let done = 0; done < bytes; done++) this.#carry[carryAt + done] = chunk[at + done] ?? 0
  }

  #forgetChunk(): void {
    this.#chunk = NOTHING
    this.#buffer = NO_BUFFER
    this.#bufferOffset = 0
    this.#at = 0
    this.#end = 0
  }
}
