import type { Clock } from '../contracts/clock.js'

/** A timer that fires this late shows that the event loop stood still: the process was stopped, or busy. */
const LATE_MS = 20

const known = new WeakMap<Clock, LoopStalls>()

/**
 * When the event loop last stood still, as far as late timers show. What one timer sees counts for all timers of the same
 * clock: if a heartbeat could not be sent, its answer is not missing.
 */
export class LoopStalls {
  #fromMs = 0
  #untilMs = Number.NEGATIVE_INFINITY

  static of(clock: Clock): LoopStalls {
    const stalls = known.get(clock) ?? new LoopStalls()
    known.set(clock, stalls)
    return stalls
  }

  /** A timer that was planned for `plannedMs` fires now. */
  fired(plannedMs: number, nowMs: number): void {
    if (nowMs - plannedMs <= LATE_MS) return
    if (plannedMs > this.#untilMs || plannedMs < this.#fromMs) this.#fromMs = plannedMs
    this.#untilMs = nowMs
  }

  /** For how many milliseconds since `sinceMs` the loop stood still; 0: not long enough to matter. */
  since(sinceMs: number): number {
    const ms = this.#untilMs - Math.max(this.#fromMs, sinceMs)
    return ms > LATE_MS ? ms : 0
  }
}
