import type { Clock } from '../contracts/clock.js'

/** A longer call of the router leads to a warning, because the node can neither interrupt it nor do anything else. */
const CALL_MS_MAX = 50
/** The time that a message of a burst usually takes from one call to the next. */
const MESSAGE_MS_USUAL = 0.01

/**
 * Detects slow calls of the router without reading the clock for each message of a burst. It times the first call of a
 * turn of the event loop, the others only in total. After a turn that took long, it times each call of the next turn.
 */
export class SlowRouterDetector {
  readonly #clock: Clock
  readonly #slow: (tookMs: number) => void
  /** Calls in this turn. */
  #calls = 0
  #everyCall = false
  #turnMs = 0
  #callMs = 0

  constructor(clock: Clock, slow: (tookMs: number) => void) {
    this.#clock = clock
    this.#slow = slow
  }

  /** @returns whether to call `callEnded` after the call */
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
    const usualMs = CALL_MS_MAX + this.#calls * MESSAGE_MS_USUAL
    // If the turn had one call, that call was timed.
    this.#everyCall = this.#calls > 1 && this.#clock.now() - this.#turnMs > usualMs
    this.#calls = 0
  }
}
