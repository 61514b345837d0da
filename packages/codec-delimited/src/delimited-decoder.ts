import { CommloopError, type FrameDecoder, type StreamLosses } from '@commloop/core'
import { bytesText, framingDiagnosis, type OwnFraming } from '@commloop/framings'
import type { DelimitedSettings } from './delimited-options.js'
import {
  EndFinder,
  indexOfByte,
  LOOP_BYTES,
  MEANINGLESS,
  NOT_FOUND,
  positionOf,
} from './end-finder.js'
import { FrameContent } from './frame-content.js'
import { StreamWindow } from './stream-window.js'

const NO_BYTE = -1
const SHOWN_BYTES = 8

/** Where the decoder is in the stream. */
type Place =
  /** Before a frame, or in bytes that are skipped before one. */
  | 'outside'
  /** Behind the flag that ended a frame: it may begin the next one as well. */
  | 'behind flag'
  /** Behind several flags: more of them are only filling. */
  | 'idle'
  /** In bytes that are not a frame: only a start counts, because any other byte may be part of a damaged frame. */
  | 'lost'
  | 'inside'
  /** In a frame that was dropped because it is too large, up to its end. */
  | 'dropping'

/** A frame has begun. */
const BEGUN = new Uint8Array(0)
/** A step that has taken bytes and returns no payload. */
const TAKEN = new Uint8Array(0)

/**
 * Splits one stream at its delimiters.
 *
 *     chunk   ┌─┬─────────┬─┬─┬─────────┬─┬─┬──────┐   payloads that are complete in a chunk are views of it, unless
 *             │s│ payload │e│s│ payload │e│s│ paylo│   something in them was escaped; the partial frame at the end is
 *             └─┴─────────┴─┴─┴─────────┴─┴─┴──────┘   copied into a window that grows with the bytes that arrive
 *
 * Every byte is looked at once, however the stream is cut: the search for the end goes on where it stopped.
 */
export class DelimitedDecoder implements FrameDecoder {
  readonly #settings: DelimitedSettings
  readonly #own: () => OwnFraming
  readonly #content: FrameContent
  readonly #finder: EndFinder
  readonly #window: StreamWindow
  readonly #losses = { skippedBytes: 0, droppedFrames: 0 }
  readonly losses?: StreamLosses

  #place: Place = 'outside'
  #waiting = false
  /** Positions in the window. The frame begins at `#window.at`. */
  #bodyAt = 0
  #searchedTo = 0
  /** Behind the end of the frame, if it was found and bytes after it are missing; 0: it was not. */
  #endedAt = 0
  /** The size of that end. */
  #endBytes = 0

  /** The one byte that begins a frame on the fast path; NO_BYTE: none does. */
  readonly #startByte: number
  readonly #endByte: number
  /** The second byte of an end of two bytes. */
  readonly #secondByte: number
  readonly #isPlain: boolean

  /** @param own the framing of the codec, for a diagnosis */
  constructor(settings: DelimitedSettings, own: () => OwnFraming) {
    this.#own = own
    const { start, ends, hunts } = settings
    this.#settings = settings
    this.#content = new FrameContent(settings)
    this.#finder = new EndFinder(settings)
    this.#window = new StreamWindow(this.#content.frameBytesMax)
    if (hunts) this.losses = this.#losses
    this.#isPlain = isPlain(settings)
    this.#startByte = start[0] ?? NO_BYTE
    this.#endByte = ends[0]?.[0] ?? 0
    this.#secondByte = ends[0]?.[1] ?? NO_BYTE
  }

