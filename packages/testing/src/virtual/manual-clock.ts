import { type Clock, DURATION_MS_MAX, type Timer } from '@commloop/core'

/** More callbacks than this at one moment are a busy loop. */
const CALLBACKS_AT_ONE_MOMENT_MAX = 1_000_000

/**
 * Time that passes only when the test says so. It starts at 0, in virtual milliseconds, which may be fractions.
 *
 * Timers run in the order of their due time; timers that are due together run in the order in which they were created.
 * After each timer all callbacks of `soon` run, in order and including those that they add; only then the next timer.
 * A callback that was passed to `soon` outside of a timer runs at the beginning of the next `advance`, `advanceTo`,
 * `runNext`, `runUntil` or `settle`.
 *
 * If a callback throws, the call that ran it throws too; everything else that is due stays due.
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

  /** @throws RangeError if `delayMs` is not from 0 to 2^31-1: on Node such a timer would fire immediately */
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

  /** Calls back at this moment, after the timers that are due by now. */
  turn(callback: () => void): Timer {
    return this.after(0, callback)
  }

  /** How many timers are pending: 0 if everything has been cleaned up. */
  get pendingTimers(): number {
    return this.#timers.size
  }

  /** When the next timer is due; undefined if there is none. */
  get nextDueMs(): number | undefined {
    return this.#timers.first?.dueMs
  }

  /** Lets `ms` pass, and runs everything that becomes due. */
  advance(ms: number): void {
    this.advanceTo(this.#nowMs + ms)
  }

  /** Lets time pass until `atMs`, and runs everything that is due by then. @throws RangeError if it is in the past */
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

  /** Advances to the next timer and runs it. @returns false if there is no timer; then time does not pass */
  runNext(): boolean {
    return this.#run(() => {
      const timer = this.#timers.first
      if (timer !== undefined) this.#fire(timer)
      return timer !== undefined
    })
  }

  /**
   * Runs timers until `condition` returns true. It is called before the first timer and after each one.
   *
   * @throws Error if it is not true within `limitMs`, or if no timer is left
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
   * Waits until all chains of promises have run and `soon` is empty, without letting virtual time pass. Use it if the
   * code under test uses promises. It does not wait for real timers or I/O.
   */
  async settle(): Promise<void> {
    do {
      this.#run(() => undefined)
      // A tick that is requested from within a promise reaction runs when no reaction is left.
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
  /** The index in the heap; -1 if it is not in the heap. */
  index = -1

  constructor(heap: TimerHeap, dueMs: number, order: number, callback: () => void) {
    this.#heap = heap
    this.dueMs = dueMs
    this.#order = order
    this.#callback = callback
  }

  cancel(): void {
    this.#callback = undefined
    if (this.index !== -1) this.#heap.remove(this)
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

/** A binary heap whose timers know their index, so that a cancelled timer can be removed immediately. */
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
    const index = timer.index
    timer.index = -1
    const last = this.#heap.pop()
    if (last === undefined || last === timer) return
    const above = this.#heap[(index - 1) >> 1]
    if (index > 0 && above !== undefined && last.isBefore(above)) this.#rise(last, index)
    else this.#sink(last, index)
  }

  #rise(timer: ManualTimer, from: number): void {
    let index = from
    while (index > 0) {
      const above = (index - 1) >> 1
      const parent = this.#heap[above]
      if (parent === undefined || !timer.isBefore(parent)) break
      this.#put(parent, index)
      index = above
    }
    this.#put(timer, index)
  }

  #sink(timer: ManualTimer, from: number): void {
    let index = from
    for (;;) {
      const left = this.#heap[2 * index + 1]
      if (left === undefined) break
      const right = this.#heap[2 * index + 2]
      const child = right?.isBefore(left) === true ? right : left
      if (!child.isBefore(timer)) break
      const below = child.index
      this.#put(child, index)
      index = below
    }
    this.#put(timer, index)
  }

  #put(timer: ManualTimer, index: number): void {
    this.#heap[index] = timer
    timer.index = index
  }
}

/** A queue that does not move the callbacks that wait. */
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
