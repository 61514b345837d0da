import type { Clock, Timer } from '../contracts/clock.js'

/** A timer that fires this late tells of a process that was stopped or blocked, not of a silent peer. */
const LATE_MS = 20
/** Then I/O that waited meanwhile is read first. */
const GRACE_MS = 50

/**
 * A timeout that traffic pushes forward by storing a time stamp; the timer looks at it when it fires. A link that
 * is busy pays one assignment for each chunk, and one that is idle pays nothing.
 */
export class Deadline {
  readonly #clock: Clock
  #delayMs: number
  readonly #expired: () => void
  #timer: Timer | undefined
  #armedForMs = 0
  // NaN: not running.
  #sinceMs = Number.NaN
  // NaN: not paused.
  #elapsedMs = Number.NaN
  #graced = false

  /** `delayMs` 0: never expires. */
  constructor(clock: Clock, delayMs: number, expired: () => void) {
    this.#clock = clock
    this.#delayMs = delayMs
    this.#expired = expired
  }

  get running(): boolean {
    return !Number.isNaN(this.#sinceMs)
  }

  /** Begins, or begins anew: expires `delayMs` after `nowMs`. */
  start(nowMs: number): void {
    this.#run(nowMs, nowMs)
  }

  #run(sinceMs: number, nowMs: number): void {
    if (this.#delayMs === 0) return
    this.#sinceMs = sinceMs
    this.#elapsedMs = Number.NaN
    this.#graced = false
    // A timer that is there was armed for an earlier start, so it fires in time to look again.
    if (this.#timer === undefined) this.#arm(nowMs, sinceMs + this.#delayMs - nowMs)
  }

  /** Stands still, if it runs; `resume` goes on with what was left. */
  pause(nowMs: number): void {
    if (!this.running) return
    this.#elapsedMs = nowMs - this.#sinceMs
    this.#sinceMs = Number.NaN
  }

  resume(nowMs: number): void {
    if (!Number.isNaN(this.#elapsedMs)) this.#run(nowMs - this.#elapsedMs, nowMs)
  }

  /** The timer stays and finds nothing to do: stopping is as frequent as starting. */
  stop(): void {
    this.#sinceMs = Number.NaN
    this.#elapsedMs = Number.NaN
  }

  /** Another delay, counted from when the present one began; 0: never expires from now on. */
  setDelay(delayMs: number, nowMs: number): void {
    if (delayMs === this.#delayMs) return
    this.#delayMs = delayMs
    this.#timer?.cancel()
    this.#timer = undefined
    if (delayMs === 0) this.stop()
    else if (this.running) this.#arm(nowMs, Math.max(0, this.#sinceMs + delayMs - nowMs))
  }

  /** Stops, and leaves no timer behind. */
  dispose(): void {
    this.stop()
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #arm(nowMs: number, delayMs: number): void {
    this.#armedForMs = nowMs + delayMs
    this.#timer = this.#clock.after(Math.max(1, Math.ceil(delayMs)), () => {
      this.#fired()
    })
  }

  #fired(): void {
    this.#timer = undefined
    if (!this.running) return
    const nowMs = this.#clock.now()
    const leftMs = this.#sinceMs + this.#delayMs - nowMs
    if (leftMs > 0) {
      this.#arm(nowMs, leftMs)
    } else if (nowMs - this.#armedForMs > LATE_MS && !this.#graced) {
      this.#graced = true
      this.#arm(nowMs, GRACE_MS)
    } else {
      this.stop()
      this.#expired()
    }
  }
}
