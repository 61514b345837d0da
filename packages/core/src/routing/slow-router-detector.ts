import type { Clock } from '../contracts/clock.js'

/** A router that takes longer than this is named: a call that hangs cannot be stopped, it stops everything. */
const CALL_MS_MAX = 50
/** What a message of a burst may take from one call to the next without a suspicion. */
const MESSAGE_MS_USUAL = 0.01

/**
 * Notices calls of the router that take long, without reading the clock for each message of a burst. The first call
 * of a turn of the event loop is timed; the others only as a whole, and one by one in the turn that follows a long one.
 */
export class SlowRouterDetector {
  readonly #clock: Clock
  readonly #slow: (tookMs: number) => void
  /** Calls in the present turn. */
  #calls = 0
  #everyCall = false
  #turnMs = 0
  #callMs = 0

  constructor(clock: Clock, slow: (tookMs: number) => void) {
    this.#clock = clock
    this.#slow = slow
  }

  /** @returns whether `callEnded` has to follow. */
  callBegins(): boolean {
    if (++this.#calls > 1 && !this.#everyCall) return false
    this.#callMs = this.#clock.now()
    if (this.#calls === 1) {
      this.#turnMs = this.#callMs
      this.#clock.soon(this.#turnEnded)
    }
    return true
  }

  callEnded(): void {
    const tookMs = this.#clock.now() - this.#callMs
    if (tookMs > CALL_MS_MAX) this.#slow(tookMs)
  }

  readonly #turnEnded = (): void => {
    const unsuspiciousMs = CALL_MS_MAX + this.#calls * MESSAGE_MS_USUAL
    // A turn of one call has been timed already.
    this.#everyCall = this.#calls > 1 && this.#clock.now() - this.#turnMs > unsuspiciousMs
    this.#calls = 0
  }
}
