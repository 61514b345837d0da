/**
 * A key pressed at a terminal reaches a command that was started through npm twice: from the terminal, and passed
 * on by npm. What comes this soon after the first is the same wish.
 */
const SAME_WISH_MS = 300

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

export type StopSignalName = (typeof SIGNALS)[number]

/** SIGINT and SIGTERM: the first asks for an orderly end, a second one for an end at once. */
export class StopSignals {
  readonly #first: (signal: StopSignalName) => void
  readonly #second: (signal: StopSignalName) => void
  #askedMs: number | undefined

  constructor(first: (signal: StopSignalName) => void, second: (signal: StopSignalName) => void) {
    this.#first = first
    this.#second = second
    for (const signal of SIGNALS) process.on(signal, this.#received)
  }

  readonly #received = (signal: NodeJS.Signals): void => {
    const name = signal === 'SIGINT' ? 'SIGINT' : 'SIGTERM'
    const nowMs = performance.now()
    if (this.#askedMs === undefined) {
      this.#askedMs = nowMs
      this.#first(name)
    } else if (nowMs - this.#askedMs > SAME_WISH_MS) {
      this.#second(name)
    }
  }

  close(): void {
    for (const signal of SIGNALS) process.off(signal, this.#received)
  }
}
