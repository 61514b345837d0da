import type { SegmentLives } from './live-places.js'

/** Digits of a segment's number in its name, so that names sort like numbers. */
const NAME_DIGITS = 10
const SEGMENT_NAME = /^(\d{10,})\.seg$/

export function segmentName(number: number): string {
  return `${String(number).padStart(NAME_DIGITS, '0')}.seg`
}

/** The number of the segment with this name; undefined: the file is not a segment. */
export function segmentNumber(name: string): number | undefined {
  const digits = SEGMENT_NAME.exec(name)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

/** One file of the journal. */
export interface Segment {
  readonly number: number
  /** Size of the file. */
  readonly bytes: number
  /** Where its batches end. */
  end: number
  /** Bytes of records that are still needed. */
  liveBytes: number
  /** Reads in progress. A segment is not used again before they have ended. */
  readers: number
  /** `used`: it may be needed. `freeing`: FREE is given, and not stored yet. `free`: FREE is stored. */
  state: 'used' | 'freeing' | 'free'
}

/** The segments that exist, with what lives in them. */
export class SegmentTable implements SegmentLives {
  readonly #segments = new Map<number, Segment>()
  /** Sizes of all segments. */
  bytes = 0

  get size(): number {
    return this.#segments.size
  }

  add(number: number, bytes: number, end: number): Segment {
    const segment = { number, bytes, end, liveBytes: 0, readers: 0, state: 'used' as const }
    this.#segments.set(number, segment)
    this.bytes += bytes
    return segment
  }

  get(number: number): Segment | undefined {
    return this.#segments.get(number)
  }

  remove(segment: Segment): void {
    if (this.#segments.delete(segment.number)) this.bytes -= segment.bytes
  }

  all(): IterableIterator<Segment> {
    return this.#segments.values()
  }

  addLife(segment: number, bytes: number): void {
    const found = this.#segments.get(segment)
    if (found !== undefined) found.liveBytes += bytes
  }

  endLife(segment: number, bytes: number): void {
    const found = this.#segments.get(segment)
    if (found !== undefined) found.liveBytes -= bytes
  }
}
