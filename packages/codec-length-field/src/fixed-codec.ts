import {
  CommloopError,
  type FrameCodec,
  type FrameDecoder,
  PluginOptionReader,
  type Size,
  sizeBytes,
  sizeText,
} from '@commloop/core'
import {
  BYTES_EXPECTED,
  type ConfiguredBytes,
  FrameTail,
  type OwnFraming,
  ownFraming,
} from '@commloop/framings'
import { LengthFieldDecoder } from './length-field-decoder.js'
import type { LengthFieldSettings } from './length-field-settings.js'
import { oneByte } from './length-options.js'
import { NoNumber } from './number/no-number.js'

/** Options of the codec `fixed`, on which both sides of a link must agree, except `strip`. */
export interface FixedOptions {
  /** Size of every frame. */
  readonly bytes: Size
  /** The byte with which shorter payloads are filled up. Default: a blank. `none`: they are not sent. */
  readonly pad?: ConfiguredBytes
  /** Whether padding is removed from the end of received payloads. Default false. */
  readonly strip?: boolean
}

/** `FixedOptions`, validated, with defaults. */
export interface FixedSettings {
  readonly bytes: number
  /** undefined: a payload has the size of a frame. */
  readonly pad: number | undefined
  readonly strips: boolean
}

/** A frame is in memory as a whole before it is delivered. */
const FRAME_BYTES_MAX = 16 * 2 ** 20

/**
 * Validates options of any type.
 * @throws CommloopError CML_ERR_CONFIG_INVALID with every wrong option, what is wrong and what to do.
 */
export function fixedSettings(options: Readonly<Record<string, unknown>>): FixedSettings {
  const reader = new PluginOptionReader('codec fixed', options, ['bytes', 'pad', 'strip'])
  const sizes = `the size of a frame, from 1 byte to ${sizeText(FRAME_BYTES_MAX)}`
  if (options['bytes'] === undefined) reader.reject('bytes', sizes, undefined)
  const bytes = reader.read('bytes', 1, sizes, (value) => {
    const isSize = typeof value === 'number' || typeof value === 'string'
    const size = isSize ? sizeBytes(value) : undefined
    return size !== undefined && size >= 1 && size <= FRAME_BYTES_MAX ? size : undefined
  })
  const pad = reader.read<number | 'none'>(
    'pad',
    0x20,
    `'none', or one byte: ${BYTES_EXPECTED}`,
    (value) => (value === 'none' ? value : oneByte(value)),
  )
  const strips = reader.read('strip', false, 'true or false', (value) =>
    typeof value === 'boolean' ? value : undefined,
  )
  if (strips && pad === 'none') reader.rejectText('strip', 'there is no padding with pad: none')
  reader.throwRejected()
  return { bytes, pad: pad === 'none' ? undefined : pad, strips }
}

/** Frames that all have the same size. */
export class FixedCodec implements FrameCodec {
  readonly payloadBytesMax: number
  readonly header = undefined
  readonly #settings: FixedSettings
  readonly #decoding: LengthFieldSettings
  readonly #own: () => OwnFraming

  /** @throws CommloopError CML_ERR_CONFIG_INVALID for unknown or invalid options. */
  constructor(options: FixedOptions) {
    this.#settings = fixedSettings({ ...options })
    this.#own = () => ownFraming('fixed', { ...options })
    this.payloadBytesMax = this.#settings.bytes
    this.#decoding = decodingSettings(this.#settings.bytes)
  }

  frameBytesMax(): number {
    return this.#settings.bytes
  }

  /** @throws CommloopError CML_ERR_PAYLOAD_INVALID for a shorter payload, with `pad: none` */
  encode(payload: Uint8Array, into: Uint8Array, at: number): number {
    const { bytes, pad } = this.#settings
    const found = `the payload has ${String(payload.length)} bytes, and every frame has ${String(bytes)}`
    if (payload.length > bytes) throw new CommloopError('CML_ERR_PAYLOAD_TOO_LARGE', found)
    if (payload.length < bytes && pad === undefined) {
      throw new CommloopError('CML_ERR_PAYLOAD_INVALID', `${found}: set pad to fill it up`)
    }
    into.set(payload, at)
    into.fill(pad ?? 0, at + payload.length, at + bytes)
    return at + bytes
  }

  createDecoder(): FrameDecoder {
    const decoder = new LengthFieldDecoder(this.#decoding, this.#own)
    const { pad, strips } = this.#settings
    return strips && pad !== undefined ? new StrippingDecoder(decoder, pad) : decoder
  }
}

/** Frames of a fixed size are frames with a length that takes no bytes and is always 0. */
function decodingSettings(bytes: number): LengthFieldSettings {
  return {
    length: {
      number: new NoNumber(),
      text: 'no length',
      offset: 0,
      again: undefined,
      shift: 0,
      low: 0,
      mask: undefined,
      idle: undefined,
    },
    varies: false,
    headerBytes: 0,
    uncountedBytes: bytes,
    magic: [],
    tail: new FrameTail([]),
    keep: 'nothing',
    preamble: -1,
    emptyFrames: 'deliver',
    hunts: false,
    payloadBytesMax: bytes,
    wire: {},
  }
}

/** Removes padding from the end of payloads. */
class StrippingDecoder implements FrameDecoder {
  readonly #decoder: LengthFieldDecoder
  readonly #pad: number

  constructor(decoder: LengthFieldDecoder, pad: number) {
    this.#decoder = decoder
    this.#pad = pad
  }

  push(chunk: Uint8Array): void {
    this.#decoder.push(chunk)
  }

  next(): Uint8Array | undefined {
    const payload = this.#decoder.next()
    if (payload === undefined) return undefined
    let end = payload.length
    while (end > 0 && payload[end - 1] === this.#pad) end--
    return payload.subarray(0, end)
  }

  get midFrame(): boolean {
    return this.#decoder.midFrame
  }

  end(): void {
    this.#decoder.end()
  }

  diagnosis(opening: Uint8Array): string | undefined {
    return this.#decoder.diagnosis(opening)
  }
}
