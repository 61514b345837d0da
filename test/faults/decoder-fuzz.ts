import { Len16Codec, type Len16Options } from '@commloop/codec-len16'
import { CommloopError } from '@commloop/core'
import { naiveReading, type Reading } from '@commloop/test-support/byte-stream'
import { RandomBits } from './random-bits.js'

export interface DecoderFuzzOptions {
  /** How many bytes of frames the decoder is to read, at least. */
  readonly bytes: number
  readonly seed: number
}

export interface DecoderFuzzFigures {
  /** Bytes in complete frames; bytes after an error do not count. */
  readonly bytes: number
  readonly streams: number
  readonly frames: number
  /** Streams that did not end whole, by how they ended: each kind of end must have occurred. */
  readonly ends: Readonly<Record<Reading['end'], number>>
  /** What differed, as seed of the stream and what was seen; empty is what is wanted. */
  readonly mismatches: readonly string[]
}

const STREAM_BYTES_MAX = 1 << 18
const MISMATCHES_MAX = 10
/** Sizes of chunks, at most; small ones for short streams only, or the time goes into nothing else. */
const CHUNK_BYTES = [1, 2, 7, 64, 1_460, 16_384, 65_536]
/** What is left of each random byte: short frames, middling ones, all lengths. */
const MASKS = [0x01010101, 0x03030303, 0x0f0f0f0f, 0x00ff00ff, 0xffffffff]
const OPTIONS: readonly Len16Options[] = [
  {},
  { byteOrder: 'little' },
  { lengthIncludesHeader: true },
  { byteOrder: 'little', lengthIncludesHeader: true },
  { maxPayload: 60_000 },
  { emptyFrames: 'reject' },
  { maxPayload: 300, emptyFrames: 'reject', byteOrder: 'little' },
]

/** Feeds random streams, randomly cut, to the decoder and to one that is obviously right, and compares. */
export function fuzzDecoder({ bytes, seed }: DecoderFuzzOptions): DecoderFuzzFigures {
  const bits = new RandomBits(seed)
  const ends = { whole: 0, truncated: 0, CML_ERR_FRAME_INVALID: 0, CML_ERR_FRAME_TOO_LARGE: 0 }
  const mismatches: string[] = []
  let read = 0
  let frames = 0
  let streams = 0
  for (; read < bytes && mismatches.length < MISMATCHES_MAX; streams++) {
    const streamSeed = bits.next()
    const { expected, difference } = oneStream(streamSeed)
    ends[expected.end]++
    frames += expected.payloads.length
    read += frameBytesOf(expected.payloads)
    if (difference !== undefined) mismatches.push(`${String(streamSeed)}: ${difference}`)
  }
  return { bytes: read, streams, frames, ends, mismatches }
}

function oneStream(seed: number): { expected: Reading; difference: string | undefined } {
  const bits = new RandomBits(seed)
  const options = bits.pick(OPTIONS)
  const random = randomStream(bits)
  // Sometimes the stream ends with a complete frame, which random bytes alone hardly ever do.
  const stream = bits.below(4) === 0 ? wholeFramesOf(random, options) : random
  const expected = naiveReading(stream, options)
  const actual = cutReading(stream, options, bits)
  return { expected, difference: differenceOf(expected, actual) }
}

function randomStream(bits: RandomBits): Uint8Array {
  const bytes = STREAM_BYTES_MAX >> bits.below(12)
  const mask = bits.pick(MASKS)
  const words = Uint32Array.from({ length: bytes >> 2 }, () => bits.next() & mask)
  // An odd beginning, and an end at any byte.
  return new Uint8Array(words.buffer, bits.below(4), bytes - 4 - bits.below(4))
}

function wholeFramesOf(stream: Uint8Array, options: Len16Options): Uint8Array {
  const { payloads, end } = naiveReading(stream, options)
  if (end !== 'truncated') return stream
  return stream.subarray(0, frameBytesOf(payloads))
}

function frameBytesOf(payloads: readonly Uint8Array[]): number {
  return payloads.reduce((sum, payload) => sum + payload.length + 2, 0)
}

function cutReading(stream: Uint8Array, options: Len16Options, bits: RandomBits): Reading {
  const decoder = new Len16Codec(options).createDecoder()
  const usable = CHUNK_BYTES.filter((bytes) => bytes * 20_000 >= stream.length)
  const chunkBytesMax = bits.pick(usable)
  const payloads: Uint8Array[] = []
  try {
    for (let at = 0; at < stream.length;) {
      const end = at + 1 + bits.below(chunkBytesMax)
      decoder.push(stream.subarray(at, end))
      for (let next = decoder.next(); next !== undefined; next = decoder.next()) payloads.push(next)
      at = end
    }
    decoder.end()
    return { payloads, end: 'whole' }
  } catch (error) {
    if (!CommloopError.is(error)) throw error
    const end = error.code === 'CML_ERR_FRAME_TRUNCATED' ? 'truncated' : error.code
    return { payloads, end: end as Reading['end'] }
  }
}

function differenceOf(expected: Reading, actual: Reading): string | undefined {
  if (actual.end !== expected.end) return `ended ${actual.end} in place of ${expected.end}`
  if (actual.payloads.length !== expected.payloads.length) {
    const counts = [actual.payloads.length, expected.payloads.length].map(String)
    return counts.join(' payloads in place of ')
  }
  const at = expected.payloads.findIndex((payload, index) => {
    const other = actual.payloads[index]
    return other === undefined || Buffer.compare(payload, other) !== 0
  })
  return at === -1 ? undefined : `payload ${String(at)} differs`
}
