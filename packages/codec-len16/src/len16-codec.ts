import { CommloopError, type FrameCodec, type FrameDecoder, type FrameHeader } from '@commloop/core'
import { Len16Decoder } from './len16-decoder.js'
import {
  HEADER_BYTES,
  type Len16Options,
  type Len16Settings,
  len16Settings,
} from './len16-options.js'

/** Looked up once: V8 looks up a typed array's method at every call, which costs a third of the copying. */
// eslint-disable-next-line @typescript-eslint/unbound-method -- always called with an explicit `this`
const setBytes = Uint8Array.prototype.set

/**
 * Frames with a two-byte length before the payload.
 *
 *     ┌────────┬────────┬───────────────────┐
 *     │ length │ length │ payload           │   big endian, the payload only: `abc` is 00 03 61 62 63
 *     └────────┴────────┴───────────────────┘
 *
 * The same on the wire as Erlang's `{packet, 2}` and DNS over TCP (RFC 1035, section 4.2.2).
 */
export class Len16Codec implements FrameCodec {
  readonly payloadBytesMax: number
  readonly header: FrameHeader
  readonly #settings: Len16Settings

  /** @throws CommloopError CML_ERR_CONFIG_INVALID for unknown or invalid options. */
  constructor(options: Len16Options = {}) {
    this.#settings = len16Settings({ ...options })
    this.payloadBytesMax = this.#settings.payloadBytesMax
    this.header = new Len16Header(this.#settings)
  }

  frameBytesMax(payloadBytes: number): number {
    return HEADER_BYTES + payloadBytes
  }

  /** @throws CommloopError CML_ERR_PAYLOAD_TOO_LARGE if the caller did not check the size: a length never wraps. */
  encode(payload: Uint8Array, into: Uint8Array, at: number): number {
    this.header.write(payload.length, into, at)
    setBytes.call(into, payload, at + HEADER_BYTES)
    return at + HEADER_BYTES + payload.length
  }

  createDecoder(): FrameDecoder {
    return new Len16Decoder(this.#settings)
  }
}

class Len16Header implements FrameHeader {
  readonly bytes = HEADER_BYTES
  readonly #firstShift: number
  readonly #secondShift: number
  readonly #countedHeaderBytes: number
  readonly #payloadBytesMax: number

  constructor(settings: Len16Settings) {
    this.#firstShift = settings.byteOrder === 'big' ? 8 : 0
    this.#secondShift = 8 - this.#firstShift
    this.#countedHeaderBytes = settings.countedHeaderBytes
    this.#payloadBytesMax = settings.payloadBytesMax
  }

  write(payloadBytes: number, into: Uint8Array, at: number): void {
    if (payloadBytes > this.#payloadBytesMax) {
      throw new CommloopError(
        'CML_ERR_PAYLOAD_TOO_LARGE',
        `a payload of ${String(payloadBytes)} bytes is above the limit of ${String(this.#payloadBytesMax)}`,
      )
    }
    const length = payloadBytes + this.#countedHeaderBytes
    into[at] = length >>> this.#firstShift
    into[at + 1] = length >>> this.#secondShift
  }
}
