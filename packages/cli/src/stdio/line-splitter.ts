const NEWLINE = 10

/** One line of input without its line feed. Of a line that was too long only the size is kept. */
export interface InputLine {
  /** From 1. */
  readonly number: number
  /** undefined: the line was too long and has been skipped. */
  readonly bytes: Uint8Array | undefined
  readonly bytesTotal: number
}

/**
 * Splits a stream of bytes into lines at the byte 0x0a. Lines are decoded when they are complete, so that a chunk boundary
 * cannot split a character. The caller pulls lines, so that the rest of a chunk can wait. A line that is too long is
 * skipped; it never takes more than `lineBytesMax` of memory.
 */
export class LineSplitter {
  #lineBytesMax: number
  #chunk: Uint8Array = EMPTY
  #at = 0
  /** The beginning of the current line, from earlier chunks. */
  #parts: Uint8Array[] = []
  #partBytes = 0
  #skipping = false
  #number = 0

  constructor(lineBytesMax: number) {
    this.#lineBytesMax = lineBytesMax
  }

  /** Sets another limit, which also applies to the current line. */
  limit(lineBytesMax: number): void {
    this.#lineBytesMax = lineBytesMax
  }

  /** May be called only after `next` has returned undefined. */
  push(chunk: Uint8Array): void {
    this.#chunk = chunk
    this.#at = 0
  }

  /** The next complete line; undefined: more bytes are needed. */
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

  /** The bytes after the last line feed; undefined: there are none. */
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
