import type { Clock } from '../contracts/clock.js'

/** A router that takes longer than this is named: a call that hangs cannot be stopped, it stops everything. */
const CALL_MS_MAX = 50

/**
 * Notices calls of the router that take long, without reading the clock for each message of a burst. The first call
 * of a turn of the event loop is timed; the others only as a whole, and one by one in the turn that follows a long one.
 */
export class RouterWatch {
  readonly #clock: Clock
  readonly #slow: (tookMs: number) => void
  #inTurn = false
  #everyCall = false
  #turnMs = 0
  #callMs = 0

  constructor(clock: Clock, slow: (tookMs: number) => void) {
    this.#clock = clock
    this.#slow = slow
  }

  /** @returns whether `callEnded` has to follow. */
  callBegins(): boolean {
    if (this.#inTurn && !this.#everyCall) return false
    this.#callMs = this.#clock.now()
    if (!this.#inTurn) {
      this.#inTurn = true
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
    this.#inTurn = false
    this.#everyCall = this.#clock.now() - this.#turnMs > CALL_MS_MAX
  }
}
