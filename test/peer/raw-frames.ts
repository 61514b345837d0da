/** The options of a two-byte length that the two ends have to agree on. */
export interface LengthShape {
  readonly byteOrder?: 'big' | 'little'
  readonly includesHeader?: boolean
}

const HEADER_BYTES = 2

/**
 * One frame, made by hand: it shares no code with the codec under test.
 * @throws RangeError if the length does not fit into two bytes
 */
export function rawFrame(payload: Uint8Array | string, shape: LengthShape = {}): Buffer {
  const body = Buffer.from(payload)
  const header = Buffer.alloc(HEADER_BYTES)
  const length = body.length + (shape.includesHeader === true ? HEADER_BYTES : 0)
  if (shape.byteOrder === 'little') header.writeUInt16LE(length)
  else header.writeUInt16BE(length)
  return Buffer.concat([header, body])
}

export function rawFrames(payloads: readonly (Uint8Array | string)[], shape?: LengthShape): Buffer {
  return Buffer.concat(payloads.map((payload) => rawFrame(payload, shape)))
}

/** Cuts a stream back into payloads, by hand as well. */
export class RawFrameReader {
  readonly payloads: Buffer[] = []
  readonly #shape: LengthShape
  #rest: Buffer = Buffer.alloc(0)

  constructor(shape: LengthShape = {}) {
    this.#shape = shape
  }

  /** Bytes of a frame that is not whole yet. */
  get restBytes(): number {
    return this.#rest.length
  }

  push(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    let at = 0
    while (bytes.length - at >= HEADER_BYTES) {
      const size = this.#payloadBytes(bytes, at)
      const end = at + HEADER_BYTES + size
      if (size < 0) throw new Error('a frame came whose length does not cover its own header')
      if (end > bytes.length) break
      this.payloads.push(bytes.subarray(at + HEADER_BYTES, end))
      at = end
    }
    this.#rest = bytes.subarray(at)
  }

  #payloadBytes(bytes: Buffer, at: number): number {
    const { byteOrder, includesHeader } = this.#shape
    const length = byteOrder === 'little' ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at)
    return includesHeader === true ? length - HEADER_BYTES : length
  }
}
