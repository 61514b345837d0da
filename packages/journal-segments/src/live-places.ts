import { RECORD_HEAD_BYTES } from './record-layout.js'

const PAGE_NUMBERS = 128
/** Segment, sector of the batch, offset of the record in the batch, payload bytes. */
const WORDS = 4

interface Page {
  readonly words: Uint32Array
  live: number
}

/** Counts the bytes of live records in each segment. */
export interface SegmentLives {
  addLife(segment: number, bytes: number): void
  endLife(segment: number, bytes: number): void
}

/**
 * Where the messages of a queue are stored: 16 bytes for each number, in pages of 128 numbers. An object for each
 * message would take ten times as much for half a million messages that wait.
 *
 * A page exists while one of its messages is in the queue, so a message that stays for a week does not keep the places
 * of those that have come and gone after it.
 */
export class LivePlaces {
  readonly #lives: SegmentLives
  readonly #pages = new Map<number, Page>()
  /** The place that `find` has found. */
  segment = 0
  batchSector = 0
  offset = 0
  payloadBytes = 0
  size = 0

  constructor(lives: SegmentLives) {
    this.#lives = lives
  }

  /** Looks a message up. @returns false if it is not in the queue; else its place is in the fields */
  find(number: number): boolean {
    const words = this.#pages.get(Math.floor(number / PAGE_NUMBERS))?.words
    if (words === undefined) return false
    const at = (number % PAGE_NUMBERS) * WORDS
    this.segment = words[at] ?? 0
    this.batchSector = words[at + 1] ?? 0
    this.offset = words[at + 2] ?? 0
    this.payloadBytes = words[at + 3] ?? 0
    return this.segment !== 0
  }

  /** The message is stored at this place. If it had another one, its life ends there. */
  set(
    number: number,
    segment: number,
    batchSector: number,
    offset: number,
    payloadBytes: number,
  ): void {
    const page = this.#pageOf(Math.floor(number / PAGE_NUMBERS))
    const at = (number % PAGE_NUMBERS) * WORDS
    const before = page.words[at] ?? 0
    if (before === 0) {
      page.live++
      this.size++
    } else this.#lives.endLife(before, lifeBytes(page.words[at + 3] ?? 0))
    page.words[at] = segment
    page.words[at + 1] = batchSector
    page.words[at + 2] = offset
    page.words[at + 3] = payloadBytes
    this.#lives.addLife(segment, lifeBytes(payloadBytes))
  }

  /** Removes the messages from `first` to `end` - 1. */
  remove(first: number, end: number): void {
    const firstPage = Math.floor(first / PAGE_NUMBERS)
    const lastPage = Math.floor((end - 1) / PAGE_NUMBERS)
    if (lastPage - firstPage > this.#pages.size) {
      for (const index of this.#pages.keys()) {
        if (index >= firstPage && index <= lastPage) this.#removeFrom(index, first, end)
      }
    } else
      for (let index = firstPage; index <= lastPage; index++) this.#removeFrom(index, first, end)
  }

  removeAll(): void {
    for (const index of this.#pages.keys()) this.#removeFrom(index, 0, Infinity)
  }

  /** The first number in the queue from `number` on; undefined: there is none. */
  firstFrom(number: number, next: number): number | undefined {
    for (let candidate = number; candidate < next;) {
      const index = Math.floor(candidate / PAGE_NUMBERS)
      const page = this.#pages.get(index)
      if (page === undefined) {
        const following = this.#pageAfter(index, next)
        if (following === undefined) return undefined
        candidate = following * PAGE_NUMBERS
      } else if ((page.words[(candidate % PAGE_NUMBERS) * WORDS] ?? 0) !== 0) return candidate
      else candidate++
    }
    return undefined
  }

  #pageAfter(index: number, next: number): number | undefined {
    const lastPage = Math.floor((next - 1) / PAGE_NUMBERS)
    if (lastPage - index <= this.#pages.size) {
      for (let at = index + 1; at <= lastPage; at++) if (this.#pages.has(at)) return at
      return undefined
    }
    let nearest: number | undefined
    for (const at of this.#pages.keys()) {
      if (at > index && at < (nearest ?? Infinity)) nearest = at
    }
    return nearest
  }

  #pageOf(index: number): Page {
    const present = this.#pages.get(index)
    if (present !== undefined) return present
    const page = { words: new Uint32Array(PAGE_NUMBERS * WORDS), live: 0 }
    this.#pages.set(index, page)
    return page
  }

  #removeFrom(index: number, first: number, end: number): void {
    const page = this.#pages.get(index)
    if (page === undefined) return
    const from = Math.max(first - index * PAGE_NUMBERS, 0)
    const to = Math.min(end - index * PAGE_NUMBERS, PAGE_NUMBERS)
    for (let at = from * WORDS; at < to * WORDS; at += WORDS) {
      const segment = page.words[at] ?? 0
      if (segment === 0) continue
      this.#lives.endLife(segment, lifeBytes(page.words[at + 3] ?? 0))
      page.words[at] = 0
      page.live--
      this.size--
    }
    if (page.live === 0) this.#pages.delete(index)
  }
}

/** What a message counts in its segment. Ids are left out, because a place does not know them. */
function lifeBytes(payloadBytes: number): number {
  return RECORD_HEAD_BYTES + payloadBytes
}
