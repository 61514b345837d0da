import type { Clock, Timer } from '../contracts/clock.js'

/** How much a throttle reports. */
export interface ThrottleLimits {
  /** Reported one by one within a window. The rest of the window is reported once, as a count. */
  readonly perWindow: number
  /** Length of a window in milliseconds. It begins with the first occurrence of a kind. */
  readonly windowMs: number
  /** The most kinds that have separate windows at the same time. All further kinds share one window. */
  readonly kindsMax: number
}

interface Window<T> {
  reported: number
  heldBack: number
  last: T
  timer: Timer
}

/**
 * Reports the first occurrences of a kind immediately and the rest as a count. So a flood of equal events leads to a
 * few log lines only, and they still count every occurrence.
 */
export class Throttle<T> {
  readonly #windows = new Map<string, Window<T>>()
  readonly #clock: Clock
  readonly #limits: ThrottleLimits
  readonly #report: (what: T, count: number) => void
  #closed = false

  constructor(clock: Clock, limits: ThrottleLimits, report: (what: T, count: number) => void) {
    this.#clock = clock
    this.#limits = limits
    this.#report = report
  }

  /** @param count how many occurrences this call stands for */
  occurred(kind: string, what: T, count = 1): void {
    if (this.#closed) {
      this.#report(what, count)
      return
    }
    const known = this.#windows.has(kind) || this.#windows.size < this.#limits.kindsMax
    const key = known ? kind : 'everything else'
    const window = this.#windows.get(key)
    if (window === undefined) {
      this.#windows.set(key, { reported: 1, heldBack: 0, last: what, timer: this.#begin(key) })
      this.#report(what, count)
    } else if (window.reported < this.#limits.perWindow) {
      window.reported++
      this.#report(what, count)
    } else {
      window.heldBack += count
      window.last = what
    }
  }

  #begin(key: string): Timer {
    return this.#clock.after(this.#limits.windowMs, () => {
      this.#windowEnded(key)
    })
  }

  #windowEnded(key: string): void {
    const window = this.#windows.get(key)
    if (window === undefined) return
    const { heldBack } = window
    if (heldBack === 0) {
      this.#windows.delete(key)
      return
    }
    window.heldBack = 0
    window.reported = 1
    window.timer = this.#begin(key)
    this.#report(window.last, heldBack)
  }

  /** Reports the occurrences that are held back, and cancels every timer. Later ones are reported immediately. */
  close(): void {
    this.#closed = true
    for (const window of this.#windows.values()) {
      window.timer.cancel()
      if (window.heldBack > 0) this.#report(window.last, window.heldBack)
    }
    this.#windows.clear()
  }
}
