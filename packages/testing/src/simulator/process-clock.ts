import type { Clock, Timer } from '@commloop/core'

/**
 * The clock of one process: its timers end with it, and stand still while it is paused. Afterwards what became due
 * comes in a burst, late, as when a stopped process goes on.
 */
export class ProcessClock implements Clock {
  readonly #clock: Clock
  #alive = true
  #paused = false
  #late: (() => void)[] = []
  #pending = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Timers still to come. */
  get pendingTimers(): number {
    return this.#pending
  }

  now(): number {
    return this.#clock.now()
  }

  after(delayMs: number, callback: () => void): Timer {
    let open = true
    this.#pending++
    const end = (): boolean => {
      if (!open) return false
      open = false
      this.#pending--
      return true
    }
    const timer = this.#clock.after(delayMs, () => {
      this.#run(() => {
        if (end()) callback()
      })
    })
    return {
      cancel: () => {
        if (end()) timer.cancel()
      },
    }
  }

  soon(callback: () => void): void {
    this.#clock.soon(() => {
      this.#run(callback)
    })
  }

  #run(callback: () => void): void {
    if (!this.#alive) return
    if (this.#paused) this.#late.push(callback)
    else callback()
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    const late = this.#late
    this.#late = []
    for (const callback of late) this.#clock.soon(callback)
  }

  /** The process is gone. */
  kill(): void {
    this.#alive = false
    this.#late = []
  }
}
