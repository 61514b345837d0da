import type { FrameCodec, FrameDecoder, FrameHeader, PluginOptions } from '@commloop/core'
import { type OwnFraming, ownFraming } from '@commloop/framings'
import { FrameEncoder } from './frame-encoder.js'
import { LengthFieldDecoder } from './length-field-decoder.js'
import { LengthFieldHeader } from './length-field-header.js'
import type { LengthFieldOptions } from './length-field-options.js'
import { type LengthFieldSettings, lengthFieldSettings } from './length-field-settings.js'

/** Looked up once: V8 looks up a typed array's method at every call, which costs a third of the copying. */
// eslint-disable-next-line @typescript-eslint/unbound-method -- always called with an explicit `this`
const setBytes = Uint8Array.prototype.set

/** Frames whose header says how long they are. `LengthFieldOptions` draws them. */
export class LengthFieldCodec implements FrameCodec {
  readonly payloadBytesMax: number
  /** Set if a frame is a header of a fixed size and the payload. */
  readonly header: FrameHeader | undefined
  readonly #settings: LengthFieldSettings
  readonly #encoder: FrameEncoder
  /** The most bytes that a frame has in addition to its payload. */
  readonly #addedBytesMax: number
  readonly #own: () => OwnFraming

  /** @throws CommloopError CML_ERR_CONFIG_INVALID for unknown or invalid options. */
  constructor(options: LengthFieldOptions) {
    const settings = lengthFieldSettings({ ...options })
    const { keep, tail, varies, headerBytes, length } = settings
    this.#settings = settings
    this.#own = () => ownFraming('length-field', options as unknown as PluginOptions)
    this.#encoder = new FrameEncoder(settings)
    this.payloadBytesMax = settings.payloadBytesMax
    const isPlain = keep === 'nothing' && tail.bytes === 0 && !varies
    this.header = isPlain ? new LengthFieldHeader(settings) : undefined
    const headerBytesMax = headerBytes + (varies ? length.number.bytesMax : 0)
    const added = { nothing: headerBytesMax + tail.bytes, header: tail.bytes, frame: 0 }
    this.#addedBytesMax = added[keep]
  }

  frameBytesMax(payloadBytes: number): number {
    return payloadBytes + this.#addedBytesMax
  }

  /**
   * @throws CommloopError CML_ERR_PAYLOAD_INVALID for a payload that does not contain what `keep` makes part of it, and for
   *   one without a body if `emptyFrames: reject`
   */
  encode(payload: Uint8Array, into: Uint8Array, at: number): number {
    const { header } = this
    if (header === undefined) return this.#encoder.encode(payload, into, at)
    header.write(payload.length, into, at)
    const payloadAt = at + header.bytes
    setBytes.call(into, payload, payloadAt)
    return payloadAt + payload.length
  }

  createDecoder(): FrameDecoder {
    return new LengthFieldDecoder(this.#settings, this.#own)
  }
}
