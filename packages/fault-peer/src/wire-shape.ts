/** How a node and its peers frame payloads, and what the node accepts. */
export interface WireShape {
  readonly byteOrder: 'big' | 'little'
  /** Whether the length includes its own two bytes. */
  readonly lengthIncludesHeader: boolean
  readonly payloadBytesMax: number
  readonly emptyFrames: 'deliver' | 'reject'
}

/** The framing of a node without codec options. */
export const DEFAULT_SHAPE: WireShape = {
  byteOrder: 'big',
  lengthIncludesHeader: false,
  payloadBytesMax: 65_535,
  emptyFrames: 'deliver',
}

export const HEADER_BYTES = 2
export const LENGTH_MAX = 0xffff

type HeaderShape = Pick<WireShape, 'byteOrder' | 'lengthIncludesHeader'>

/**
 * The two bytes before a payload of this size. They do not come from a codec, so that a mistake in a codec does not
 * occur on both sides.
 *
 * @throws RangeError if the length does not fit into two bytes
 */
export function wireHeader(payloadBytes: number, shape: HeaderShape = DEFAULT_SHAPE): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  const length = payloadBytes + countedHeaderBytes(shape)
  if (shape.byteOrder === 'little') header.writeUInt16LE(length)
  else header.writeUInt16BE(length)
  return header
}

/** One complete frame. @throws RangeError if the length does not fit into two bytes */
export function wireFrame(
  payload: Uint8Array | string,
  shape: HeaderShape = DEFAULT_SHAPE,
): Buffer {
  const body = Buffer.from(payload)
  return Buffer.concat([wireHeader(body.length, shape), body])
}

/** Splits what a node sends into payloads, without a codec. Holds at most one incomplete frame. */
export class WireReader {
  readonly #shape: HeaderShape
  readonly #took: (payload: Buffer) => void
  #rest: Buffer = Buffer.alloc(0)

  constructor(shape: HeaderShape, took: (payload: Buffer) => void) {
    this.#shape = shape
    this.#took = took
  }

  /** Bytes of an incomplete frame. */
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
    // A copy, because a view would keep the whole chunk in memory.
    this.#rest = Buffer.from(bytes.subarray(at))
  }

  #payloadBytesAt(bytes: Buffer, at: number): number {
    const { byteOrder } = this.#shape
    const length = byteOrder === 'little' ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at)
    // A length that does not even cover its own header counts as an empty payload; a script judges it.
    return Math.max(0, length - countedHeaderBytes(this.#shape))
  }
}

function countedHeaderBytes({ lengthIncludesHeader }: HeaderShape): number {
  return lengthIncludesHeader ? HEADER_BYTES : 0
}
