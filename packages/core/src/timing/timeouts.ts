import type { Clock, Timer } from '../contracts/clock.js'
import { afterTurn } from '../turns/loop-turn.js'
import { DURATION_MS_MAX } from '../units/duration.js'
import { LoopStalls } from './loop-stalls.js'

/** Something that ends at a time. */
export interface Timed {
  /** By the clock. It does not change while the item waits. */
  readonly dueMs: number
  /** The position in the heap; -1: it does not wait. Only `Timeouts` sets it. */
  place: number
}

/**
 * Many timeouts with one timer: a binary heap whose first item is the next one that is due.
 *
 *     place      0
 *              1   2        an item is never due before its parent, which is at (place - 1) / 2
 *             3 4 5 6
 *
 * Items that are removed early leave the timer alone: it fires, finds nothing that is due, and waits for the next item.
 */
export class Timeouts<Item extends Timed> {
  readonly #clock: Clock
  readonly #expired: (item: Item) => void
  readonly #heap: Item[] = []
  #timer: Timer | undefined
  #armedForMs = 0

  /** `expired` is called once for each item that is due, after the item was removed. It may add and remove items. */
  constructor(clock: Clock, expired: (item: Item) => void) {
    this.#clock = clock
    this.#expired = expired
  }

  get size(): number {
    return this.#heap.length
  }

  add(item: Item): void {
    this.#heap.push(item)
    this.#rise(item, this.#heap.length - 1)
    if (item.place === 0) this.#armFor(item)
  }

  /** No effect if the item does not wait. */
  remove(item: Item): void {
    const { place } = item
    if (place < 0) return
    item.place = -1
    const last = this.#heap.pop()
    if (last === undefined || last === item) return
    this.#rise(last, place)
    this.#sink(last, last.place)
  }

  /** Cancels the timer. Items that still wait never expire. */
  close(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    for (const item of this.#heap) item.place = -1
    this.#heap.length = 0
  }

  // ── the heap ────────────────────────────────────────────────────────────────────────────────────────────────

  #put(item: Item, place: number): void {
    this.#heap[place] = item
    item.place = place
  }

  /** Puts the item at `place`, or above it as long as its parent is due later. */
  #rise(item: Item, from: number): void {
    let place = from
    while (place > 0) {
      const parent = this.#heap[(place - 1) >> 1]
      if (parent === undefined || parent.dueMs <= item.dueMs) break
      this.#put(parent, place)
      place = (place - 1) >> 1
    }
    this.#put(item, place)
  }

  /** Puts the item at `place`, or below it as long as one of its children is due earlier. */
  #sink(item: Item, from: number): void {
    let place = from
    for (;;) {
      const child = this.#earlierChild(place)
      if (child === undefined || child.dueMs >= item.dueMs) break
      const below = child.place
      this.#put(child, place)
      place = below
    }
    this.#put(item, place)
  }

  #earlierChild(place: number): Item | undefined {
    const left = this.#heap[2 * place + 1]
    const right = this.#heap[2 * place + 2]
    if (left === undefined || right === undefined) return left
    return right.dueMs < left.dueMs ? right : left
  }

  // ── the timer ───────────────────────────────────────────────────────────────────────────────────────────────

  #armFor({ dueMs }: Item): void {
    if (this.#timer !== undefined && this.#armedForMs <= dueMs) return
    this.#arm(dueMs, this.#clock.now())
  }

  #arm(dueMs: number, nowMs: number): void {
    this.#timer?.cancel()
    this.#armedForMs = dueMs
    const delayMs = Math.min(Math.max(1, Math.ceil(dueMs - nowMs)), DURATION_MS_MAX)
    this.#timer = this.#clock.after(delayMs, () => {
      this.#fired()
    })
  }

  #fired(): void {
    this.#timer = undefined
    const nowMs = this.#clock.now()
    LoopStalls.of(this.#clock).fired(this.#armedForMs, nowMs)
    const [first] = this.#heap
    if (first === undefined) return
    if (first.dueMs > nowMs) this.#armFor(first)
    // What waits in the kernel may be what an item waits for.
    else
      this.#timer = afterTurn(this.#clock, () => {
        this.#expire()
      })
  }

  #expire(): void {
    this.#timer = undefined
    this.#expireUntil(this.#clock.now())
    const [next] = this.#heap
    if (next !== undefined) this.#armFor(next)
  }

  #expireUntil(nowMs: number): void {
    for (let first = this.#heap[0]; first !== undefined; first = this.#heap[0]) {
      if (first.dueMs > nowMs) return
      this.remove(first)
      this.#expired(first)
    }
  }
}
