import {
  CommloopError,
  type FrameCodec,
  type FrameDecoder,
  type PluginOptions,
} from '@commloop/core'
import { bytesText, type OwnFraming, ownFraming } from '@commloop/framings'
import { DelimitedDecoder } from './delimited-decoder.js'
import {
  type DelimitedOptions,
  type DelimitedSettings,
  delimitedSettings,
} from './delimited-options.js'
import { EndFinder, NOT_FOUND } from './end-finder.js'

/** Looked up once: V8 looks up a typed array's method at every call. */
// eslint-disable-next-line @typescript-eslint/unbound-method -- always called with an explicit `this`
const setBytes = Uint8Array.prototype.set
const NOTHING = new Uint8Array(0)
/** Up to this size, a loop copies faster than `set`. */
const LOOP_BYTES_MAX = 8

/**
 * Frames between delimiters.
 *
 *     ┌───────┬ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ┬─────┬───────┐
 *     │ start │ payload, checksum; escaped │ end │ after │   all but the payload and the end are optional
 *     └───────┴ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ┴─────┴───────┘
 */
export class DelimitedCodec implements FrameCodec {
  readonly payloadBytesMax: number
  /** The payload is followed by the end, so it cannot be sent by reference. */
  readonly header = undefined
  readonly #settings: DelimitedSettings
  readonly #finder: EndFinder
  readonly #end: Uint8Array
  /** The bytes between payload and end, when they are about to be written. */
  readonly #check: Uint8Array
  /** The end can be found only behind the payload, or nowhere in it. */
  readonly #hidesEnd: boolean
  /** A payload and an end could contain an earlier end where they meet. */
  readonly #endsMeet: boolean
  readonly #own: () => OwnFraming

