/** Enough for some frames of most protocols. A connection keeps them until a chunk ends where a frame ends. */
export const FIRST_BYTES_MAX = 1024

/** The first bytes of a stream, as long as it is not known whether they are frames. */
export class FirstBytes {
  #bytes = new Uint8Array(0)

  /** Copies the bytes: a view would keep the whole chunk in memory. */
  add(chunk: Uint8Array): void {
    const missingBytes = FIRST_BYTES_MAX - this.#bytes.length
    if (missingBytes === 0) return
    const taken = chunk.subarray(0, missingBytes)
    const grown = new Uint8Array(this.#bytes.length + taken.length)
    grown.set(this.#bytes)
    grown.set(taken, this.#bytes.length)
    this.#bytes = grown
  }

  get bytes(): Uint8Array {
    return this.#bytes
  }
}
