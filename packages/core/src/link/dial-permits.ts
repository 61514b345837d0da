/** Leave to dial, given in turn: thousands of links that lost one peer do not all dial at once. */
export class DialPermits {
  #dialsMax: number
  /** Below 0 where more dials are under way than there may be now. */
  #free: number
  readonly #waiting = new Set<DialPermit>()

  constructor(dialsMax: number) {
    this.#dialsMax = dialsMax
    this.#free = dialsMax
  }

  /** Another number of dials at once. Those under way go on; with more, those that wait begin. */
  resize(dialsMax: number): void {
    this.#free += dialsMax - this.#dialsMax
    this.#dialsMax = dialsMax
    this.#grantWaiting()
  }

  /** A permit to ask for. */
  permit(granted: () => void): DialPermit {
    return new DialPermit(this, granted)
  }

  /** For the permit itself: grants at once, or when another dial has ended, in order of asking. */
  asked(permit: DialPermit): void {
    if (this.#free > 0) {
      this.#free--
      permit.grant()
    } else {
      this.#waiting.add(permit)
    }
  }

  /** For the permit itself. */
  returned(permit: DialPermit, wasGranted: boolean): void {
    if (!wasGranted) {
      this.#waiting.delete(permit)
      return
    }
    this.#free++
    this.#grantWaiting()
  }

  #grantWaiting(): void {
    for (const next of this.#waiting) {
      if (this.#free <= 0) return
      this.#free--
      this.#waiting.delete(next)
      next.grant()
    }
  }
}

export class DialPermit {
  readonly #permits: DialPermits
  readonly #granted: () => void
  #state: 'waiting' | 'granted' | 'given back' = 'waiting'

  constructor(permits: DialPermits, granted: () => void) {
    this.#permits = permits
    this.#granted = granted
  }

  /** Calls `granted`, at once or later. */
  ask(): void {
    this.#permits.asked(this)
  }

  /** For `DialPermits`. */
  grant(): void {
    this.#state = 'granted'
    this.#granted()
  }

  /** The dial has ended, or is not wanted any more. */
  giveBack(): void {
    const before = this.#state
    if (before === 'given back') return
    this.#state = 'given back'
    this.#permits.returned(this, before === 'granted')
  }
}
