import { type Clock, DURATION_MS_MAX, type Timer } from '@commloop/core'

/** So many callbacks without time going on are a busy loop, not a busy moment. */
const CALLBACKS_AT_ONE_MOMENT_MAX = 1_000_000

/**
 * Time that goes on only when told to. Virtual milliseconds from 0, whole or not.
 *
 * Timers come in order of their due time, those due together in the order in which they were made. After every timer
 * the callbacks given to `soon` come, in order and with those that they add, until none is left; only then the next
 * timer. What was given to `soon` from outside comes at the beginning of the next `advance`, `advanceTo`, `runNext`,
 * `runUntil` or `settle`.
 *
 * A callback that throws ends the call that ran it; what else is due stays due.
 */
export class ManualClock implements Clock {
  readonly #timers = new TimerHeap()
  readonly #soon = new CallbackQueue()
  #nowMs = 0
  #timersMade = 0
  #running = false
  #callbacksAtMoment = 0

  now(): number {
    return this.#nowMs
  }

  /** @throws RangeError when `delayMs` is outside the contract: on Node it would fire at once, or never. */
  after(delayMs: number, callback: () => void): Timer {
    if (!(delayMs >= 0 && delayMs <= DURATION_MS_MAX)) {
      throw new RangeError(`clock: a delay of ${String(delayMs)} ms is not from 0 to 2^31-1`)
    }
    const timer = new ManualTimer(this.#timers, this.#nowMs + delayMs, this.#timersMade++, callback)
    this.#timers.add(timer)
    return timer
  }

  soon(callback: () => void): void {
    this.#soon.add(callback)
  }

  /** Timers still to come. 0 when everything that was begun has cleaned up after itself. */
  get pendingTimers(): number {
    return this.#timers.size
  }

  /** When the next timer is due; undefined: there is none. */
  get nextDueMs(): number | undefined {
    return this.#timers.first?.dueMs
  }

  /** Lets `ms` pass, with everything that is due on the way. */
  advance(ms: number): void {
    this.advanceTo(this.#nowMs + ms)
  }

  /** Lets time pass until `atMs`, that moment included. @throws RangeError when that is in the past. */
  advanceTo(atMs: number): void {
    if (!(atMs >= this.#nowMs && atMs < Infinity)) {
      throw new RangeError(`clock: cannot go from ${String(this.#nowMs)} to ${String(atMs)} ms`)
    }
    this.#run(() => {
      for (let timer = this.#firstUntil(atMs); timer; timer = this.#firstUntil(atMs))
        this.#fire(timer)
      this.#goTo(atMs)
    })
  }

  /** Goes to the next timer, however far away, and runs it. false: there is none, and time stands. */
  runNext(): boolean {
    return this.#run(() => {
      const timer = this.#timers.first
      if (timer !== undefined) this.#fire(timer)
      return timer !== undefined
    })
  }

  /**
   * Runs timer after timer until `condition` answers true, which is asked before the first and after each.
   *
   * @throws Error when it does not come true within `limitMs`, or nothing is left that could make it.
   */
  runUntil(condition: () => boolean, limitMs: number): void {
    const endMs = this.#nowMs + limitMs
    this.#run(() => {
      while (!condition()) {
        const timer = this.#firstUntil(endMs)
        if (timer === undefined) throw new Error(this.#unmet(limitMs))
        this.#fire(timer)
      }
    })
  }

  /**
   * Waits until promises have run their whole chains and `soon` is empty, without letting time pass. For user code
   * with promises; timers and I/O of the real machine are not waited for.
   */
  async settle(): Promise<void> {
    do {
      this.#run(() => undefined)
      // Into the phase of promise reactions first: a tick asked for there comes when no reaction is left.
      await Promise.resolve()
      await new Promise<void>((resolve) => {
        process.nextTick(resolve)
      })
    } while (this.#soon.size > 0)
  }

  #firstUntil(limitMs: number): ManualTimer | undefined {
    const timer = this.#timers.first
    return timer !== undefined && timer.dueMs <= limitMs ? timer : undefined
  }

  #fire(timer: ManualTimer): void {
    this.#goTo(timer.dueMs)
    this.#countCallback()
    this.#timers.remove(timer)
    timer.takeCallback()?.()
    this.#drainSoon()
  }

  #goTo(atMs: number): void {
    if (atMs <= this.#nowMs) return
    this.#nowMs = atMs
    this.#callbacksAtMoment = 0
  }

  #drainSoon(): void {
    for (let callback = this.#soon.take(); callback; callback = this.#soon.take()) {
      this.#countCallback()
      callback()
    }
  }

  #countCallback(): void {
    this.#callbacksAtMoment++
    if (this.#callbacksAtMoment > CALLBACKS_AT_ONE_MOMENT_MAX) {
      this.#callbacksAtMoment = 0
      throw new Error(`clock: busy loop, time does not get beyond ${String(this.#nowMs)} ms`)
    }
  }

  #run<T>(steps: () => T): T {
    if (this.#running) throw new Error('clock: time cannot be moved from within a callback')
    this.#running = true
    try {
      this.#drainSoon()
      return steps()
    } finally {
      this.#running = false
    }
  }

  #unmet(limitMs: number): string {
    const { first, size } = this.#timers
    const next = first === undefined ? '' : `, the next at ${String(first.dueMs)} ms`
    return `clock: the condition is not met at ${String(this.#nowMs)} ms, limit ${String(limitMs)} ms; ${String(size)} timers pending${next}`
  }
}

