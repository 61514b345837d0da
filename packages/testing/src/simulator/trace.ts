const FNV_OFFSET = 0x811c9dc5
const FNV_PRIME = 0x01000193

/**
 * Everything that happened, in order: as one hash, so that two runs can be compared, and as lines of text if `read` is
 * given.
 */
export class Trace {
  readonly #read: ((line: string) => void) | undefined
  readonly #nowMs: () => number
  readonly #words = new Map<string, number>()
  #hash = FNV_OFFSET
  #entries = 0

  constructor(nowMs: () => number, read?: (line: string) => void) {
    this.#nowMs = nowMs
    this.#read = read
  }

  note(where: string, what: string, number = 0): void {
    const nowMs = this.#nowMs()
    this.#entries++
    this.#mix(Math.round(nowMs * 1000))
    this.#mix(this.#word(where))
    this.#mix(this.#word(what))
    this.#mix(number)
    this.#read?.(
      `${nowMs.toFixed(2).padStart(10)} ms  ${where.padEnd(14)} ${what} ${numberText(number)}`,
    )
  }

  get hash(): string {
    return `${(this.#hash >>> 0).toString(16).padStart(8, '0')}-${String(this.#entries)}`
  }

  /** The number of a text. Hashing each text again would cost more than everything else. */
  #word(text: string): number {
    const known = this.#words.get(text)
    if (known !== undefined) return known
    for (let at = 0; at < text.length; at++) this.#mix(text.charCodeAt(at))
    this.#words.set(text, this.#words.size + 1)
    return this.#words.size
  }

  #mix(value: number): void {
    this.#hash = Math.imul(this.#hash ^ (value | 0), FNV_PRIME)
    this.#hash ^= this.#hash >>> 15
  }
}

function numberText(number: number): string {
  return number === 0 ? '' : String(number)
}
