const NEWLINE = 10

/** One line of input, without its end; or one that was too long, of which only the size is left. */
export interface InputLine {
  /** From 1. */
  readonly number: number
  /** undefined: longer than allowed, and skipped. */
  readonly bytes: Uint8Array | undefined
  readonly bytesTotal: number
}

/**
 * Cuts a stream of bytes into lines, at the bytes 0x0a: text is decoded when the line is whole, so that no character
 * is torn by the way the bytes came. Pulled, so that what was pushed can wait. A line that is too long costs only
 * itself, and while it comes not more than `lineBytesMax` of memory.
 */
export class LineSplitter {
  #lineBytesMax: number
  #chunk: Uint8Array = EMPTY
  #at = 0
  /** Parts of a line that has begun in earlier chunks. */
  #parts: Uint8Array[] = []
  #partBytes = 0
  #skipping = false
  #number = 0

  constructor(lineBytesMax: number) {
    this.#lineBytesMax = lineBytesMax
  }

  /** From now on; a line that has begun counts by it too. */
  limit(lineBytesMax: number): void {
    this.#lineBytesMax = lineBytesMax
  }

  /** Only when `next` has answered undefined. */
  push(chunk: Uint8Array): void {
    this.#chunk = chunk
    this.#at = 0
  }

  /** The next whole line; undefined: more bytes are needed. */
  next(): InputLine | undefined {
    if (this.#at >= this.#chunk.length) return undefined
    const end = this.#chunk.indexOf(NEWLINE, this.#at)
    if (end === -1) {
      this.#keep(this.#chunk.subarray(this.#at))
      this.#at = this.#chunk.length
      return undefined
    }
    const rest = this.#chunk.subarray(this.#at, end)
    this.#at = end + 1
    return this.#line(rest)
  }

  /** What stands after the last line end; undefined: nothing. */
  end(): InputLine | undefined {
    return this.#partBytes > 0 ? this.#line(EMPTY) : undefined
  }

  #keep(part: Uint8Array): void {
    this.#partBytes += part.length
    if (this.#partBytes > this.#lineBytesMax) {
      this.#skipping = true
      this.#parts = []
    } else {
      this.#parts.push(part)
    }
  }

  #line(rest: Uint8Array): InputLine {
    const bytesTotal = this.#partBytes + rest.length
    const tooLong = this.#skipping || bytesTotal > this.#lineBytesMax
    const bytes = tooLong ? undefined : this.#parts.length === 0 ? rest : this.#joined(rest)
    this.#parts = []
    this.#partBytes = 0
    this.#skipping = false
    return { number: ++this.#number, bytes, bytesTotal }
  }

  #joined(rest: Uint8Array): Uint8Array {
    return Buffer.concat([...this.#parts, rest])
  }
}

const EMPTY = new Uint8Array(0)