  /** @throws CommloopError CML_ERR_CONFIG_INVALID for unknown or invalid options. */
  constructor(options: DelimitedOptions) {
    const settings = delimitedSettings({ ...options })
    const { ends, escape, check, checkMark, payloadBytesMax } = settings
    this.#settings = settings
    this.#own = () => ownFraming('delimited', options as unknown as PluginOptions)
    this.payloadBytesMax = payloadBytesMax
    this.#finder = new EndFinder(settings)
    this.#end = ends[0] ?? NOTHING
    this.#check = new Uint8Array(check === undefined ? 0 : checkMark.length + check.bytes)
    setBytes.call(this.#check, check === undefined ? NOTHING : checkMark)
    this.#hidesEnd = escape !== undefined
    this.#endsMeet = this.#check.length > 0 || ends.some((end) => meets(end, this.#end))
  }

  frameBytesMax(payloadBytes: number): number {
    const { start, escape, after, keepsFrame } = this.#settings
    if (keepsFrame) return Math.max(1, payloadBytes)
    const contentBytes = payloadBytes + this.#check.length
    const bodyBytes = escape === undefined ? contentBytes : escape.bytesMax(contentBytes)
    return start.length + bodyBytes + this.#end.length + after.bytes
  }

  /** @throws CommloopError CML_ERR_PAYLOAD_INVALID if the payload contains an end, or is one that no frame can carry. */
  encode(payload: Uint8Array, into: Uint8Array, at: number): number {
    const { start, escape, singles, preamble, keepsFrame, after } = this.#settings
    if (singles.length > 0 && payload.length === 1 && singles.includes(payload[0] ?? 0)) {
      return written(payload, into, at)
    }
    if (keepsFrame) return this.#encodeFrame(payload, into, at)
    if (payload.length === 0) this.#checkEmpty()
    if (preamble.length > 0) this.#checkPreamble(payload)
    const bodyAt = written(start, into, at)
    const check = this.#checkOf(payload)
    let to: number
    if (escape !== undefined) {
      to = escape.write(payload, check, check.length, into, bodyAt)
    } else {
      if (!this.#endsMeet)
        this.#refuseEnd(this.#finder.find(payload, 0, payload.length, 0), payload)
      to = written(check, into, written(payload, into, bodyAt))
    }
    const behind = written(this.#end, into, to)
    if (this.#endsMeet && !this.#hidesEnd) this.#checkMeeting(into, bodyAt, behind, payload)
    return after.bytes === 0 ? behind : after.write(into, at, behind)
  }

  createDecoder(): FrameDecoder {
    return new DelimitedDecoder(this.#settings, this.#own)
  }

  /** What stands between payload and end. It is valid until the next call. */
  #checkOf(payload: Uint8Array): Uint8Array {
    const { check, checkMark } = this.#settings
    if (check === undefined) return NOTHING
    check.write(check.checksum.of(payload, 0, payload.length), this.#check, checkMark.length)
    return this.#check
  }

  /** The decoder must find the end where it is, and not earlier. */
  #checkMeeting(into: Uint8Array, bodyAt: number, behind: number, payload: Uint8Array): void {
    const found = this.#finder.find(into, bodyAt, behind, bodyAt)
    if (found === behind && this.#finder.foundBytes === this.#end.length) return
    this.#refuseEnd(found - bodyAt, payload)
  }

  #refuseEnd(behind: number, payload: Uint8Array): void {
    if (behind === NOT_FOUND) return
    const at = behind - this.#finder.foundBytes
    const isInside = behind <= payload.length
    const found = bytesText(payload.subarray(at, isInside ? behind : payload.length))
    const effect = isInside ? 'which ends a frame' : 'which is the beginning of an end'
    throw invalid(`the payload contains ${found} at byte ${String(at)}, ${effect}`)
  }

  #checkEmpty(): void {
    const { emptyFrames, sharesFlag, escape } = this.#settings
    if (emptyFrames !== 'deliver') {
      const effect = emptyFrames === 'skip' ? 'skip' : 'reject'
      throw invalid(`an empty payload, which peers with emptyFrames: ${effect} do not receive`)
    }
    if (sharesFlag && this.#check.length === 0 && (escape?.bytesMax(0) ?? 0) === 0) {
      throw invalid('an empty payload, which cannot be told from two flags')
    }
  }

  #checkPreamble(payload: Uint8Array): void {
    const { start, preamble } = this.#settings
    const first = payload[0]
    if (start.length > 0 || first === undefined || !preamble.includes(first)) return
    throw invalid(
      `the payload begins with ${bytesText(payload.subarray(0, 1))}, which is skipped before a frame`,
    )
  }

  /** A payload that is a whole frame: only the checksums in it are written. */
  #encodeFrame(payload: Uint8Array, into: Uint8Array, at: number): number {
    const { start, after, emptyFrames } = this.#settings
    if (start.some((byte, place) => payload[place] !== byte)) {
      throw invalid(
        `the payload begins with ${shown(payload)}, and "keep: frame" needs a frame that begins with ${bytesText(start)}`,
      )
    }
    const behind = this.#finder.find(payload, start.length, payload.length, start.length)
    if (behind === NOT_FOUND || behind + after.bytes !== payload.length) {
      const problem =
        behind === NOT_FOUND
          ? 'no end'
          : `an end at byte ${String(behind - this.#finder.foundBytes)}`
      throw invalid(
        `the payload has ${problem}, and "keep: frame" needs ${bytesText(this.#end)} and ${String(after.bytes)} bytes after it at its end`,
      )
    }
    if (emptyFrames !== 'deliver' && behind - this.#finder.foundBytes === start.length)
      this.#checkEmpty()
    const end = written(payload, into, at)
    if (after.bytes > 0) after.write(into, at, at + behind)
    return end
  }
}

/** Writes these bytes at `at`, and returns the position behind them. */
function written(bytes: Uint8Array, into: Uint8Array, at: number): number {
  const { length } = bytes
  if (length > LOOP_BYTES_MAX) setBytes.call(into, bytes, at)
  else for (let place = 0; place < length; place++) into[at + place] = bytes[place] ?? 0
  return at + length
}

/** Whether `end` can begin in a payload and be completed by the beginning of the end that is written. */
function meets(end: Uint8Array, last: Uint8Array): boolean {
  for (let inPayload = 1; inPayload < end.length; inPayload++) {
    const rest = end.subarray(inPayload)
    if (rest.length <= last.length && rest.every((byte, at) => last[at] === byte)) return true
  }
  return false
}

function shown(bytes: Uint8Array): string {
  return bytes.length === 0 ? 'nothing' : bytesText(bytes.subarray(0, 8))
}

function invalid(text: string): CommloopError {
  return new CommloopError('CML_ERR_PAYLOAD_INVALID', text)
}
