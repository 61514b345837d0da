import type { Clock, Timer } from '../contracts/clock.js'
import { DURATION_MS_MAX } from '../units/duration.js'
import { GRACE_MS, LATE_MS } from './late-timer.js'

/** How late a deadline may expire, as a fraction of its delay. */
const COARSE = 0.01
/** Deadlines expire on multiples of these, in milliseconds. A delay in round numbers is on its grid already. */
const GRIDS_MS = [100, 50, 20, 10, 5, 2] as const

/** An object and not a function, because a closure for each of many thousands of deadlines would need more memory. */
export interface DeadlineOwner {
  expired(deadline: Deadline): void
}

/**
 * A timeout that traffic postpones by storing a time stamp. The timer reads the stamp when it fires. So a busy link
 * pays one assignment for each chunk, and an idle one pays nothing.
 *
 * A deadline expires on a grid of times, up to a hundredth of its delay late. So the heartbeats of ten thousand links
 * wake the process a hundred times in their interval, and not ten thousand times.
 */
export class Deadline {
  readonly #clock: Clock
  #delayMs: number
  readonly #owner: DeadlineOwner
  #timer: Timer | undefined
  #armedForMs = 0
  // NaN: not running.
  #sinceMs = Number.NaN
  // NaN: not paused.
  #elapsedMs = Number.NaN
  #graced = false

  /** `delayMs` 0: never expires. */
  constructor(clock: Clock, delayMs: number, owner: DeadlineOwner) {
    this.#clock = clock
    this.#delayMs = delayMs
    this.#owner = owner
  }

  get running(): boolean {
    return !Number.isNaN(this.#sinceMs)
  }

  /** Starts or restarts it: it expires `delayMs` after `nowMs`. */
  start(nowMs: number): void {
    this.#run(nowMs, nowMs)
  }

  #run(sinceMs: number, nowMs: number): void {
    if (this.#delayMs === 0) return
    this.#sinceMs = sinceMs
    this.#elapsedMs = Number.NaN
    this.#graced = false
    // A timer that exists already was set for an earlier start, so it fires early enough to check again.
    if (this.#timer === undefined) this.#armOnGrid(nowMs, sinceMs + this.#delayMs)
  }

  /** Stops the time, if the deadline runs. `resume` continues with the time that was left. */
  pause(nowMs: number): void {
    if (!this.running) return
    this.#elapsedMs = nowMs - this.#sinceMs
    this.#sinceMs = Number.NaN
  }

  resume(nowMs: number): void {
    if (!Number.isNaN(this.#elapsedMs)) this.#run(nowMs - this.#elapsedMs, nowMs)
  }

  /** Keeps the timer, which will do nothing when it fires: stopping is frequent, and cancelling a timer is not free. */
  stop(): void {
    this.#sinceMs = Number.NaN
    this.#elapsedMs = Number.NaN
  }

  /** Changes the delay, which still counts from the same start. 0: never expires from now on. */
  setDelay(delayMs: number, nowMs: number): void {
    if (delayMs === this.#delayMs) return
    this.#delayMs = delayMs
    this.#timer?.cancel()
    this.#timer = undefined
    if (delayMs === 0) this.stop()
    else if (this.running) this.#armOnGrid(nowMs, Math.max(nowMs, this.#sinceMs + delayMs))
  }

  /** Stops, and cancels the timer. */
  dispose(): void {
    this.stop()
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #armOnGrid(nowMs: number, dueMs: number): void {
    const mostMs = this.#delayMs * COARSE
    const gridMs = GRIDS_MS.find((grid) => grid <= mostMs) ?? 1
    this.#arm(nowMs, Math.min(Math.ceil(dueMs / gridMs) * gridMs, nowMs + DURATION_MS_MAX))
  }

  #arm(nowMs: number, dueMs: number): void {
    this.#armedForMs = dueMs
    this.#timer = this.#clock.after(Math.max(1, Math.ceil(dueMs - nowMs)), () => {
      this.#fired()
    })
  }

  #fired(): void {
    this.#timer = undefined
    if (!this.running) return
    const nowMs = this.#clock.now()
    const leftMs = this.#sinceMs + this.#delayMs - nowMs
    if (leftMs > 0) {
      this.#armOnGrid(nowMs, nowMs + leftMs)
    } else if (nowMs - this.#armedForMs > LATE_MS && !this.#graced) {
      this.#graced = true
      this.#arm(nowMs, nowMs + GRACE_MS)
    } else {
      this.stop()
      this.#owner.expired(this)
    }
  }
}
