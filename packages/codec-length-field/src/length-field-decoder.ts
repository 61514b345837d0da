import { CommloopError, type FrameDecoder, type StreamLosses } from '@commloop/core'
import { framingDiagnosis, type OwnFraming } from '@commloop/framings'
import { FrameHunt } from './frame-hunt.js'
import {
  frameBytesAt,
  hasMagic,
  IDLE,
  INCOMPLETE,
  NOT_A_FRAME,
  strippedBytes,
} from './frame-measure.js'
import { frameRefusal } from './frame-refusal.js'
import type { LengthFieldSettings } from './length-field-settings.js'
import { BIG_2, BIG_4, readUsual, SHORT, UNUSUAL, usualForm } from './number/usual-number.js'

const NOTHING = new Uint8Array(0)
const NO_BUFFER = NOTHING.buffer
const CARRY_BYTES_MIN = 64
/** Up to this size, a loop copies faster than `set` with a new view. */
const LOOP_BYTES_MAX = 16
/** More than any chunk has, so that the usual way is never taken. */
const NEVER = 2 ** 30
const UNKNOWN = 0

/**
 * Splits one stream at the lengths in its headers.
 *
 *     chunk  ┌──────┬────────┬─────────┬──────┬────────┬─────────┬──────┬──────┐   the payload of a complete frame is a view
 *            │header│ body   │ trailer │header│ body   │ trailer │header│ body │   of the chunk; a partial frame at the end is
 *            └──────┴────────┴─────────┴──────┴────────┴─────────┴──────┴──────┘   copied into the carry, from its first byte,
 *                                                             at ▲           end   which grows with the bytes that arrive
 *
 * All codecs with a length, and those of a fixed size, share this class. `docs/adr/0027-a-family-of-codecs.md` has the
 * figures: a class for each way to read a length is ten times slower once a process has several.
 */
export class LengthFieldDecoder implements FrameDecoder {
  readonly losses?: StreamLosses
  readonly #settings: LengthFieldSettings
  readonly #own: () => OwnFraming
  readonly #hunt: FrameHunt | undefined
  /** The usual way: a complete frame in the chunk, with a length of a usual form. */
  readonly #form: number
  readonly #usualBytesMin: number
  readonly #offset: number
  readonly #uncountedBytes: number
  readonly #frameBytesMin: number
  readonly #frameBytesMax: number
  /** Bytes before the payload, and bytes of the frame that are not payload. */
  readonly #front: number
  readonly #stripped: number
  /** Two constant bytes, with masks of 0 if there are fewer. */
  readonly #guarded: boolean
  readonly #at1: number
  readonly #byte1: number
  readonly #mask1: number
  readonly #at2: number
  readonly #byte2: number
  readonly #mask2: number
  readonly #checksMore: boolean
  /** Fewest bytes with which the size of a frame can be known. */
  readonly #headerBytesMin: number

  #chunk: Uint8Array = NOTHING
  #buffer: ArrayBufferLike = NO_BUFFER
  #bufferOffset = 0
  #viewOffset = 0
  #at = 0
  #end = 0

  /** The partial frame, from its first byte. */
  #carry: Uint8Array = NOTHING
  #carriedBytes = 0
  #carriedFrameBytes = UNKNOWN
  #refusal: CommloopError | undefined

  /** @param own the framing of the codec, for a diagnosis */
  constructor(settings: LengthFieldSettings, own: () => OwnFraming) {
    this.#own = own
    const { length, varies, magic, tail, emptyFrames } = settings
    this.#settings = settings
    this.#hunt = settings.hunts ? new FrameHunt(settings) : undefined
    if (this.#hunt !== undefined) this.losses = this.#hunt
    this.#form = usualFormOf(settings)
    const shortBytes = this.#form === SHORT ? 1 : 0
    const headerBytes = settings.headerBytes + shortBytes
    this.#offset = length.offset
    this.#uncountedBytes = settings.uncountedBytes + shortBytes
    this.#front = settings.keep === 'nothing' ? headerBytes : 0
    this.#stripped = strippedBytes(settings, headerBytes)
    this.#frameBytesMin = headerBytes + tail.bytes + (emptyFrames === 'deliver' ? 0 : 1)
    this.#frameBytesMax = settings.payloadBytesMax + this.#stripped
    const [one, two] = magic
    this.#guarded = magic.length > 0 || tail.bytes > 0
    this.#at1 = one?.at ?? 0
    this.#byte1 = one?.byte ?? 0
    this.#mask1 = one === undefined ? 0 : 0xff
    this.#at2 = two?.at ?? 0
    this.#byte2 = two?.byte ?? 0
    this.#mask2 = two === undefined ? 0 : 0xff
    this.#checksMore = magic.length > 2 || tail.bytes > 0
    this.#headerBytesMin = Math.max(
      1,
      varies ? length.offset + length.number.bytesMin : headerBytes,
    )
    this.#usualBytesMin = this.#form === UNUSUAL ? NEVER : this.#headerBytesMin
  }

