import type { Clock, Timer } from '../src/contracts/clock.js'

/** A clock whose timers fire when the test says so, however late that is. */
export class LateClock implements Clock {
  nowMs = 0
  readonly timers: { dueMs: number; callback: () => void }[] = []

  now(): number {
    return this.nowMs
  }

  after(delayMs: number, callback: () => void): Timer {
    const timer = { dueMs: this.nowMs + delayMs, callback }
    this.timers.push(timer)
    return {
      cancel: () => {
        const at = this.timers.indexOf(timer)
        if (at !== -1) this.timers.splice(at, 1)
      },
    }
  }

  soon(): void {
    throw new Error('not used by timeouts')
  }

  /** Time passes while nothing runs, then what is due runs. */
  blockUntil(nowMs: number): void {
    this.nowMs = nowMs
    for (const timer of [...this.timers]) {
      if (timer.dueMs > nowMs) continue
      this.timers.splice(this.timers.indexOf(timer), 1)
      timer.callback()
    }
  }
}
