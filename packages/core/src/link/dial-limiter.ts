import type { Clock } from '../contracts/clock.js'

/**
 * Grants permits to dial in turn, so that thousands of links that have lost one peer do not all dial at the same time.
 * Waiting permits are granted at the end of the present callback: a listener of another link's dial must not change a
 * link while that link is giving its permit back.
 */
export class DialLimiter {
  readonly #clock: Clock
  #dialsMax: number
  /** Below 0 if more dials are in progress than the limit allows now. */
  #free: number
  readonly #waiting = new Set<DialPermit>()

  constructor(clock: Clock, dialsMax: number) {
    this.#clock = clock
    this.#dialsMax = dialsMax
    this.#free = dialsMax
  }

  /** Changes the limit. Dials in progress continue; if the limit allows more, waiting ones begin. */
  resize(dialsMax: number): void {
    this.#free += dialsMax - this.#dialsMax
    this.#dialsMax = dialsMax
    this.#grantSoon()
  }

  /** A new permit, which is not granted before `ask`. */
  permit(granted: () => void): DialPermit {
    return new DialPermit(this, granted)
  }

  /** For `DialPermit`. Grants the permit now, or after other dials have ended. First come, first served. */
  asked(permit: DialPermit): void {
    if (this.#free > 0 && this.#waiting.size === 0) {
      this.#free--
      permit.grant()
    } else {
      this.#waiting.add(permit)
    }
  }

  /** For `DialPermit`. */
  returned(permit: DialPermit, wasGranted: boolean): void {
    if (!wasGranted) {
      this.#waiting.delete(permit)
      return
    }
    this.#free++
    this.#grantSoon()
  }

  #grantSoon(): void {
    if (this.#waiting.size === 0) return
    this.#clock.soon(() => {
      this.#grantWaiting()
    })
  }

  #grantWaiting(): void {
    for (const permit of this.#waiting) {
      if (this.#free <= 0) return
      this.#waiting.delete(permit)
      this.#free--
      permit.grant()
    }
  }
}

export class DialPermit {
  readonly #permits: DialLimiter
  readonly #granted: () => void
  #isGranted = false

  constructor(permits: DialLimiter, granted: () => void) {
    this.#permits = permits
    this.#granted = granted
  }

  /** Calls `granted`, now or later. */
  ask(): void {
    this.#permits.asked(this)
  }

  /** For `DialLimiter`. */
  grant(): void {
    this.#isGranted = true
    this.#granted()
  }

  /** The dial has ended, or is not needed any more. A second call has no effect. */
  giveBack(): void {
    const wasGranted = this.#isGranted
    this.#isGranted = false
    this.#permits.returned(this, wasGranted)
  }
}
