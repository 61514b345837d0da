/** How a node and its peers frame: what the two have to agree on, and what the node takes. */
export interface WireShape {
  readonly byteOrder: 'big' | 'little'
  /** The length counts its own two bytes. */
  readonly lengthIncludesHeader: boolean
  readonly payloadBytesMax: number
  readonly emptyFrames: 'deliver' | 'reject'
}

/** What a node speaks that was told nothing else. */
export const STANDARD_SHAPE: WireShape = {
  byteOrder: 'big',
  lengthIncludesHeader: false,
  payloadBytesMax: 65_535,
  emptyFrames: 'deliver',
}

export const HEADER_BYTES = 2
export const LENGTH_MAX = 0xffff

type HeaderShape = Pick<WireShape, 'byteOrder' | 'lengthIncludesHeader'>

/**
 * The two bytes before a payload of this size. Made by hand, so that no mistake of a codec is made on both sides.
 * @throws RangeError where the length does not fit into two bytes.
 */
export function wireHeader(payloadBytes: number, shape: HeaderShape = STANDARD_SHAPE): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  const length = payloadBytes + countedHeaderBytes(shape)
  if (shape.byteOrder === 'little') header.writeUInt16LE(length)
  else header.writeUInt16BE(length)
  return header
}

/** One whole frame. @throws RangeError where the length does not fit into two bytes. */
export function wireFrame(
  payload: Uint8Array | string,
  shape: HeaderShape = STANDARD_SHAPE,
): Buffer {
  const body = Buffer.from(payload)
  return Buffer.concat([wireHeader(body.length, shape), body])
}

/** Cuts what a node sends back into payloads, by hand as well. Holds at most one frame that is not whole. */
export class WireReader {
  readonly #shape: HeaderShape
  readonly #took: (payload: Buffer) => void
  #rest: Buffer = Buffer.alloc(0)

  constructor(shape: HeaderShape, took: (payload: Buffer) => void) {
    this.#shape = shape
    this.#took = took
  }

  /** Bytes of a frame that has begun and is not whole. */
  get restBytes(): number {
    return this.#rest.length
  }

  push(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    let at = 0
    while (bytes.length - at >= HEADER_BYTES) {
      const end = at + HEADER_BYTES + this.#payloadBytesAt(bytes, at)
      if (end > bytes.length) break
      this.#took(bytes.subarray(at + HEADER_BYTES, end))
      at = end
    }
    // A copy: the rest of a chunk must not keep the whole of it.
    this.#rest = Buffer.from(bytes.subarray(at))
  }

  #payloadBytesAt(bytes: Buffer, at: number): number {
    const { byteOrder } = this.#shape
    const length = byteOrder === 'little' ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at)
    // A length that does not cover its own header is for the verdict of a script, not for an exception here.
    return Math.max(0, length - countedHeaderBytes(this.#shape))
  }
}

function countedHeaderBytes({ lengthIncludesHeader }: HeaderShape): number {
  return lengthIncludesHeader ? HEADER_BYTES : 0
}
