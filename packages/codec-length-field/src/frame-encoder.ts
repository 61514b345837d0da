import { CommloopError } from '@commloop/core'
import { payloadRefusal, writeConstant, writeLength, writtenForm } from './length-field-header.js'
import type { LengthFieldSettings } from './length-field-settings.js'
import { UNUSUAL, writeUsual } from './number/usual-number.js'

/** Looked up once: V8 looks up a typed array's method at every call, which costs a third of the copying. */
// eslint-disable-next-line @typescript-eslint/unbound-method -- always called with an explicit `this`
const setBytes = Uint8Array.prototype.set

/** Writes the frames that are more than a header of a fixed size and the payload. */
export class FrameEncoder {
  readonly #settings: LengthFieldSettings
  readonly #form: number
  readonly #offset: number
  readonly #uncountedBytes: number
  readonly #magic: LengthFieldSettings['magic']
  /** Of a payload that contains more than the body. */
  readonly #keptHeaderBytes: number
  readonly #keptTailBytes: number
  readonly #payloadBytesMin: number
  /** What stands in the header until the rest is written; empty if the header comes with the payload. */
  readonly #blankHeader: Uint8Array

  constructor(settings: LengthFieldSettings) {
    const { keep, headerBytes, tail, varies, length } = settings
    this.#settings = settings
    this.#form = writtenForm(settings)
    this.#offset = length.offset
    this.#uncountedBytes = settings.uncountedBytes
    this.#magic = settings.magic
    this.#keptHeaderBytes =
      keep === 'nothing' ? 0 : headerBytes + (varies ? length.number.bytesMin : 0)
    this.#keptTailBytes = keep === 'frame' ? tail.bytes : 0
    const least = settings.emptyFrames === 'reject' ? 1 : 0
    this.#payloadBytesMin = this.#keptHeaderBytes + this.#keptTailBytes + least
    this.#blankHeader = new Uint8Array(keep === 'nothing' ? headerBytes : 0)
    if (keep === 'nothing') for (const { at, byte } of settings.magic) this.#blankHeader[at] = byte
  }

  /** @throws CommloopError CML_ERR_PAYLOAD_INVALID, CML_ERR_PAYLOAD_TOO_LARGE */
  encode(payload: Uint8Array, into: Uint8Array, at: number): number {
    const settings = this.#settings
    if (payload.length < this.#payloadBytesMin || payload.length > settings.payloadBytesMax) {
      throw this.#refusal(payload.length)
    }
    if (settings.varies) return this.#encodeVarying(payload, into, at)
    const blank = this.#blankHeader
    if (blank.length > 0) writeConstant(blank, into, at)
    setBytes.call(into, payload, at + blank.length)
    const bodyEnd = at + blank.length + payload.length - this.#keptTailBytes
    // A header that comes with the payload has its own bytes in the places of the constant ones.
    if (this.#keptHeaderBytes > 0) this.#writeMagic(into, at)
    const counted = bodyEnd + settings.tail.bytes - at - this.#uncountedBytes
    if (settings.length.mask !== undefined) this.#writeMasked(counted, payload, into, at)
    else if (this.#form === UNUSUAL) writeLength(settings, counted, into, at)
    else writeUsual(this.#form, counted, into, at + this.#offset)
    return settings.tail.bytes === 0 ? bodyEnd : settings.tail.write(into, at, bodyEnd)
  }

  #writeMagic(into: Uint8Array, at: number): void {
    const magic = this.#magic
    for (let each = 0; each < magic.length; each++) {
      const { at: place, byte } = magic[each] ?? { at: 0, byte: 0 }
      into[at + place] = byte
    }
  }

  /** Bits that do not count belong to the sender, if the header comes with the payload. */
  #writeMasked(counted: number, payload: Uint8Array, into: Uint8Array, at: number): void {
    const { length, keep } = this.#settings
    const { mask = 0, number, offset, shift, low, again } = length
    const others =
      keep === 'nothing' ? 0 : (number.read(payload, offset, payload.length) & ~mask) >>> 0
    const written = counted * 2 ** shift + low + others
    const end = number.write(written, into, at + offset)
    if (again !== undefined) into.copyWithin(at + again, at + offset, end)
  }

  #encodeVarying(payload: Uint8Array, into: Uint8Array, at: number): number {
    const settings = this.#settings
    const { length, keep, tail, uncountedBytes, headerBytes } = settings
    if (keep !== 'nothing') {
      const fault = givenLengthFault(settings, payload)
      if (fault !== undefined) throw fault
    }
    let bodyAt = at + this.#blankHeader.length
    if (keep === 'nothing') {
      writeConstant(this.#blankHeader, into, at)
      const counted = payload.length + headerBytes + tail.bytes - uncountedBytes
      bodyAt = length.number.write(counted, into, at + length.offset)
    }
    setBytes.call(into, payload, bodyAt)
    if (keep !== 'nothing') this.#writeMagic(into, at)
    return tail.write(into, at, bodyAt + payload.length - this.#keptTailBytes)
  }

  #refusal(payloadBytes: number): CommloopError {
    const { keep, payloadBytesMax } = this.#settings
    const needed = this.#keptHeaderBytes + this.#keptTailBytes
    if (payloadBytes >= needed) return payloadRefusal(payloadBytes, payloadBytesMax)
    const parts = this.#keptTailBytes > 0 ? 'header and trailer' : 'header'
    return new CommloopError(
      'CML_ERR_PAYLOAD_INVALID',
      `the payload has ${String(payloadBytes)} bytes, but keep: ${keep} means that it begins with the ${parts} of ${String(needed)} bytes`,
    )
  }
}

/** A length of varying size cannot be filled in, so the sender must have written the right one. */
function givenLengthFault(
  { length, headerBytes, uncountedBytes, keep, tail }: LengthFieldSettings,
  payload: Uint8Array,
): CommloopError | undefined {
  const { number, offset, text } = length
  const written = number.read(payload, offset, payload.length)
  const lengthBytes = written < 0 ? 0 : number.bytesAt(payload, offset)
  const frameBytes = payload.length + (keep === 'frame' ? 0 : tail.bytes)
  const counted = frameBytes - uncountedBytes - lengthBytes
  if (written === counted && frameBytes >= headerBytes + lengthBytes + tail.bytes) return undefined
  const found = written < 0 ? 'none' : String(written)
  return new CommloopError(
    'CML_ERR_PAYLOAD_INVALID',
    `the header in the payload must contain its length (${text}), found ${found} in ${String(payload.length)} bytes`,
  )
}
