import { CommloopError } from '@commloop/core'
import { bytesText } from '@commloop/framings'
import type { DelimitedSettings } from './delimited-options.js'
import type { StreamWindow } from './stream-window.js'

const SHOWN_BYTES = 8

/** What is between the delimiters of received frames: how large it may be, and the payload in it. */
export class FrameContent {
  readonly frameBytesMax: number
  /** The most bytes between start and end. */
  readonly bodyBytesMax: number
  readonly endBytesMax: number
  /** Nothing between start and end is not an empty frame: no payload is written like this. */
  readonly skipsNothing: boolean
  readonly #settings: DelimitedSettings
  readonly #isSingle: Uint8Array | undefined

  constructor(settings: DelimitedSettings) {
    const { start, ends, after, singles } = settings
    this.#settings = settings
    this.bodyBytesMax = bodyBytesMax(settings)
    this.endBytesMax = ends.reduce((most, { length }) => Math.max(most, length), 1)
    this.frameBytesMax = start.length + this.bodyBytesMax + this.endBytesMax + after.bytes
    this.skipsNothing = skipsNothing(settings)
    this.#isSingle = singles.length === 0 ? undefined : new Uint8Array(256)
    for (const byte of singles) this.#isSingle?.fill(1, byte, byte + 1)
  }

  get endText(): string {
    return this.#settings.ends.map(bytesText).join(' or ')
  }

  /** Whether this byte is a frame by itself. */
  isSingle(byte: number): boolean {
    return this.#isSingle !== undefined && this.#isSingle[byte] === 1
  }

  /** How many bytes from `at` are those of the start. */
  startAt(bytes: Uint8Array, at: number, end: number): number {
    const { start } = this.#settings
    let same = 0
    while (same < start.length && at + same < end && bytes[at + same] === start[same]) same++
    return same
  }

  /** The payload of the frame at `window.at`, or what is wrong with the frame. */
  read(
    window: StreamWindow,
    bodyAt: number,
    endAt: number,
    behind: number,
  ): Uint8Array | CommloopError {
    const { after, keepsFrame, payloadBytesMax } = this.#settings
    const fault = after.bytes === 0 ? undefined : after.fault(window.bytes, window.at, behind)
    if (fault !== undefined) return fault
    const payload = keepsFrame
      ? window.view(window.at, behind + after.bytes)
      : this.#payload(window, bodyAt, endAt)
    if (payload instanceof CommloopError || payload.length <= payloadBytesMax) return payload
    return this.tooLarge(payload.length, window.view(window.at, window.at + SHOWN_BYTES))
  }

  #payload(window: StreamWindow, bodyAt: number, endAt: number): Uint8Array | CommloopError {
    const { escape, check } = this.#settings
    if (escape === undefined) return this.#checked(window.view(bodyAt, endAt))
    try {
      const content = escape.read(window.bytes, bodyAt, endAt)
      return check === undefined ? content : this.#checked(content)
    } catch (error) {
      if (CommloopError.is(error)) return error
      throw error
    }
  }

  /** The payload in front of the checksum. */
  #checked(content: Uint8Array): Uint8Array | CommloopError {
    const { check, checkMark } = this.#settings
    if (check === undefined) return content
    const payloadBytes = content.length - checkMark.length - check.bytes
    if (payloadBytes < 0) {
      const found = `${bytesText(content)} between start and end`
      return invalid(`${found}, which is too short for the checksum`)
    }
    const payload = new Uint8Array(content.buffer, content.byteOffset, payloadBytes)
    const markAt = content.subarray(payloadBytes, payloadBytes + checkMark.length)
    if (!checkMark.every((byte, at) => markAt[at] === byte)) {
      return invalid(`${bytesText(markAt)} before the checksum, expected ${bytesText(checkMark)}`)
    }
    const value = check.checksum.of(payload, 0, payloadBytes)
    const checkAt = payloadBytes + checkMark.length
    if (check.stands(value, content, checkAt)) return payload
    const expected = new Uint8Array(check.bytes)
    check.write(value, expected, 0)
    const text = `the frame has the checksum ${bytesText(content.subarray(checkAt))}, expected ${bytesText(expected)}`
    return new CommloopError('CML_ERR_FRAME_CHECKSUM', text)
  }

  noStart(bytes: Uint8Array, at: number, end: number): CommloopError {
    const { start } = this.#settings
    const shown = bytes.subarray(at, Math.min(end, at + Math.max(SHOWN_BYTES, start.length)))
    return invalid(`a frame begins with ${bytesText(shown)}, expected ${bytesText(start)}`)
  }

  empty(frame: Uint8Array): CommloopError {
    return invalid(`an empty frame (${bytesText(frame)}), which emptyFrames: reject forbids`)
  }

  tooLarge(bytes: number, beginning: Uint8Array): CommloopError {
    const limit = String(this.#settings.payloadBytesMax)
    const text = `${String(bytes)} bytes that begin with ${bytesText(beginning)} before ${this.endText}, above the limit of ${limit}`
    return new CommloopError('CML_ERR_FRAME_TOO_LARGE', text)
  }
}

function bodyBytesMax(settings: DelimitedSettings): number {
  const { escape, payloadBytesMax, check, checkMark, keepsFrame, start, ends, after } = settings
  if (keepsFrame) {
    const least = ends.reduce((fewest, { length }) => Math.min(fewest, length), Infinity)
    return Math.max(0, payloadBytesMax - start.length - least - after.bytes)
  }
  const contentBytes = payloadBytesMax + checkMark.length + (check?.bytes ?? 0)
  return escape === undefined ? contentBytes : escape.bytesMax(contentBytes)
}

/** Between flags, or with an escape that adds bytes to every payload. */
function skipsNothing({ sharesFlag, escape }: DelimitedSettings): boolean {
  return sharesFlag || (escape !== undefined && escape.bytesMax(0) > 0)
}

function invalid(text: string): CommloopError {
  return new CommloopError('CML_ERR_FRAME_INVALID', text)
}