class ManualTimer implements Timer {
  readonly dueMs: number
  readonly #heap: TimerHeap
  readonly #order: number
  #callback: (() => void) | undefined
  /** Where the heap keeps it; -1: no longer there. */
  place = -1

  constructor(heap: TimerHeap, dueMs: number, order: number, callback: () => void) {
    this.#heap = heap
    this.dueMs = dueMs
    this.#order = order
    this.#callback = callback
  }

  cancel(): void {
    this.#callback = undefined
    if (this.place !== -1) this.#heap.remove(this)
  }

  isBefore(other: ManualTimer): boolean {
    return this.dueMs < other.dueMs || (this.dueMs === other.dueMs && this.#order < other.#order)
  }

  takeCallback(): (() => void) | undefined {
    const callback = this.#callback
    this.#callback = undefined
    return callback
  }
}

/** A binary heap whose members know their place, so that a cancelled timer leaves at once. */
class TimerHeap {
  readonly #heap: ManualTimer[] = []

  get size(): number {
    return this.#heap.length
  }

  get first(): ManualTimer | undefined {
    return this.#heap[0]
  }

  add(timer: ManualTimer): void {
    this.#heap.push(timer)
    this.#rise(timer, this.#heap.length - 1)
  }

  remove(timer: ManualTimer): void {
    const place = timer.place
    timer.place = -1
    const last = this.#heap.pop()
    if (last === undefined || last === timer) return
    const above = this.#heap[(place - 1) >> 1]
    if (place > 0 && above !== undefined && last.isBefore(above)) this.#rise(last, place)
    else this.#sink(last, place)
  }

  #rise(timer: ManualTimer, from: number): void {
    let place = from
    while (place > 0) {
      const above = (place - 1) >> 1
      const parent = this.#heap[above]
      if (parent === undefined || !timer.isBefore(parent)) break
      this.#put(parent, place)
      place = above
    }
    this.#put(timer, place)
  }

  #sink(timer: ManualTimer, from: number): void {
    let place = from
    for (;;) {
      const left = this.#heap[2 * place + 1]
      if (left === undefined) break
      const right = this.#heap[2 * place + 2]
      const child = right?.isBefore(left) === true ? right : left
      if (!child.isBefore(timer)) break
      const below = child.place
      this.#put(child, place)
      place = below
    }
    this.#put(timer, place)
  }

  #put(timer: ManualTimer, place: number): void {
    this.#heap[place] = timer
    timer.place = place
  }
}

/** First in, first out, without moving what waits. */
class CallbackQueue {
  #callbacks: (() => void)[] = []
  #taken = 0

  get size(): number {
    return this.#callbacks.length - this.#taken
  }

  add(callback: () => void): void {
    this.#callbacks.push(callback)
  }

  take(): (() => void) | undefined {
    if (this.#taken < this.#callbacks.length) return this.#callbacks[this.#taken++]
    if (this.#taken > 0) {
      this.#callbacks = []
      this.#taken = 0
    }
    return undefined
  }
}
