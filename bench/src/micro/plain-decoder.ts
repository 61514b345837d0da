const HEADER_BYTES = 2

/** The simplest decoder: it puts the rest before the next chunk and cuts frames off the front. */
export class PlainDecoder {
  #rest = new Uint8Array(0)

  /** @returns the number of payload bytes in the complete frames */
  push(chunk: Uint8Array): number {
    const bytes = this.#joined(chunk)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    let at = 0
    let payloadBytes = 0
    while (bytes.length - at >= HEADER_BYTES) {
      const end = at + HEADER_BYTES + view.getUint16(at)
      if (end > bytes.length) break
      payloadBytes += bytes.subarray(at + HEADER_BYTES, end).length
      at = end
    }
    this.#rest = bytes.slice(at)
    return payloadBytes
  }

  #joined(chunk: Uint8Array): Uint8Array {
    if (this.#rest.length === 0) return chunk
    const bytes = new Uint8Array(this.#rest.length + chunk.length)
    bytes.set(this.#rest)
    bytes.set(chunk, this.#rest.length)
    return bytes
  }
}
