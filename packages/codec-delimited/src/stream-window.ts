const NOTHING = new Uint8Array(0)
const CARRY_BYTES_MIN = 64

/**
 * The bytes of a stream in which a decoder looks for frames: those of a chunk, or, if a frame began in an earlier chunk, a
 * copy of its beginning and of as much of the chunk as is needed.
 *
 *     chunk    ┌───────┬────┬───────┬──────┐       what is behind the last whole frame is carried over
 *              │ frame │ fr │ frame │ begun│
 *              └───────┴────┴───────┴──┬───┘
 *     carry                    ┌───────┴─┬─────────┐
 *                              │ begun   │ more    │   grows by as much as it has, and goes back to the chunk
 *                              └─────────┴─────────┘   when the frame is whole
 *
 * Memory that was returned as a view is never written again: the carry only grows behind its end.
 */
export class StreamWindow {
  bytes: Uint8Array = NOTHING
  buffer: ArrayBufferLike = NOTHING.buffer
  bufferOffset = 0
  /** Where the decoder is. */
  at = 0
  end = 0
  isCarry = false
  /** The chunk behind the carry. */
  #chunk: Uint8Array = NOTHING
  #chunkAt = 0
  /** How many of the last bytes of the carry are from the chunk. */
  #copied = 0
  readonly #frameBytesMax: number

  /** @param frameBytesMax more memory than for a frame of this size is not reserved in advance */
  constructor(frameBytesMax: number) {
    this.#frameBytesMax = frameBytesMax
  }

  push(chunk: Uint8Array): void {
    // Continuing would lose bytes silently.
    if (this.#chunkAt < this.#chunk.length || (!this.isCarry && this.at < this.end)) {
      throw new Error('delimited: push before next() has answered undefined')
    }
    this.#chunk = chunk
    this.#chunkAt = 0
    this.#copied = 0
    if (!this.isCarry) this.#look(chunk, 0)
  }

  /** Goes on at this position, which is not before the present one. */
  advance(at: number): void {
    this.at = at
    const left = this.end - at
    if (this.isCarry && left <= this.#copied) {
      this.isCarry = false
      this.#look(this.#chunk, this.#chunkAt - left)
    }
  }

  view(from: number, to: number): Uint8Array {
    const until = to < this.end ? to : this.end
    return new Uint8Array(this.buffer, this.bufferOffset + from, until - from)
  }

  /** Adds bytes for a frame that is not whole. @returns false if there are none; then the chunk is released */
  more(): boolean {
    if (!this.isCarry) {
      this.#carryRest()
      return false
    }
    const left = this.#chunk.length - this.#chunkAt
    if (left === 0) {
      this.#forgetChunk()
      return false
    }
    const had = this.end - this.at
    const bytes = Math.min(left, Math.max(CARRY_BYTES_MIN, had))
    this.#makeRoom(had, bytes)
    this.bytes.set(this.#chunk.subarray(this.#chunkAt, this.#chunkAt + bytes), this.end)
    this.end += bytes
    this.#chunkAt += bytes
    this.#copied += bytes
    return true
  }

  #makeRoom(had: number, bytes: number): void {
    if (this.end + bytes <= this.bytes.length) return
    const needed = had + bytes
    const roomy = Math.min(Math.max(CARRY_BYTES_MIN, 2 * needed), this.#frameBytesMax)
    const grown = new Uint8Array(Math.max(needed, roomy))
    grown.set(this.view(this.at, this.end))
    this.#own(grown, had)
  }

  #carryRest(): void {
    const left = this.end - this.at
    if (left > 0) {
      const carry = new Uint8Array(Math.max(left, Math.min(CARRY_BYTES_MIN, this.#frameBytesMax)))
      carry.set(this.view(this.at, this.end))
      this.#own(carry, left)
      this.isCarry = true
    } else {
      this.#own(NOTHING, 0)
    }
    this.#forgetChunk()
  }

  #look(chunk: Uint8Array, at: number): void {
    this.#own(chunk, chunk.length)
    this.at = at
    this.#chunkAt = chunk.length
  }

  #own(bytes: Uint8Array, end: number): void {
    this.bytes = bytes
    this.buffer = bytes.buffer
    this.bufferOffset = bytes.byteOffset
    this.at = 0
    this.end = end
  }

  #forgetChunk(): void {
    this.#chunk = NOTHING
    this.#chunkAt = 0
    this.#copied = 0
  }
}