  diagnosis(opening: Uint8Array): string | undefined {
    return framingDiagnosis(opening, this.#own())
  }

  push(chunk: Uint8Array): void {
    this.#window.push(chunk)
  }

  next(): Uint8Array | undefined {
    const window = this.#window
    if (!this.#isPlain || window.isCarry || this.#place !== 'outside') return this.#next()
    // One frame that is whole in the chunk, between single bytes or before an end of two: no more than this is needed.
    const { bytes, end } = window
    let from = window.at
    if (this.#startByte !== NO_BYTE) {
      if (from === end || bytes[from] !== this.#startByte) return this.#next()
      from++
    }
    const endByte = this.#endByte
    const near = end - from < LOOP_BYTES ? end : from + LOOP_BYTES
    let at = from
    while (at < near && bytes[at] !== endByte) at++
    if (at === near) at = near === end ? -1 : indexOfByte.call(bytes, endByte, near)
    if (at < 0 || at - from > this.#settings.payloadBytesMax) return this.#next()
    if (this.#secondByte === NO_BYTE) window.at = at + 1
    else if (at + 1 < end && bytes[at + 1] === this.#secondByte) window.at = at + 2
    else return this.#next()
    return new Uint8Array(window.buffer, window.bufferOffset + from, at - from)
  }

  get midFrame(): boolean {
    return this.#waiting
  }

  end(): void {
    if (!this.#waiting) return
    const begun = this.#window.end - this.#window.at
    throw new CommloopError(
      'CML_ERR_FRAME_TRUNCATED',
      `the stream ended ${String(begun)} bytes into a frame, without ${this.#content.endText}`,
    )
  }

  #next(): Uint8Array | undefined {
    for (;;) {
      this.#waiting = false
      const payload = this.#step()
      if (payload === undefined) {
        const { at } = this.#window
        const hasMore = this.#window.more()
        this.#moved(this.#window.at - at)
        if (!hasMore) return undefined
      } else if (payload !== TAKEN) {
        return payload
      }
    }
  }

  /** The window has copied its bytes to another position. */
  #moved(by: number): void {
    this.#bodyAt += by
    this.#searchedTo += by
    if (this.#endedAt > 0) this.#endedAt += by
  }

  /** A payload; TAKEN: none, but bytes were taken; undefined: more bytes are needed. */
  #step(): Uint8Array | undefined {
    if (this.#place !== 'inside' && this.#place !== 'dropping') {
      const result = this.#begin()
      if (result !== BEGUN) return result
    }
    const { bytes, end } = this.#window
    const behind =
      this.#endedAt > 0
        ? this.#endedAt
        : this.#finder.find(bytes, this.#searchedTo, end, this.#bodyAt)
    if (behind === MEANINGLESS) return this.#meaningless(this.#finder.resumeAt)
    return behind === NOT_FOUND ? this.#unended() : this.#ended(behind)
  }

  // ── before a frame ──────────────────────────────────────────────────────────────────────────────────────────

  /** Looks for the beginning of a frame. A payload: a byte that is a frame by itself. BEGUN; TAKEN; undefined, as in a step. */
  #begin(): Uint8Array | undefined {
    const window = this.#window
    this.#skipFilling()
    if (window.at === window.end) return undefined
    const byte = window.bytes[window.at] ?? 0
    if (this.#place !== 'lost' && this.#content.isSingle(byte)) {
      this.#place = 'outside'
      const single = window.view(window.at, window.at + 1)
      window.advance(window.at + 1)
      return single
    }
    const { start } = this.#settings
    const same = this.#content.startAt(window.bytes, window.at, window.end)
    if (same === start.length) return this.#inside(window.at + same)
    if (same === window.end - window.at) {
      this.#waiting = true
      return undefined
    }
    if (this.#place === 'behind flag' || this.#place === 'idle') return this.#inside(window.at)
    return this.#skipped()
  }

  #inside(bodyAt: number): Uint8Array {
    this.#place = 'inside'
    this.#bodyAt = this.#searchedTo = bodyAt
    this.#endedAt = 0
    return BEGUN
  }

  #skipFilling(): void {
    const window = this.#window
    const { preamble, start } = this.#settings
    const isIdle = this.#place === 'idle'
    if ((preamble.length === 0 && !isIdle) || this.#place === 'lost') return
    let at = window.at
    while (at < window.end) {
      const byte = window.bytes[at] ?? 0
      if (!preamble.includes(byte) && !(isIdle && byte === start[0])) break
      at++
    }
    window.advance(at)
  }

  /** Looks for the next byte that may begin a frame. */
  #skipped(): Uint8Array {
    const window = this.#window
    const { start, hunts } = this.#settings
    if (!hunts) throw this.#content.noStart(window.bytes, window.at, window.end)
    this.#place = 'lost'
    const next = positionOf(start[0] ?? 0, window.bytes, window.at + 1, window.end)
    this.#skipTo(next < 0 ? window.end : next)
    return TAKEN
  }

  #skipTo(at: number): void {
    this.#losses.skippedBytes += at - this.#window.at
    this.#window.advance(at)
  }

  // ── in a frame ──────────────────────────────────────────────────────────────────────────────────────────────

  #unended(): Uint8Array | undefined {
    const window = this.#window
    this.#searchedTo = this.#finder.resumeAt
    if (this.#place === 'dropping') {
      this.#skipTo(Math.max(window.at, this.#searchedTo - this.#finder.keptBytes))
      this.#bodyAt = this.#searchedTo = window.at
      return undefined
    }
    // The last bytes may belong to the end.
    const bodyBytes = window.end - this.#bodyAt - (this.#content.endBytesMax - 1)
    if (bodyBytes > this.#content.bodyBytesMax) return this.#tooLarge(bodyBytes, Infinity)
    this.#waiting = true
    return undefined
  }

  /** At `at` is an escape without a meaning. */
  #meaningless(at: number): Uint8Array {
    const window = this.#window
    if (this.#place === 'dropping') {
      this.#skipTo(at + 2)
      this.#bodyAt = this.#searchedTo = window.at
      return TAKEN
    }
    if (at + 2 > this.#limitAt) return this.#tooLarge(at - this.#bodyAt, Infinity)
    const found = bytesText(window.view(at, at + 2))
    const text = `${found} at byte ${String(at - window.at)} of a frame is an escape without a meaning`
    return this.#damaged(at + 2, new CommloopError('CML_ERR_FRAME_INVALID', text))
  }

  /**
   * Where the frame becomes too large if the bytes arrive one at a time. The same place counts however they arrive, so that
   * the cuts between chunks do not matter.
   */
  get #limitAt(): number {
    return this.#bodyAt + this.#content.bodyBytesMax + this.#content.endBytesMax
  }

  #ended(behind: number): Uint8Array | undefined {
    const window = this.#window
    const { after, emptyFrames, sharesFlag } = this.#settings
    const endAt = behind - (this.#endedAt > 0 ? this.#endBytes : this.#finder.foundBytes)
    if (this.#place === 'dropping') {
      this.#skipTo(behind)
      this.#place = sharesFlag ? 'behind flag' : 'outside'
      return TAKEN
    }
    if (endAt === this.#bodyAt && this.#content.skipsNothing) return this.#nothing(behind)
    if (endAt - this.#bodyAt > this.#content.bodyBytesMax) {
      return this.#tooLarge(endAt - this.#bodyAt, behind)
    }
    if (window.end - behind < after.bytes) {
      this.#endedAt = behind
      this.#endBytes = behind - endAt
      this.#waiting = true
      return undefined
    }
    const payload = this.#content.read(window, this.#bodyAt, endAt, behind)
    if (payload instanceof CommloopError) return this.#damaged(behind, payload)
    const isEmpty = payload.length === 0 || (this.#settings.keepsFrame && endAt === this.#bodyAt)
    if (isEmpty && emptyFrames === 'reject') {
      return this.#damaged(behind, this.#content.empty(window.view(window.at, behind)))
    }
    this.#leave(behind + after.bytes)
    return isEmpty && emptyFrames === 'skip' ? TAKEN : payload
  }

  #leave(behind: number): void {
    this.#place = this.#settings.sharesFlag ? 'behind flag' : 'outside'
    this.#window.advance(behind)
  }

  /** Two ends with nothing in between: not a frame, because no payload is written like this. */
  #nothing(behind: number): Uint8Array {
    this.#leave(behind)
    if (this.#settings.sharesFlag) this.#place = 'idle'
    return TAKEN
  }

  // ── bytes that are not a frame ──────────────────────────────────────────────────────────────────────────────

  /** `behind` its end; Infinity: it has none yet. */
  #tooLarge(bodyBytes: number, behind: number): Uint8Array {
    const window = this.#window
    const { hunts, start } = this.#settings
    if (!hunts)
      throw this.#content.tooLarge(bodyBytes, window.view(window.at, window.at + SHOWN_BYTES))
    this.#losses.droppedFrames++
    if (start.length > 0) {
      this.#place = 'lost'
      this.#skipTo(this.#lastStart(Math.min(behind, this.#limitAt)))
    } else {
      this.#place = 'dropping'
    }
    return TAKEN
  }

  /** Drops a damaged frame that ends before `behind`, or throws its error. */
  #damaged(behind: number, error: CommloopError): Uint8Array {
    const { hunts, sharesFlag, after, start } = this.#settings
    if (!hunts) throw error
    this.#losses.droppedFrames++
    // A flag that ends a damaged frame probably begins the next one.
    const next = sharesFlag ? behind - 1 : this.#lastStart(behind)
    const isWhole = error.code === 'CML_ERR_FRAME_CHECKSUM' && next === behind
    this.#place = isWhole || start.length === 0 ? 'outside' : 'lost'
    this.#skipTo(isWhole ? behind + after.bytes : next)
    return TAKEN
  }

  /**
   * The last start in the frame: if its end was lost, the next frame is in it. Only the last one is tried, so that a frame
   * full of starts is not looked at once for each of them. `to`: there is none.
   */
  #lastStart(to: number): number {
    const { start } = this.#settings
    const { at, bytes, end } = this.#window
    if (start.length === 0) return to
    for (let from = to - 1; from > at; from--) {
      const same = this.#content.startAt(bytes, from, end)
      if (same === start.length || from + same === end) return from
    }
    return to
  }
}

/** A frame consists of at most one start byte, the payload and one end of one or two bytes. */
function isPlain(settings: DelimitedSettings): boolean {
  const { start, ends, escape, check, after, singles, preamble } = settings
  return (
    start.length <= 1 &&
    ends.length === 1 &&
    (ends[0]?.length ?? 0) <= 2 &&
    !settings.sharesFlag &&
    escape === undefined &&
    check === undefined &&
    after.bytes === 0 &&
    singles.length + preamble.length === 0 &&
    !settings.keepsFrame &&
    settings.emptyFrames === 'deliver'
  )
}
