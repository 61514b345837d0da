import type { Clock, Timer } from '../contracts/clock.js'
import { afterTurn } from '../turns/loop-turn.js'
import { DURATION_MS_MAX } from '../units/duration.js'
import { LoopStalls } from './loop-stalls.js'

/** How late a deadline may expire, as a fraction of its delay. */
const COARSE = 0.01
/** Deadlines expire on multiples of these, in milliseconds. A delay in round numbers is on its grid already. */
const GRIDS_MS = [100, 50, 20, 10, 5, 2] as const

/** An object and not a function, because a closure for each of many thousands of deadlines would need more memory. */
export interface DeadlineOwner {
  expired(deadline: Deadline): void
}

/**
 * `peer`: the owner blames the peer for the expiry. The deadline gets the time back in which the event loop stood still, at
 * most once its delay, and before it expires, the loop handles what waits in the kernel.
 * `node`: the owner acts, and late is bad enough.
 */
export type DeadlineKind = 'peer' | 'node'

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
  readonly #kind: DeadlineKind
  #timer: Timer | undefined
  #armedForMs = 0
  // NaN: not running.
  #sinceMs = Number.NaN
  // NaN: not paused.
  #elapsedMs = Number.NaN
  /** It has got back the time in which the loop stood still. */
  #extended = false

  /** `delayMs` 0: never expires. */
  constructor(clock: Clock, delayMs: number, owner: DeadlineOwner, kind: DeadlineKind = 'peer') {
    this.#clock = clock
    this.#delayMs = delayMs
    this.#owner = owner
    this.#kind = kind
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
    this.#extended = false
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
    const nowMs = this.#clock.now()
    const stalls = LoopStalls.of(this.#clock)
    stalls.fired(this.#armedForMs, nowMs)
    if (!this.running) return
    if (this.#armedAgain(nowMs)) return
    if (this.#kind === 'node') {
      this.#expire()
      return
    }
    const backMs = this.#extended ? 0 : Math.min(stalls.since(this.#sinceMs), this.#delayMs)
    if (backMs > 0) {
      this.#extended = true
      this.#arm(nowMs, nowMs + backMs)
    } else {
      this.#timer = afterTurn(this.#clock, () => {
        this.#turned()
      })
    }
  }

  /** The loop has handled what waited in the kernel. */
  #turned(): void {
    this.#timer = undefined
    if (this.running && !this.#armedAgain(this.#clock.now())) this.#expire()
  }

  /** Whether there is time left, because traffic has restarted the deadline. */
  #armedAgain(nowMs: number): boolean {
    const leftMs = this.#sinceMs + this.#delayMs - nowMs
    if (leftMs > 0) this.#armOnGrid(nowMs, nowMs + leftMs)
    return leftMs > 0
  }

  #expire(): void {
    this.stop()
    this.#owner.expired(this)
  }
}
