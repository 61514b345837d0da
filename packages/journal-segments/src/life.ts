/** The life of an open journal: whether it still works, and which of its calls the storage has not answered yet. */
export class Life {
  readonly #failed: (error: Error) => void
  #running = 0
  #idle: (() => void) | undefined
  /** Why the journal does not work any more. */
  error: Error | undefined
  /** The journal has failed or is closed: nothing new begins. */
  hasEnded = false

  constructor(failed: (error: Error) => void) {
    this.#failed = failed
  }

  /** Wraps a callback for the storage, so that `whenIdle` waits for it. */
  track<Results extends readonly unknown[]>(
    done: (...results: Results) => void,
  ): (...results: Results) => void {
    this.#running++
    return (...results) => {
      this.#running--
      done(...results)
      this.#checkIdle()
    }
  }

  /** The journal fails. Only the first reason counts. */
  fail(error: Error): void {
    if (this.hasEnded) return
    this.error = error
    this.hasEnded = true
    this.#failed(error)
  }

  /** Calls back when the storage has answered everything. */
  whenIdle(idle: () => void): void {
    this.#idle = idle
    this.#checkIdle()
  }

  #checkIdle(): void {
    if (this.#running > 0 || this.#idle === undefined) return
    const idle = this.#idle
    this.#idle = undefined
    idle()
  }
}
