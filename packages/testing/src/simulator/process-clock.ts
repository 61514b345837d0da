import type { Clock, Timer } from '@commloop/core'

/**
 * The clock of one process. Its timers end with the process and do not run while it is paused. When the process
 * continues, all overdue timers run at the same time, as after SIGCONT.
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

  /** How many timers are pending. */
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

  turn(callback: () => void): Timer {
    return this.after(0, callback)
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

  /** The process has died: no timer runs any more. */
  kill(): void {
    this.#alive = false
    this.#late = []
  }
}
