import type { Clock, Timer } from '../contracts/clock.js'

export interface ThrottleLimits {
  /** Told one by one within a window; the rest of the window is told once, as a count. */
  readonly perWindow: number
  readonly windowMs: number
  /** Kinds kept apart at once; what goes beyond shares one. */
  readonly kindsMax: number
}

interface Window<T> {
  told: number
  untold: number
  last: T
  timer: Timer
}

/**
 * Tells the first occurrences of a kind at once and the rest as a count, so that a flood of equal events costs a
 * few lines and no occurrence goes uncounted.
 */
export class Throttle<T> {
  readonly #windows = new Map<string, Window<T>>()
  readonly #clock: Clock
  readonly #limits: ThrottleLimits
  readonly #tell: (what: T, count: number) => void
  #closed = false

  constructor(clock: Clock, limits: ThrottleLimits, tell: (what: T, count: number) => void) {
    this.#clock = clock
    this.#limits = limits
    this.#tell = tell
  }

  /** @param count how many occurrences this call stands for */
  occurred(kind: string, what: T, count = 1): void {
    if (this.#closed) {
      this.#tell(what, count)
      return
    }
    const known = this.#windows.has(kind) || this.#windows.size < this.#limits.kindsMax
    const key = known ? kind : 'everything else'
    const window = this.#windows.get(key)
    if (window === undefined) {
      this.#windows.set(key, { told: 1, untold: 0, last: what, timer: this.#begin(key) })
      this.#tell(what, count)
    } else if (window.told < this.#limits.perWindow) {
      window.told++
      this.#tell(what, count)
    } else {
      window.untold += count
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
    const { untold } = window
    if (untold === 0) {
      this.#windows.delete(key)
      return
    }
    window.untold = 0
    window.told = 1
    window.timer = this.#begin(key)
    this.#tell(window.last, untold)
  }

  /** Tells what is still untold and forgets everything: nothing is left behind. What comes later is told one by one. */
  close(): void {
    this.#closed = true
    for (const window of this.#windows.values()) {
      window.timer.cancel()
      if (window.untold > 0) this.#tell(window.last, window.untold)
    }
    this.#windows.clear()
  }
}
