import { CONTROL_LIMITS } from './control-limits.js'

/** How long after its start more clients may join a text. */
const JOIN_MS = 100

/**
 * A long text that is made part by part. Clients that ask for it at about the same time share one text, and at most
 * `CONTROL_LIMITS.unreadTexts` texts exist: if that many are still unread, a client receives the newest of them from its
 * beginning. So the memory does not depend on the number of clients, and no client waits for another one to read.
 */
export class SharedText {
  readonly #parts: () => AsyncIterable<string>
  /** The texts that a client still reads, the newest last. */
  readonly #live: OneText[] = []

  constructor(parts: () => AsyncIterable<string>) {
    this.#parts = parts
  }

  /** The text, encoded as UTF-8. */
  async *read(): AsyncGenerator<Uint8Array> {
    const text = this.#current()
    text.readers++
    try {
      for (let at = 0; ; at++) {
        const part = await text.part(at)
        if (part === undefined) return
        yield part
      }
    } finally {
      text.readers--
      if (text.readers === 0) this.#remove(text)
    }
  }

  #current(): OneText {
    const newest = this.#live.at(-1)
    const isFull = this.#live.length >= CONTROL_LIMITS.unreadTexts
    if (newest !== undefined && (isFull || newest.ageMs < JOIN_MS)) return newest
    const text = new OneText(this.#parts())
    this.#live.push(text)
    return text
  }

  #remove(text: OneText): void {
    this.#live.splice(this.#live.indexOf(text), 1)
    text.end()
  }
}

/** One text with its parts so far. The reader that is furthest lets the next part be made. */
class OneText {
  readers = 0
  readonly #startedMs = performance.now()
  readonly #source: AsyncIterator<string>
  readonly #encoder = new TextEncoder()
  readonly #made: Promise<Uint8Array | undefined>[] = []

  constructor(source: AsyncIterable<string>) {
    this.#source = source[Symbol.asyncIterator]()
  }

  get ageMs(): number {
    return performance.now() - this.#startedMs
  }

  /** @returns undefined after the last part */
  part(at: number): Promise<Uint8Array | undefined> {
    return (this.#made[at] ??= this.#next())
  }

  async #next(): Promise<Uint8Array | undefined> {
    const result = await this.#source.next()
    return result.done === true ? undefined : this.#encoder.encode(result.value)
  }

  /** No client reads any more. */
  end(): void {
    this.#source.return?.().catch(() => undefined)
  }
}
