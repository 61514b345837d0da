import { LengthFieldCodec } from '@commloop/codec-length-field'
import { CommloopError } from '@commloop/core'
import { RandomBits } from './random-bits.js'
import { NAIVE_FRAMINGS, type NaiveFraming, naiveFrame } from './naive-length-field.js'

export interface LengthFieldFuzzFigures {
  /** Bytes that both decoders have read, to the first error of each stream. */
  readonly bytes: number
  readonly streams: number
  readonly frames: number
  /** How streams ended. */
  readonly ends: Readonly<Record<string, number>>
  /** What differed, with the seed of the stream. */
  readonly mismatches: readonly string[]
}

interface Reading {
  readonly payloads: readonly Uint8Array[]
  readonly bytes: number
  readonly end: string
}

const STREAM_BYTES_MAX = 1 << 17
const MISMATCHES_MAX = 10
const CHUNK_BYTES = [1, 3, 17, 300, 1_460, 65_536]
const MASKS = [0x01010101, 0x0f0f0f0f, 0x00ff00ff, 0x3f3f3f3f, 0xffffffff]

/** Feeds streams of frames, damaged frames and garbage, randomly cut, to the decoder and to one that is obviously right. */
export function fuzzLengthFields(bytesMin: number, seed: number): LengthFieldFuzzFigures {
  const bits = new RandomBits(seed)
  const ends: Record<string, number> = {}
  const mismatches: string[] = []
  let bytes = 0
  let frames = 0
  let streams = 0
  for (; bytes < bytesMin && mismatches.length < MISMATCHES_MAX; streams++) {
    const streamSeed = bits.next()
    const { expected, difference } = oneStream(streamSeed)
    ends[expected.end] = (ends[expected.end] ?? 0) + 1
    frames += expected.payloads.length
    bytes += expected.bytes
    if (difference !== undefined) mismatches.push(`${String(streamSeed)}: ${difference}`)
  }
  return { bytes, streams, frames, ends, mismatches }
}

function oneStream(seed: number): { expected: Reading; difference: string | undefined } {
  const bits = new RandomBits(seed)
  const framing = bits.pick(NAIVE_FRAMINGS)
  const codec = new LengthFieldCodec(framing.options)
  const stream = bits.below(8) === 0 ? garbage(bits) : frames(bits, codec)
  const expected = naiveReading(framing, stream)
  return { expected, difference: differenceOf(expected, cutReading(codec, stream, bits)) }
}

function garbage(bits: RandomBits): Buffer {
  const mask = bits.pick(MASKS)
  const words = Uint32Array.from({ length: 4 + bits.below(1_000) }, () => bits.next() & mask)
  return Buffer.from(words.buffer).subarray(bits.below(4))
}

/** Frames of random payloads, some of them damaged, and the last one cut off. */
function frames(bits: RandomBits, codec: LengthFieldCodec): Buffer {
  const bytesMax = STREAM_BYTES_MAX >> bits.below(10)
  const payloadBytesMax = Math.min(codec.payloadBytesMax, 1 << bits.below(17))
  const noise = garbage(bits)
  const stream = Buffer.alloc(bytesMax + codec.frameBytesMax(payloadBytesMax))
  let end = 0
  while (end < bytesMax) {
    const payload = randomPayload(bits, payloadBytesMax, noise)
    end = encoded(codec, payload, stream, end)
  }
  const damages = bits.pick([0, 0, 0, 1, 3, 20])
  for (let each = 0; each < damages; each++) stream[bits.below(end)] = bits.next() & 0xff
  return stream.subarray(0, bits.below(3) === 0 ? end : end - bits.below(Math.min(end, 50)))
}

/** Long enough for the header that some codecs keep in the payload. */
function randomPayload(bits: RandomBits, bytesMax: number, noise: Buffer): Uint8Array {
  const payload = Buffer.alloc(Math.max(41, bits.below(bytesMax + 1)), noise)
  // A BER value whose length is right, for the codec that keeps it.
  payload[0] = 0x30
  payload[1] = 0x84
  payload.writeUInt32BE(payload.length - 6, 2)
  return payload.length > bytesMax ? payload.subarray(0, bytesMax) : payload
}

/** A payload that the codec cannot carry is left out. */
function encoded(
  codec: LengthFieldCodec,
  payload: Uint8Array,
  stream: Buffer,
  end: number,
): number {
  try {
    return codec.encode(payload, stream, end)
  } catch (error) {
    if (!CommloopError.is(error)) throw error
    return end + 1
  }
}

function naiveReading(framing: NaiveFraming, stream: Buffer): Reading {
  const payloads: Buffer[] = []
  const hunts = framing.options.resync === 'hunt'
  let at = 0
  while (at < stream.length) {
    const found = naiveFrame(framing, stream.subarray(at))
    if (found === 'incomplete') return { payloads, bytes: at, end: 'CML_ERR_FRAME_TRUNCATED' }
    if (typeof found === 'object') {
      payloads.push(found.payload)
      at += found.frameBytes
    } else if (hunts) at++
    else return { payloads, bytes: at, end: found }
  }
  return { payloads, bytes: at, end: 'whole' }
}

function cutReading(codec: LengthFieldCodec, stream: Buffer, bits: RandomBits): Reading {
  const decoder = codec.createDecoder()
  const usable = CHUNK_BYTES.filter((bytes) => bytes * 20_000 >= stream.length)
  const chunkBytesMax = bits.pick(usable)
  const payloads: Uint8Array[] = []
  let at = 0
  try {
    while (at < stream.length) {
      const end = at + 1 + bits.below(chunkBytesMax)
      decoder.push(stream.subarray(at, end))
      for (let next = decoder.next(); next !== undefined; next = decoder.next()) payloads.push(next)
      at = end
    }
    decoder.end()
    return { payloads, bytes: at, end: 'whole' }
  } catch (error) {
    if (!CommloopError.is(error)) throw error
    return { payloads, bytes: at, end: error.code }
  }
}

function differenceOf(expected: Reading, actual: Reading): string | undefined {
  if (actual.end !== expected.end) return `ended ${actual.end} in place of ${expected.end}`
  if (actual.payloads.length !== expected.payloads.length) {
    const counts = [actual, expected].map(({ payloads }) => String(payloads.length))
    return counts.join(' payloads in place of ')
  }
  const differs = expected.payloads.findIndex((payload, place) => {
    const other = actual.payloads[place]
    return other === undefined || Buffer.compare(payload, other) !== 0
  })
  return differs === -1 ? undefined : `payload ${String(differs)} differs`
}
