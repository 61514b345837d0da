import type { Clock, Timer } from '../contracts/clock.js'

/** Ends a connection to an address that is not the first one, after a time that the configuration sets. */
export class FailBack {
  readonly #clock: Clock
  readonly #due: () => void
  #provedMs: number | undefined
  #timer: Timer | undefined

  constructor(clock: Clock, due: () => void) {
    this.#clock = clock
    this.#due = due
  }

  /** The present connection has given a proof of life. 0: it may stay. */
  proved(afterMs: number): void {
    this.#provedMs = this.#clock.now()
    this.#start(afterMs)
  }

  /** The configuration has changed. The time still counts from the proof of life. */
  change(afterMs: number): void {
    if (this.#provedMs === undefined) return
    this.#timer?.cancel()
    this.#start(Math.max(1, afterMs - (this.#clock.now() - this.#provedMs)), afterMs === 0)
  }

  #start(afterMs: number, isOff = afterMs === 0): void {
    this.#timer = isOff ? undefined : this.#clock.after(afterMs, this.#due)
  }

  /** The connection has ended. */
  stop(): void {
    this.#provedMs = undefined
    this.#timer?.cancel()
    this.#timer = undefined
  }
}
