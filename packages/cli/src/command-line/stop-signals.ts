/**
 * npm forwards signals to its child, so one Ctrl-C at a terminal arrives twice: from the terminal and from npm. A
 * signal this soon after the first belongs to the same Ctrl-C.
 */
const SAME_REQUEST_MS = 300

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

export type StopSignalName = (typeof SIGNALS)[number]

/** SIGINT and SIGTERM: the first signal requests a graceful stop, the second an immediate exit. */
export class StopSignals {
  readonly #first: (signal: StopSignalName) => void
  readonly #second: (signal: StopSignalName) => void
  #firstMs: number | undefined

  constructor(first: (signal: StopSignalName) => void, second: (signal: StopSignalName) => void) {
    this.#first = first
    this.#second = second
    for (const signal of SIGNALS) process.on(signal, this.#received)
  }

  readonly #received = (signal: NodeJS.Signals): void => {
    const name = signal === 'SIGINT' ? 'SIGINT' : 'SIGTERM'
    const nowMs = performance.now()
    if (this.#firstMs === undefined) {
      this.#firstMs = nowMs
      this.#first(name)
    } else if (nowMs - this.#firstMs > SAME_REQUEST_MS) {
      this.#second(name)
    }
  }

  close(): void {
    for (const signal of SIGNALS) process.off(signal, this.#received)
  }
}
