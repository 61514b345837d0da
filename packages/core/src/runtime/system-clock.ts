import type { Clock, Timer } from '../contracts/clock.js'

// Kept here, because the global is a getter that costs as much as reading the time.
const monotonic = performance

/** The monotonic time of the machine, which changes of the wall clock do not affect. */
export class SystemClock implements Clock {
  now(): number {
    return monotonic.now()
  }

  after(delayMs: number, callback: () => void): Timer {
    return new SystemTimer(setTimeout(callback, delayMs))
  }

  soon(callback: () => void): void {
    process.nextTick(callback)
  }

  turn(callback: () => void): Timer {
    const immediate = setImmediate(callback)
    return {
      cancel: () => {
        clearImmediate(immediate)
      },
    }
  }
}

class SystemTimer implements Timer {
  readonly #timeout: NodeJS.Timeout

  constructor(timeout: NodeJS.Timeout) {
    this.#timeout = timeout
  }

  cancel(): void {
    clearTimeout(this.#timeout)
  }
}
