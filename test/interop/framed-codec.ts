import type { FrameCodec, FrameDecoder } from '@commloop/core'

/** How the frames of a protocol are cut out of a stream, and made. */
export interface Framing {
  /** The size of the first frame of these bytes; undefined: more bytes are needed. */
  frameBytes(bytes: Buffer): number | undefined
  payloadOf(frame: Buffer): Buffer
  frameOf(payload: Buffer): Buffer
}

const PAYLOAD_BYTES_MAX = 10_000

/** A small codec for tests of protocols whose codec is not under test. */
export class FramedCodec implements FrameCodec {
  readonly payloadBytesMax = PAYLOAD_BYTES_MAX
  readonly header = undefined
  readonly #framing: Framing

  constructor(framing: Framing) {
    this.#framing = framing
  }

  /** Every byte may be escaped, and a few bytes surround them. */
  frameBytesMax(payloadBytes: number): number {
    return 2 * payloadBytes + 10
  }

  encode(payload: Uint8Array, into: Uint8Array, at: number): number {
    const frame = this.#framing.frameOf(Buffer.from(payload))
    into.set(frame, at)
    return at + frame.length
  }

  createDecoder(): FrameDecoder {
    return new FramedDecoder(this.#framing)
  }
}

class FramedDecoder implements FrameDecoder {
  readonly #framing: Framing
  #bytes = Buffer.alloc(0)

  constructor(framing: Framing) {
    this.#framing = framing
  }

  get midFrame(): boolean {
    return this.#bytes.length > 0
  }

  push(chunk: Uint8Array): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk])
  }

  next(): Uint8Array | undefined {
    const size = this.#framing.frameBytes(this.#bytes)
    if (size === undefined || size > this.#bytes.length) return undefined
    const frame = this.#bytes.subarray(0, size)
    this.#bytes = this.#bytes.subarray(size)
    return this.#framing.payloadOf(frame)
  }

  end(): void {
    if (this.midFrame) throw new Error('the stream ended inside a frame')
  }
}

/** IEC 104: 68h, the size of the rest, the rest. */
export const IEC104: Framing = {
  frameBytes: (bytes) => (bytes.length < 2 ? undefined : 2 + bytes.readUInt8(1)),
  payloadOf: (frame) => frame.subarray(2),
  frameOf: (payload) => Buffer.concat([Buffer.from([0x68, payload.length]), payload]),
}

const FLAG = 0x7e
const ESCAPE = 0x7d

/** JT/T 808: 7Eh, the message and its checksum with 7Eh and 7Dh escaped, 7Eh. */
export const JT808: Framing = {
  frameBytes: (bytes) => {
    const end = bytes.indexOf(FLAG, 1)
    return end === -1 ? undefined : end + 1
  },
  payloadOf: (frame) => {
    const plain: number[] = []
    let isEscaped = false
    for (const byte of frame.subarray(1, -1)) {
      if (byte === ESCAPE && !isEscaped) isEscaped = true
      else {
        plain.push(isEscaped ? (byte === 2 ? FLAG : ESCAPE) : byte)
        isEscaped = false
      }
    }
    return Buffer.from(plain.slice(0, -1))
  },
  frameOf: (payload) => {
    const checked = Buffer.concat([
      payload,
      Buffer.from([payload.reduce((sum, byte) => sum ^ byte, 0)]),
    ])
    const escaped = [...checked].flatMap((byte) =>
      byte === FLAG ? [ESCAPE, 2] : byte === ESCAPE ? [ESCAPE, 1] : [byte],
    )
    return Buffer.from([FLAG, ...escaped, FLAG])
  },
}
