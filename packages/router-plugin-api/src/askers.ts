/** A connection from which a question came, as a router gets it in `message.from`. */
export interface Asker {
  readonly link: string
  readonly epoch: number
}

export interface AskersOptions {
  /** The most questions that are remembered. Default: 10 000. */
  readonly max?: number
  /** How long a question is remembered, in milliseconds. Default: 10 000. */
  readonly ageMsMax?: number
  /** Monotonic milliseconds. Default: `performance.now`. */
  readonly now?: () => number
}

interface Question {
  readonly from: Asker
  readonly endMs: number
}

/**
 * For routers that relay questions: which connection asked what, so that the answer goes back over the same connection,
 * and not to another peer that has taken its place. Number and age of the questions are limited, so a server that never
 * answers costs answers and not memory.
 *
 *     route({ payload, from }) {
 *       const key = keyOf(payload)
 *       if (from.link === 'server') return askers.take(key) ?? { drop: 'nothing asked for this' }
 *       return askers.remember(key, from) ? 'server' : { drop: 'too many questions' }
 *     }
 */
export class Askers<Key extends string | number = string | number> {
  readonly #max: number
  readonly #ageMsMax: number
  readonly #now: () => number
  /** Each line has the oldest question first. */
  readonly #byKey = new Map<Key, Question[]>()
  #size = 0
  #sweepDueMs: number

  constructor({
    max = 10_000,
    ageMsMax = 10_000,
    now = () => performance.now(),
  }: AskersOptions = {}) {
    this.#max = max
    this.#ageMsMax = ageMsMax
    this.#now = now
    this.#sweepDueMs = now() + ageMsMax / 5
  }

  /** Questions that are remembered. Those that are too old may still be counted, for at most a fifth of their age. */
  get size(): number {
    return this.#size
  }

  /**
   * Remembers who asked. Questions with the same key form a line: the answers are given in the order of the questions.
   * @returns false if there is no room, and the question is not remembered
   */
  remember(key: Key, from: Asker): boolean {
    const nowMs = this.#now()
    if (nowMs >= this.#sweepDueMs) this.#sweep(nowMs)
    if (this.#size >= this.#max) return false
    const question = { from, endMs: nowMs + this.#ageMsMax }
    const line = this.#byKey.get(key)
    if (line === undefined) this.#byKey.set(key, [question])
    else line.push(question)
    this.#size++
    return true
  }

  /** Forgets the oldest question with this key. @returns who asked; undefined: no such question is remembered */
  take(key: Key): Asker | undefined {
    const line = this.#byKey.get(key)
    if (line === undefined) return undefined
    const nowMs = this.#now()
    for (let question = line.shift(); question !== undefined; question = line.shift()) {
      this.#size--
      if (line.length === 0) this.#byKey.delete(key)
      if (question.endMs > nowMs) return question.from
    }
    return undefined
  }

  /** Not for every question, because it looks at all of them. */
  #sweep(nowMs: number): void {
    this.#sweepDueMs = nowMs + this.#ageMsMax / 5
    for (const [key, line] of this.#byKey) {
      const waiting = line.filter(({ endMs }) => endMs > nowMs)
      this.#size -= line.length - waiting.length
      if (waiting.length === 0) this.#byKey.delete(key)
      else if (waiting.length < line.length) this.#byKey.set(key, waiting)
    }
  }
}
