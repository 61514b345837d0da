import type { Clock, Timer } from '../contracts/clock.js'
import { afterTurn } from '../turns/loop-turn.js'
import { LoopStalls } from './loop-stalls.js'

/**
 * A timer that decides about a peer. Time in which the event loop stood still does not count, and before the timer calls
 * back, the loop handles what waits in the kernel.
 */
export class FairTimer implements Timer {
  readonly #clock: Clock
  readonly #delayMs: number
  readonly #callback: () => void
  readonly #sinceMs: number
  #plannedMs: number
  #timer: Timer

  constructor(clock: Clock, delayMs: number, callback: () => void) {
    this.#clock = clock
    this.#delayMs = delayMs
    this.#callback = callback
    this.#sinceMs = clock.now()
    this.#plannedMs = this.#sinceMs + delayMs
    this.#timer = clock.after(delayMs, () => {
      this.#due()
    })
  }

  #due(): void {
    const nowMs = this.#clock.now()
    const stalls = LoopStalls.of(this.#clock)
    stalls.fired(this.#plannedMs, nowMs)
    const backMs = Math.min(stalls.since(this.#sinceMs), this.#delayMs)
    if (backMs === 0) {
      this.#lookLast()
      return
    }
    this.#plannedMs = nowMs + backMs
    this.#timer = this.#clock.after(backMs, () => {
      stalls.fired(this.#plannedMs, this.#clock.now())
      this.#lookLast()
    })
  }

  #lookLast(): void {
    this.#timer = afterTurn(this.#clock, this.#callback)
  }

  cancel(): void {
    this.#timer.cancel()
  }
}
