import { CommloopError, type FrameCodec, type FrameDecoder } from '@commloop/core'

/** One way in which a codec for lines can be wrong. */
export type LineFault =
  | 'looks from the start for each chunk'
  | 'loses the end at the border of a chunk'
  | 'ignores the limit'

const CR = 0x0d
const LF = 0x0a

/** A payload of this size without a line break. */
export function linePayload(bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, at) => 0x20 + ((at * 7 + bytes) % 90))
}

/** Lines that end with CR LF: a codec that does not carry all bytes. Sound unless a fault is asked for. */
export class LineCodec implements FrameCodec {
  readonly payloadBytesMax: number
  readonly header = undefined
  readonly fault: LineFault | undefined

  constructor(payloadBytesMax = 70_000, fault?: LineFault) {
    this.payloadBytesMax = payloadBytesMax
    this.fault = fault
  }

  frameBytesMax(payloadBytes: number): number {
    return payloadBytes + 2
  }

  encode(payload: Uint8Array, into: Uint8Array, at: number): number {
    const found = payload.findIndex((byte, place) => byte === CR && payload[place + 1] === LF)
    if (found >= 0) {
      const text = `0d 0a at ${String(found)} would end the line`
      throw new CommloopError('CML_ERR_PAYLOAD_INVALID', text)
    }
    into.set(payload, at)
    into[at + payload.length] = CR
    into[at + payload.length + 1] = LF
    return at + payload.length + 2
  }

  createDecoder(): FrameDecoder {
    return new LineDecoder(this)
  }
}

class LineDecoder implements FrameDecoder {
  readonly #codec: LineCodec
  #memory: Buffer = Buffer.alloc(0)
  #used = 0
  #searched = 0

  constructor(codec: LineCodec) {
    this.#codec = codec
  }

  get midFrame(): boolean {
    return this.#used > 0
  }

  push(chunk: Uint8Array): void {
    const { fault } = this.#codec
    if (fault === 'loses the end at the border of a chunk') this.#searched = this.#used
    if (this.#used === 0) {
      this.#memory = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
    } else {
      if (this.#memory.length < this.#used + chunk.length) {
        const larger = Buffer.alloc(2 * (this.#used + chunk.length))
        larger.set(this.#memory.subarray(0, this.#used))
        this.#memory = larger
      }
      this.#memory.set(chunk, this.#used)
    }
    this.#used += chunk.length
  }

  next(): Uint8Array | undefined {
    const { fault } = this.#codec
    const bytes = this.#memory.subarray(0, this.#used)
    const from = fault === 'looks from the start for each chunk' ? 0 : this.#searched
    let end = from
    while (end + 1 < bytes.length && (bytes[end] !== CR || bytes[end + 1] !== LF)) end++
    const isWhole = end + 1 < bytes.length
    this.#checkLimit(isWhole ? end : bytes.length - 1)
    if (!isWhole) {
      this.#searched = end
      return undefined
    }
    this.#memory = bytes.subarray(end + 2)
    this.#used = this.#memory.length
    this.#searched = 0
    return bytes.subarray(0, end)
  }

  #checkLimit(bytes: number): void {
    if (bytes <= this.#codec.payloadBytesMax || this.#codec.fault === 'ignores the limit') return
    throw new CommloopError('CML_ERR_FRAME_TOO_LARGE', `a line of ${String(bytes)} bytes`)
  }

  end(): void {
    if (this.midFrame) throw new CommloopError('CML_ERR_FRAME_TRUNCATED', 'ended inside a line')
  }
}
