/** Enough for some frames of most protocols; kept only by connections that were never in step. */
export const FIRST_BYTES_MAX = 1024

/** The first bytes of a stream, for as long as nobody knows whether they are frames. */
export class FirstBytes {
  #bytes = new Uint8Array(0)

  /** A copy: a view would pin the whole chunk. */
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
