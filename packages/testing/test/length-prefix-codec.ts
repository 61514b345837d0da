import { CommloopError, type FrameCodec, type FrameDecoder, type FrameHeader } from '@commloop/core'

/** One way in which a codec can be wrong. */
export type CodecFault =
  | 'encodes little endian'
  | 'decodes little endian'
  | 'takes one byte too few for a frame'
  | 'takes one byte too many for a frame'
  | 'ignores the limit'
  | 'refuses a payload of exactly the limit'
  | 'accepts one byte above the limit'
  | 'looks at the limit when the frame is whole'
  | 'throws a plain error for a large frame'
  | 'refuses before handing out what came before'
  | 'ignores truncation'
  | 'misses truncation right after a header'
  | 'misses truncation inside a header'
  | 'loses a byte between frames'
  | 'loses the rest of a chunk'
  | 'shares state between decoders'
  | 'keeps state for the next decoder'
  | 'is midFrame for ever'
  | 'is never midFrame'
  | 'is midFrame only with the header complete'
  | 'swallows empty payloads'
  | 'reuses its buffer for payloads'
  | 'copies payloads that it could view'
  | 'writes to the chunk'
  | 'allocates what is announced'
  | 'ignores the offset when encoding'
  | 'writes one byte past the frame'
  | 'announces too little room'
  | 'has a header that differs from encode'
  | 'ignores the offset when writing the header'
  | 'changes the payload'
  | 'needs a Buffer'
  | 'accepts an impossible header'
  | 'looks at all waiting bytes for each chunk'
  | 'copies the rest for each frame'

const HEADER_BYTES = 3
const MAGIC = 0x5c

/**
 * A small codec of its own: one constant byte, two bytes of length, big endian, then the payload. Sound unless a
 * fault is asked for.
 */
export class LengthPrefixCodec implements FrameCodec {
  readonly payloadBytesMax: number
  readonly header: FrameHeader
  readonly fault: CodecFault | undefined
  readonly #shared: Carry = { bytes: Buffer.alloc(0) }

  constructor(payloadBytesMax = 65_535, fault?: CodecFault) {
    this.payloadBytesMax = payloadBytesMax
    this.fault = fault
    this.header = {
      bytes: HEADER_BYTES,
      write: (payloadBytes, into, at) => {
        const skew = fault === 'has a header that differs from encode' && payloadBytes > 255 ? 1 : 0
        const place = fault === 'ignores the offset when writing the header' ? 0 : at
        this.#writeHeader(payloadBytes + skew, into, place)
      },
    }
  }

  frameBytesMax(payloadBytes: number): number {
    const missing = this.fault === 'announces too little room' && payloadBytes > 1000 ? 1 : 0
    return HEADER_BYTES + payloadBytes - missing
  }

  encode(payload: Uint8Array, into: Uint8Array, at: number): number {
    const place = this.fault === 'ignores the offset when encoding' ? 0 : at
    const end = at + HEADER_BYTES + payload.length
    this.#writeHeader(payload.length, into, place)
    if (this.fault === 'changes the payload' && payload.length > 0) payload[0] = 0
    into.set(payload.subarray(0, into.length - place - HEADER_BYTES), place + HEADER_BYTES)
    if (this.fault === 'writes one byte past the frame' && end < into.length) into[end] = 1
    return end
  }

  createDecoder(): FrameDecoder {
    const sharing =
      this.fault === 'shares state between decoders' ||
      this.fault === 'keeps state for the next decoder'
    if (this.fault === 'shares state between decoders') this.#shared.bytes = Buffer.alloc(0)
    const carry = sharing ? this.#shared : { bytes: Buffer.alloc(0) }
    return new LengthPrefixDecoder(this, carry)
  }

  #writeHeader(payloadBytes: number, into: Uint8Array, at: number): void {
    const swapped = this.fault === 'encodes little endian'
    into[at] = MAGIC
    into[at + (swapped ? 2 : 1)] = payloadBytes >> 8
    into[at + (swapped ? 1 : 2)] = payloadBytes & 0xff
  }
}

/** What came and is not handed out. */
interface Carry {
  bytes: Buffer
  /** Room behind `bytes` in the same memory, never handed out yet. */
  room?: Buffer
}

function append(carry: Carry, chunk: Buffer): void {
  const { bytes, room = Buffer.alloc(0) } = carry
  if (bytes.length === 0) {
    carry.bytes = chunk
    carry.room = Buffer.alloc(0)
  } else if (room.length < chunk.length) {
    const memory = Buffer.alloc(2 * (bytes.length + chunk.length))
    memory.set(bytes)
    memory.set(chunk, bytes.length)
    carry.bytes = memory.subarray(0, bytes.length + chunk.length)
    carry.room = memory.subarray(bytes.length + chunk.length)
  } else {
    room.set(chunk)
    carry.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length + chunk.length)
    carry.room = room.subarray(chunk.length)
  }
}

