const WINDOW_MS = 1_000
/** Kinds kept apart at once; what goes beyond shares one. */
const KINDS_MAX = 32

interface Window<Facts> {
  untold: number
  last: Facts
  timer: NodeJS.Timeout
}

/**
 * One log line for many equal facts: the first of a kind at once, the rest as a count once a second. What happens a
 * hundred thousand times is then a few lines, and none of it goes uncounted.
 */
export class RepeatedLine<Facts> {
  readonly #tell: (facts: Facts, count: number) => void
  readonly #windows = new Map<string, Window<Facts>>()

  constructor(tell: (facts: Facts, count: number) => void) {
    this.#tell = tell
  }

  /** `count`: how often it has happened since it was told last. */
  happened(kind: string, facts: Facts, count = 1): void {
    const key = this.#windows.has(kind) || this.#windows.size < KINDS_MAX ? kind : 'everything else'
    const window = this.#windows.get(key)
    if (window === undefined) {
      this.#windows.set(key, { untold: 0, last: facts, timer: this.#begin(key) })
      this.#tell(facts, count)
    } else {
      window.untold += count
      window.last = facts
    }
  }

  #begin(key: string): NodeJS.Timeout {
    const ended = (): void => {
      const window = this.#windows.get(key)
      if (window === undefined) return
      if (window.untold === 0) {
        this.#windows.delete(key)
        return
      }
      this.#tell(window.last, window.untold)
      window.untold = 0
      window.timer = this.#begin(key)
    }
    return setTimeout(ended, WINDOW_MS).unref()
  }

  /** Tells what is still untold. */
  close(): void {
    for (const { timer, untold, last } of this.#windows.values()) {
      clearTimeout(timer)
      if (untold > 0) this.#tell(last, untold)
    }
    this.#windows.clear()
  }
}
