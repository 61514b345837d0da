const HEADER_BYTES = 2

/** A message with its two bytes of length. Written down once more, so that tests do not trust the codec. */
export function framed(message: Uint8Array): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt16BE(message.length)
  return Buffer.concat([header, message])
}

/** The other way round: bytes as they come, messages as they become whole. */
export class FrameSplitter {
  #rest = Buffer.alloc(0)

  push(chunk: Buffer): Buffer[] {
    const messages: Buffer[] = []
    this.#rest = Buffer.concat([this.#rest, chunk])
    while (this.#rest.length >= HEADER_BYTES) {
      const end = HEADER_BYTES + this.#rest.readUInt16BE(0)
      if (this.#rest.length < end) break
      messages.push(this.#rest.subarray(HEADER_BYTES, end))
      this.#rest = this.#rest.subarray(end)
    }
    return messages
  }
}