function sumOf(bytes: Buffer): number {
  let sum = 0
  for (let at = 0; at < bytes.length; at++) sum += bytes[at] ?? 0
  return sum
}

class LengthPrefixDecoder implements FrameDecoder {
  readonly #codec: LengthPrefixCodec
  readonly #carry: Carry
  readonly #reused: Buffer
  reserved: Uint8Array | undefined

  constructor(codec: LengthPrefixCodec, carry: Carry) {
    this.#codec = codec
    this.#carry = carry
    this.#reused = Buffer.alloc(codec.fault === 'reuses its buffer for payloads' ? 65_536 : 0)
  }

  get midFrame(): boolean {
    const fault = this.#codec.fault
    if (fault === 'is never midFrame') return false
    const least = fault === 'is midFrame only with the header complete' ? HEADER_BYTES : 1
    return fault === 'is midFrame for ever' || this.#carry.bytes.length >= least
  }

  push(chunk: Uint8Array): void {
    const fault = this.#codec.fault
    if (fault === 'needs a Buffer') (chunk as Buffer).readUInt8(0)
    if (fault === 'writes to the chunk' && chunk.length > 4) chunk[4] = 0
    append(this.#carry, Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))
    if (fault === 'looks at all waiting bytes for each chunk') sumOf(this.#carry.bytes)
    if (fault === 'refuses before handing out what came before') this.#refuseAny()
  }

  next(): Uint8Array | undefined {
    const fault = this.#codec.fault
    const { bytes } = this.#carry
    if (bytes.length < HEADER_BYTES) return undefined
    if (bytes[0] !== MAGIC && fault !== 'accepts an impossible header') {
      throw new CommloopError('CML_ERR_FRAME_INVALID', 'not a frame')
    }
    const size = this.#sizeAt(bytes, 0)
    if (fault !== 'looks at the limit when the frame is whole') this.#checkLimit(size)
    if (fault === 'allocates what is announced') this.reserved ??= new Uint8Array(size)
    const end = HEADER_BYTES + size + this.#endSkew(size)
    if (bytes.length < end) return undefined
    this.#checkLimit(size)
    this.reserved = undefined
    this.#carry.bytes = this.#rest(bytes, end)
    const payload = this.#payload(bytes.subarray(HEADER_BYTES, end))
    return fault === 'swallows empty payloads' && size === 0 ? this.next() : payload
  }

  end(): void {
    const fault = this.#codec.fault
    const left = this.#carry.bytes.length
    if (left === 0 || fault === 'ignores truncation') return
    if (fault === 'misses truncation right after a header' && left === HEADER_BYTES) return
    if (fault === 'misses truncation inside a header' && left < HEADER_BYTES) return
    throw new CommloopError('CML_ERR_FRAME_TRUNCATED', 'the stream ended inside a frame')
  }

  #sizeAt(bytes: Buffer, at: number): number {
    const little = this.#codec.fault === 'decodes little endian'
    return little ? bytes.readUInt16LE(at + 1) : bytes.readUInt16BE(at + 1)
  }

  #endSkew(size: number): number {
    if (size === 0) return 0
    if (this.#codec.fault === 'takes one byte too few for a frame') return -1
    return this.#codec.fault === 'takes one byte too many for a frame' ? 1 : 0
  }

  #rest(bytes: Buffer, end: number): Buffer {
    const fault = this.#codec.fault
    if (fault === 'loses the rest of a chunk') return Buffer.alloc(0)
    if (fault === 'copies the rest for each frame') return Buffer.from(bytes.subarray(end))
    const lost = fault === 'loses a byte between frames' && bytes.length - end === 1 ? 1 : 0
    return bytes.subarray(end + lost)
  }

  #payload(view: Buffer): Uint8Array {
    const fault = this.#codec.fault
    if (fault === 'copies payloads that it could view') return Buffer.from(view)
    if (fault !== 'reuses its buffer for payloads') return view
    view.copy(this.#reused)
    return this.#reused.subarray(0, view.length)
  }

  #refuseAny(): void {
    const { bytes } = this.#carry
    for (
      let at = 0;
      at + HEADER_BYTES <= bytes.length;
      at += HEADER_BYTES + this.#sizeAt(bytes, at)
    ) {
      this.#checkLimit(this.#sizeAt(bytes, at))
    }
  }

  #checkLimit(size: number): void {
    const { fault, payloadBytesMax } = this.#codec
    if (fault === 'ignores the limit') return
    const skew =
      fault === 'accepts one byte above the limit'
        ? 1
        : fault === 'refuses a payload of exactly the limit'
          ? -1
          : 0
    if (size <= payloadBytesMax + skew) return
    if (fault === 'throws a plain error for a large frame') throw new Error('too large')
    throw new CommloopError('CML_ERR_FRAME_TOO_LARGE', `a frame of ${String(size)} bytes`)
  }
}
