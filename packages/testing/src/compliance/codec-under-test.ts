import assert from 'node:assert/strict'
import type { FrameCodec } from '@commloop/core'
import type { SeededRandom } from '../virtual/seeded-random.js'
import type { FrameCodecComplianceOptions } from './frame-codec-options.js'
import { payloadOf } from './frame-stream.js'
import { quadraticCost } from './stream-cost.js'

/** Around every size at which an encoded length changes its number of bytes or its sign. */
const EDGE_SIZES = [
  0, 1, 2, 3, 127, 128, 255, 256, 257, 1000, 32_767, 32_768, 65_534, 65_535, 65_536,
]
/** Sizes of a short stream in which frames follow each other and empty frames. */
const FEW_SIZES = [0, 1, 2, 0, 255, 256, 3] as const
/** The suite looks for the smallest payload up to this size, and then at the limit of the codec. */
const SMALLEST_BYTES_MAX = 65_536
const VIEWED_BYTES = 4096
/** In chunks of fewer bytes, a decoder that takes quadratic time gets only payloads up to `QUADRATIC_BYTES_MAX`. */
const SMALL_CUT_BYTES = 64
const QUADRATIC_BYTES_MAX = 1000

/** A codec, the payloads that it carries, and what its author promises about it. */
export class CodecUnderTest {
  readonly codec: FrameCodec
  readonly options: FrameCodecComplianceOptions
  #smallestBytes: number | undefined
  #quadratic: { readonly text: string | undefined } | undefined

  constructor(codec: FrameCodec, options: FrameCodecComplianceOptions) {
    this.codec = codec
    this.options = options
  }

  /** After at most so many bytes of a frame its size is known; undefined: the codec does not announce it. */
  get announcedBytes(): number | undefined {
    return this.options.announcedBytes ?? this.codec.header?.bytes
  }

  get returnsViews(): boolean {
    return this.options.views ?? this.codec.header !== undefined
  }

  /** A payload of this size, in separate memory; undefined: the codec carries none. It may be above the limit. */
  payload(bytes: number): Buffer | undefined {
    const { payload = payloadOf } = this.options
    const carried = payload(bytes)
    if (carried === undefined) return undefined
    assert.equal(carried.length, bytes, 'the size of the payload that the option "payload" returns')
    return Buffer.from(carried)
  }

  /** Whether the codec carries payloads of this size, within its limit or not. */
  carries(bytes: number): boolean {
    const { payload } = this.options
    return payload === undefined || payload(bytes) !== undefined
  }

  /** Of these sizes, the payloads within the limit that the codec carries. */
  payloads(sizes: readonly number[]): Buffer[] {
    return sizes
      .filter((size) => size >= 0 && size <= this.codec.payloadBytesMax)
      .flatMap((size) => this.payload(size) ?? [])
  }

  /** As many bytes as the smallest payload. */
  get smallestBytes(): number {
    this.#smallestBytes ??= this.#smallest()
    return this.#smallestBytes
  }

  #smallest(): number {
    const { payloadBytesMax } = this.codec
    const bytesMax = Math.min(payloadBytesMax, SMALLEST_BYTES_MAX)
    for (let bytes = 0; bytes <= bytesMax; bytes++) {
      if (this.carries(bytes)) return bytes
    }
    assert.ok(this.carries(payloadBytesMax), 'the codec carries no payload at all')
    return payloadBytesMax
  }

  /** Payloads that are so many bytes larger than the smallest, if the codec carries them. At least the smallest. */
  smallPayloads(extraBytes: readonly number[] = FEW_SIZES): Buffer[] {
    return this.payloads(extraBytes.map((bytes) => this.smallestBytes + bytes))
  }

  /** The smallest payload, or one of the next sizes. */
  smallPayload(extraBytes: number): Buffer {
    const [payload] = this.smallPayloads([extraBytes, 0])
    return payload ?? assert.fail('the codec carries no small payload')
  }

  /** Payloads of all sizes with an edge, including the limit. `cut`: the size of the chunks in which they arrive. */
  edgePayloads(cut = Infinity): Buffer[] {
    const { payloadBytesMax } = this.codec
    const edges = [...EDGE_SIZES, payloadBytesMax - 1, payloadBytesMax, this.smallestBytes]
    const reduced = cut < SMALL_CUT_BYTES && this.quadratic !== undefined
    const sizes = reduced
      ? [...edges.filter((size) => size <= QUADRATIC_BYTES_MAX), this.smallestBytes]
      : edges
    return this.payloads([...new Set(sizes)].sort((left, right) => left - right))
  }

  /** The largest payload of up to 4 KiB. */
  viewedPayload(): Buffer {
    const fitting = this.payloads([VIEWED_BYTES])
    return fitting[0] ?? this.smallPayloads().at(-1) ?? this.smallPayload(0)
  }

  randomPayload(bytesMax: number, random: SeededRandom): Buffer {
    return this.smallPayload(random.int(bytesMax + 1))
  }

  /** What takes quadratic time; undefined: nothing. Measured once. */
  get quadratic(): string | undefined {
    this.#quadratic ??= { text: quadraticCost(this.codec, (bytes) => this.payloads([bytes])[0]) }
    return this.#quadratic.text
  }
}
