import { CommloopError, type FrameHeader } from '@commloop/core'
import type { LengthFieldSettings } from './length-field-settings.js'
import { BIG_2, BIG_4, UNUSUAL, usualForm, writeUsual } from './number/usual-number.js'

/** Up to this size, a loop copies faster than `set`. */
const LOOP_BYTES_MAX = 16
/** Looked up once: V8 looks up a typed array's method at every call, which costs a third of the copying. */
// eslint-disable-next-line @typescript-eslint/unbound-method -- always called with an explicit `this`
const setBytes = Uint8Array.prototype.set

/** The header of frames that consist of a header of a fixed size and the payload. One class for all of them. */
export class LengthFieldHeader implements FrameHeader {
  readonly bytes: number
  readonly #settings: LengthFieldSettings
  readonly #form: number
  readonly #offset: number
  readonly #addedBytes: number
  readonly #payloadBytesMin: number
  readonly #payloadBytesMax: number
  readonly #constant: Uint8Array

  constructor(settings: LengthFieldSettings) {
    const { headerBytes, length, magic } = settings
    this.bytes = headerBytes
    this.#settings = settings
    this.#form = writtenForm(settings)
    this.#offset = length.offset
    this.#addedBytes = headerBytes - settings.uncountedBytes
    this.#payloadBytesMin = settings.emptyFrames === 'reject' ? 1 : 0
    this.#payloadBytesMax = settings.payloadBytesMax
    const hasMore = headerBytes > length.number.bytesMax
    this.#constant = new Uint8Array(hasMore ? headerBytes : 0)
    for (const { at, byte } of magic) this.#constant[at] = byte
  }

  /** @throws CommloopError if the caller did not check the size: a length never wraps. */
  write(payloadBytes: number, into: Uint8Array, at: number): void {
    if (payloadBytes > this.#payloadBytesMax || payloadBytes < this.#payloadBytesMin) {
      throw payloadRefusal(payloadBytes, this.#payloadBytesMax)
    }
    if (this.#constant.length > 0) writeConstant(this.#constant, into, at)
    const length = payloadBytes + this.#addedBytes
    const lengthAt = at + this.#offset
    const form = this.#form
    if (form === BIG_4) {
      into[lengthAt] = length >>> 24
      into[lengthAt + 1] = length >>> 16
      into[lengthAt + 2] = length >>> 8
      into[lengthAt + 3] = length
    } else if (form === BIG_2) {
      into[lengthAt] = length >>> 8
      into[lengthAt + 1] = length
    } else if (form === UNUSUAL) {
      writeLength(this.#settings, length, into, at)
    } else {
      writeUsual(form, length, into, lengthAt)
    }
  }
}

/** Writes the bytes of a header that are always the same. */
export function writeConstant(constant: Uint8Array, into: Uint8Array, at: number): void {
  if (constant.length > LOOP_BYTES_MAX) {
    setBytes.call(into, constant, at)
    return
  }
  for (let place = 0; place < constant.length; place++) into[at + place] = constant[place] ?? 0
}

/** The form in which a length is written if it needs nothing else, such as a second copy. */
export function writtenForm({ length, varies }: LengthFieldSettings): number {
  const isPlain = !varies && length.again === undefined && length.shift === 0
  return isPlain ? usualForm(length.number) : UNUSUAL
}

/** Writes the length, with everything that belongs to it, into the header at `at`. */
export function writeLength(
  { length }: LengthFieldSettings,
  counted: number,
  into: Uint8Array,
  at: number,
): void {
  const { number, offset, again, shift, low } = length
  const end = number.write(counted * 2 ** shift + low, into, at + offset)
  if (again !== undefined) into.copyWithin(at + again, at + offset, end)
}

/** The error for a payload of a size that the codec does not send. */
export function payloadRefusal(payloadBytes: number, payloadBytesMax: number): CommloopError {
  if (payloadBytes > payloadBytesMax) {
    const text = `a payload of ${String(payloadBytes)} bytes is above the limit of ${String(payloadBytesMax)}`
    return new CommloopError('CML_ERR_PAYLOAD_TOO_LARGE', text)
  }
  const text = 'the payload has no body, and emptyFrames: reject forbids empty frames'
  return new CommloopError('CML_ERR_PAYLOAD_INVALID', text)
}
