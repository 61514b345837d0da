import type { Clock, Timer } from '../src/contracts/clock.js'

/** A clock whose timers fire when the test says so, however late that is. */
export class LateClock implements Clock {
  nowMs = 0
  readonly timers: { dueMs: number; callback: () => void }[] = []
  readonly turns: (() => void)[] = []
  /** What waits in the kernel: read after the timers, before the turn is over. */
  inKernel: () => void = () => undefined

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

  turn(callback: () => void): Timer {
    this.turns.push(callback)
    return {
      cancel: () => {
        const at = this.turns.indexOf(callback)
        if (at !== -1) this.turns.splice(at, 1)
      },
    }
  }

  soon(): void {
    throw new Error('not used by timeouts')
  }

  /** Time passes while nothing runs, then one turn of the loop: what is due, what waits in the kernel, the turn's end. */
  blockUntil(nowMs: number): void {
    this.nowMs = nowMs
    const inOrder = this.timers.toSorted((left, right) => left.dueMs - right.dueMs)
    for (const timer of inOrder) {
      if (timer.dueMs > nowMs) continue
      this.timers.splice(this.timers.indexOf(timer), 1)
      timer.callback()
    }
    this.inKernel()
    this.inKernel = () => undefined
    for (const callback of this.turns.splice(0)) callback()
  }

  /** Time passes, and every timer runs when it is due. */
  runUntil(nowMs: number): void {
    for (const dueMs of this.#dues(nowMs)) this.blockUntil(dueMs)
    this.blockUntil(nowMs)
  }

  *#dues(untilMs: number): Generator<number> {
    for (;;) {
      const dueMs = Math.min(...this.timers.map((timer) => timer.dueMs))
      if (dueMs > untilMs) return
      yield dueMs
    }
  }
}