  push(chunk: Uint8Array): void {
    // Continuing would lose bytes silently.
    if (this.#at < this.#end) {
      throw new Error('length-field: push before next() has answered undefined')
    }
    this.#take(chunk)
    this.#hunt?.received(chunk.length)
  }

  #take(chunk: Uint8Array): void {
    this.#chunk = chunk
    this.#buffer = chunk.buffer
    this.#bufferOffset = chunk.byteOffset
    this.#viewOffset = chunk.byteOffset + this.#front
    this.#at = 0
    this.#end = chunk.length
  }

  next(): Uint8Array | undefined {
    if (this.#carriedBytes > 0) return this.#nextCarried()
    const at = this.#at
    const left = this.#end - at
    if (left >= this.#usualBytesMin) {
      const chunk = this.#chunk
      const lengthAt = at + this.#offset
      const form = this.#form
      // The most usual forms are read here, because a call costs as much as the rest.
      const length =
        form === BIG_4
          ? ((chunk[lengthAt] ?? 0) << 24) |
            ((chunk[lengthAt + 1] ?? 0) << 16) |
            ((chunk[lengthAt + 2] ?? 0) << 8) |
            (chunk[lengthAt + 3] ?? 0)
          : form === BIG_2
            ? ((chunk[lengthAt] ?? 0) << 8) | (chunk[lengthAt + 1] ?? 0)
            : readUsual(form, chunk, lengthAt)
      // A negative length is invalid. It leads below the least frame, which has no fewer bytes than those that do not count.
      const frameBytes = length + this.#uncountedBytes
      if (
        frameBytes <= left &&
        frameBytes >= this.#frameBytesMin &&
        frameBytes <= this.#frameBytesMax &&
        (!this.#guarded || this.#isRight(chunk, at, frameBytes))
      ) {
        this.#at = at + frameBytes
        return new Uint8Array(this.#buffer, this.#viewOffset + at, frameBytes - this.#stripped)
      }
    }
    return this.#nextUnusual()
  }

  /** Whether the constant bytes and the checksums of a complete frame are right. */
  #isRight(bytes: Uint8Array, at: number, frameBytes: number): boolean {
    if ((((bytes[at + this.#at1] ?? 0) ^ this.#byte1) & this.#mask1) !== 0) return false
    if ((((bytes[at + this.#at2] ?? 0) ^ this.#byte2) & this.#mask2) !== 0) return false
    if (!this.#checksMore) return true
    const { magic, tail } = this.#settings
    for (let each = 2; each < magic.length; each++) {
      const { at: place, byte } = magic[each] ?? { at: 0, byte: 0 }
      if (bytes[at + place] !== byte) return false
    }
    return tail.bytes === 0 || tail.isRight(bytes, at, at + frameBytes - tail.bytes)
  }

  /** Everything that the usual way leaves: empty frames, partial frames, and bytes that are not a frame. */
  #nextUnusual(): Uint8Array | undefined {
    const chunk = this.#chunk
    const end = this.#end
    for (;;) {
      this.#skipPreamble()
      const at = this.#at
      const left = end - at
      if (left < this.#headerBytesMin) return this.#carryRest(UNKNOWN)
      const frameBytes = frameBytesAt(this.#settings, chunk, at, end)
      if (frameBytes === INCOMPLETE || frameBytes > left) return this.#carryRest(frameBytes)
      if (frameBytes === IDLE) {
        this.#at = at + this.#settings.headerBytes
      } else if (frameBytes === NOT_A_FRAME) {
        if (this.#hunt === undefined) throw frameRefusal(this.#settings, chunk, at, end)
        this.#at = this.#hunt.after(chunk, at, end)
      } else if (!this.#isWhole(chunk, at, frameBytes)) {
        if (this.#hunt === undefined) throw this.#tailFault(chunk, at, frameBytes)
        this.#at = this.#hunt.afterDamaged(chunk, at, end, frameBytes)
      } else {
        this.#at = at + frameBytes
        const payload = this.#payload(chunk, at, frameBytes)
        if (payload !== undefined) return payload
      }
    }
  }

  #isWhole(bytes: Uint8Array, at: number, frameBytes: number): boolean {
    const { tail } = this.#settings
    return tail.bytes === 0 || tail.isRight(bytes, at, at + frameBytes - tail.bytes)
  }

  /** The payload of a complete frame; undefined: it is empty, and empty frames are skipped. */
  #payload(bytes: Uint8Array, at: number, frameBytes: number): Uint8Array | undefined {
    const { varies, length, keep, emptyFrames, tail } = this.#settings
    const lengthBytes = varies ? length.number.bytesAt(bytes, at + length.offset) : 0
    const headerBytes = this.#settings.headerBytes + lengthBytes
    if (emptyFrames === 'skip' && frameBytes === headerBytes + tail.bytes) return undefined
    const front = keep === 'nothing' ? headerBytes : 0
    const payloadBytes = frameBytes - strippedBytes(this.#settings, headerBytes)
    return new Uint8Array(bytes.buffer, bytes.byteOffset + at + front, payloadBytes)
  }

  /** Between frames, before the first byte of the next one. */
  #skipPreamble(): void {
    const { preamble } = this.#settings
    if (preamble === -1) return
    while (this.#at < this.#end && this.#chunk[this.#at] === preamble) this.#at++
  }

  #tailFault(bytes: Uint8Array, at: number, frameBytes: number): CommloopError {
    const { tail } = this.#settings
    const fault = tail.fault(bytes, at, at + frameBytes - tail.bytes)
    return fault ?? frameRefusal(this.#settings, bytes, at, at + frameBytes)
  }

  get midFrame(): boolean {
    const left = this.#end - this.#at
    const begunBytes = this.#carriedBytes + left
    if (begunBytes < this.#headerBytesMin) return begunBytes > 0
    const frameBytes = this.#begunFrameBytes()
    // Bytes that are not a frame will never end one.
    return frameBytes <= 0 ? frameBytes !== IDLE : frameBytes > begunBytes
  }

  /** The size of the frame that has begun, as `frameBytesAt` returns it. */
  #begunFrameBytes(): number {
    if (this.#carriedFrameBytes !== UNKNOWN) return this.#carriedFrameBytes
    const settings = this.#settings
    if (this.#carriedBytes === 0) return frameBytesAt(settings, this.#chunk, this.#at, this.#end)
    const headerBytesMax = this.#headerBytesMin + settings.length.number.bytesMax
    const more = this.#chunk.subarray(this.#at, Math.min(this.#end, this.#at + headerBytesMax))
    const header = new Uint8Array(this.#carriedBytes + more.length)
    header.set(this.#carry.subarray(0, this.#carriedBytes))
    header.set(more, this.#carriedBytes)
    return frameBytesAt(settings, header, 0, header.length)
  }

  end(): void {
    if (!this.midFrame) return
    const begunBytes = this.#carriedBytes + this.#end - this.#at
    const hasSize = begunBytes >= this.#headerBytesMin && this.#begunFrameBytes() > 0
    const whole = hasSize ? `frame of ${String(this.#begunFrameBytes())} bytes` : 'header'
    throw new CommloopError(
      'CML_ERR_FRAME_TRUNCATED',
      `the stream ended ${String(begunBytes)} bytes into a frame, within its ${whole}`,
    )
  }

  diagnosis(opening: Uint8Array): string | undefined {
    return framingDiagnosis(opening, this.#own())
  }

  // ── a frame across chunks ─────────────────────────────────────────────────────────────────────────────────────

  /** Continues a frame that started in an earlier chunk. */
  #nextCarried(): Uint8Array | undefined {
    if (this.#refusal !== undefined) throw this.#refusal
    while (this.#carriedFrameBytes === UNKNOWN) {
      if (this.#at === this.#end) return this.#forgetChunk()
      const missing = Math.max(1, this.#headerBytesMin - this.#carriedBytes)
      this.#carryMore(Math.min(missing, this.#end - this.#at), NEVER)
      if (this.#carriedBytes < this.#headerBytesMin) {
        const { magic } = this.#settings
        if (hasMagic(magic, this.#carry, 0, this.#carriedBytes)) continue
        return this.#notAFrame()
      }
      const frameBytes = frameBytesAt(this.#settings, this.#carry, 0, this.#carriedBytes)
      if (frameBytes === NOT_A_FRAME) return this.#notAFrame()
      if (frameBytes === IDLE) {
        this.#forgetCarry()
        return this.next()
      }
      if (frameBytes !== INCOMPLETE) this.#carriedFrameBytes = frameBytes
    }
    const frameBytes = this.#carriedFrameBytes
    const missing = frameBytes - this.#carriedBytes
    if (this.#end - this.#at < missing) {
      this.#carryMore(this.#end - this.#at, frameBytes)
      return this.#forgetChunk()
    }
    return this.#carriedBytes <= this.#front && this.#settings.tail.bytes === 0 && missing > 0
      ? this.#payloadBehindCarry(missing)
      : this.#wholeCarry(frameBytes, missing)
  }

  /** Only bytes of the header were carried: this chunk contains the whole payload. */
  #payloadBehindCarry(missing: number): Uint8Array {
    const payloadAt = this.#at + this.#front - this.#carriedBytes
    const payloadBytes = this.#at + missing - payloadAt
    this.#at += missing
    this.#forgetCarry()
    return new Uint8Array(this.#buffer, this.#bufferOffset + payloadAt, payloadBytes)
  }

  #wholeCarry(frameBytes: number, missing: number): Uint8Array | undefined {
    this.#carryMore(missing, frameBytes)
    const carry = this.#carry
    if (!this.#isWhole(carry, 0, frameBytes)) return this.#damagedCarry(frameBytes)
    this.#forgetCarry()
    return this.#payload(carry, 0, frameBytes) ?? this.next()
  }

  #notAFrame(): Uint8Array | undefined {
    if (this.#hunt === undefined) {
      throw (this.#refusal = frameRefusal(this.#settings, this.#carry, 0, this.#carriedBytes))
    }
    const joined = this.#joinCarry()
    this.#at = this.#hunt.after(joined, 0, joined.length)
    return this.next()
  }

  #damagedCarry(frameBytes: number): Uint8Array | undefined {
    if (this.#hunt === undefined) {
      throw (this.#refusal = this.#tailFault(this.#carry, 0, frameBytes))
    }
    const joined = this.#joinCarry()
    this.#at = this.#hunt.afterDamaged(joined, 0, joined.length, frameBytes)
    return this.next()
  }

  /** Puts the carried bytes in front of the rest of the chunk, because another frame may begin among them. */
  #joinCarry(): Uint8Array {
    const rest = this.#chunk.subarray(this.#at, this.#end)
    const joined = new Uint8Array(this.#carriedBytes + rest.length)
    joined.set(this.#carry.subarray(0, this.#carriedBytes))
    joined.set(rest, this.#carriedBytes)
    this.#forgetCarry()
    this.#take(joined)
    return joined
  }

  /** Copies the rest of the chunk, which is the start of a frame. */
  #carryRest(frameBytes: number): Uint8Array | undefined {
    const { magic } = this.#settings
    if (this.#hunt !== undefined) {
      this.#at = this.#hunt.begin(this.#chunk, this.#at, this.#end)
    } else if (!hasMagic(magic, this.#chunk, this.#at, this.#end)) {
      throw frameRefusal(this.#settings, this.#chunk, this.#at, this.#end)
    }
    if (this.#at < this.#end) {
      this.#carriedFrameBytes = frameBytes
      this.#carryMore(this.#end - this.#at, frameBytes === UNKNOWN ? NEVER : frameBytes)
    }
    return this.#forgetChunk()
  }

  /**
   * Copies the next bytes into the carry. It is at most twice as large as its content, so that announcing a large frame does
   * not cost us more than the peer. It doubles, so that small chunks cost linear time, and ends with exactly the size
   * of the frame.
   */
  #carryMore(bytes: number, frameBytes: number): void {
    const carriedBytes = this.#carriedBytes
    const neededBytes = carriedBytes + bytes
    if (neededBytes > this.#carry.length) {
      const roomyBytes = Math.max(CARRY_BYTES_MIN, 2 * neededBytes)
      const grown = new Uint8Array(Math.min(frameBytes, roomyBytes))
      if (carriedBytes > 0) grown.set(new Uint8Array(this.#carry.buffer, 0, carriedBytes))
      this.#carry = grown
    }
    this.#copyToCarry(bytes, carriedBytes)
    this.#at += bytes
    this.#carriedBytes = neededBytes
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

  #forgetCarry(): void {
    this.#carry = NOTHING
    this.#carriedBytes = 0
    this.#carriedFrameBytes = UNKNOWN
  }

  /** Releases the chunk. @returns undefined: there is no payload until the next chunk */
  #forgetChunk(): Uint8Array | undefined {
    this.#chunk = NOTHING
    this.#buffer = NO_BUFFER
    this.#bufferOffset = 0
    this.#at = 0
    this.#end = 0
    return undefined
  }
}

function usualFormOf({ length }: LengthFieldSettings): number {
  const { again, shift, mask, number } = length
  const isPlain = again === undefined && shift === 0 && mask === undefined
  return isPlain ? usualForm(number) : UNUSUAL
}
