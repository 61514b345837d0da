/** What one direction of a connection holds on its way, as a kernel's buffers would. */
export const PIPE_BYTES_MAX = 256 * 1024

/** Bytes that were handed over at one end and have not been read at the other. Bounded. */
export class MemoryPipe {
  #chunks: Uint8Array[] = []
  #bytes = 0

  get bytes(): number {
    return this.#bytes
  }

  get room(): number {
    return PIPE_BYTES_MAX - this.#bytes
  }

  /** Takes as much as there is room for; answers what is left. */
  fill(chunk: Uint8Array): Uint8Array {
    const taken = chunk.subarray(0, this.room)
    if (taken.byteLength > 0) {
      this.#chunks.push(new Uint8Array(taken))
      this.#bytes += taken.byteLength
    }
    return chunk.subarray(taken.byteLength)
  }

  /** Up to `bytesMax` bytes, in a chunk that nobody else has. */
  read(bytesMax: number): Uint8Array {
    const parts: Uint8Array[] = []
    let wanted = Math.min(bytesMax, this.#bytes)
    const read = new Uint8Array(wanted)
    while (wanted > 0) {
      const first = this.#chunks[0]
      if (first === undefined) break
      const part = first.subarray(0, wanted)
      parts.push(part)
      wanted -= part.byteLength
      if (part.byteLength === first.byteLength) this.#chunks.shift()
      else this.#chunks[0] = first.subarray(part.byteLength)
    }
    let at = 0
    for (const part of parts) {
      read.set(part, at)
      at += part.byteLength
    }
    this.#bytes -= read.byteLength
    return read
  }

  clear(): void {
    this.#chunks = []
    this.#bytes = 0
  }
}
