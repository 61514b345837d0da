import { CommloopError } from '@commloop/core'
import { SeededRandom } from '@commloop/testing'
import { DelimitedCodec, type DelimitedOptions } from '@commloop/codec-delimited'
import { type Decoded, naivelyDecoded } from './naive-delimited.js'

/** Framings that together have every option, with limits that random streams reach. */
export const FUZZED: Readonly<Record<string, DelimitedOptions>> = {
  lines: { end: '\n' },
  'either line end': { end: ['\n', '\r\n'] },
  'ends that overlap': { end: ['abcd', 'cd', 'aab'] },
  'an end that repeats': { end: 'aab' },
  'an end of one byte repeated': { end: 'aa' },
  mllp: { start: { hex: '0b' }, end: { hex: '1c0d' } },
  'a start of two bytes': { start: 'ab', end: 'ba' },
  astm: {
    start: { hex: '02' },
    end: [{ hex: '03' }, { hex: '17' }],
    after: [{ checksum: 'sum-8', as: 'HEX', from: 1 }, { bytes: '\r\n' }],
    singles: { hex: '05061504' },
  },
  'a preamble': { start: ':', end: ';', preamble: 'ab', emptyFrames: 'skip' },
  nmea: { start: '$', end: '\r\n', check: { checksum: 'xor-8', as: 'HEX', mark: '*' } },
  slip: { end: { hex: 'c0' }, escape: 'slip', emptyFrames: 'skip' },
  jt808: {
    start: { hex: '7e' },
    end: { hex: '7e' },
    escape: 'jt808',
    check: { checksum: 'xor-8' },
  },
  hdlc: { start: { hex: '7e' }, end: { hex: '7e' }, escape: 'hdlc' },
  dle: {
    start: { hex: '1002' },
    end: { hex: '1003' },
    escape: 'dle',
    after: [{ checksum: 'xor-8' }],
  },
  'dle, two ends': { end: [{ hex: '1003' }, { hex: '1017' }], escape: 'dle' },
  cobs: { end: { hex: '00' }, escape: 'cobs', emptyFrames: 'reject' },
  hex: { start: ':', end: '\r\n', escape: 'hex', check: { checksum: 'lrc-8' } },
}

const LIMITS = [1, 8, 40, 300]

export interface DelimitedFuzzFigures {
  readonly bytes: number
  readonly streams: number
  readonly frames: number
  /** How streams ended. */
  readonly ends: Readonly<Record<string, number>>
  /** What differed, with the seed of the stream. */
  readonly mismatches: readonly string[]
}

const MISMATCHES_MAX = 10

/** Feeds streams of frames, damaged frames and garbage, randomly cut, to the decoder and to one that is obviously right. */
export function fuzzDelimiters(bytesMin: number, seed: number): DelimitedFuzzFigures {
  const mismatches: string[] = []
  const ends: Record<string, number> = {}
  let bytes = 0
  let frames = 0
  let streams = 0
  for (; bytes < bytesMin && mismatches.length < MISMATCHES_MAX; streams++) {
    const { stream, naive, difference } = oneStream(`${String(seed)} ${String(streams)}`)
    const end = naive.end ?? 'whole'
    ends[end] = (ends[end] ?? 0) + 1
    frames += naive.payloads.length
    bytes += stream.length
    if (difference !== undefined) mismatches.push(difference)
  }
  return { bytes, streams, frames, ends, mismatches }
}

function oneStream(seed: string): {
  stream: Uint8Array
  naive: Decoded
  difference: string | undefined
} {
  const random = new SeededRandom(seed)
  const name = random.pick(Object.keys(FUZZED))
  const options = { ...(FUZZED[name] ?? { end: '\n' }), maxPayload: random.pick(LIMITS) }
  const codec = new DelimitedCodec(options)
  const stream = randomStream(options, codec, random)
  const chunks = cutAtRandom(stream, random)
  const real = decoded(codec, chunks)
  const naive = naivelyDecoded(options, stream)
  if (JSON.stringify(real) === JSON.stringify(naive))
    return { stream, naive, difference: undefined }
  const cuts = chunks.map((chunk) => Buffer.from(chunk).toString('hex')).join(' ')
  const difference = `seed ${seed} (${name}, ${String(options.maxPayload)}): ${cuts}: ${JSON.stringify(real)} in place of ${JSON.stringify(naive)}`
  return { stream, naive, difference }
}

/** The frame of one payload. */
export function encoded(codec: DelimitedCodec, payload: Uint8Array): Buffer {
  const into = Buffer.alloc(codec.frameBytesMax(payload.length))
  return into.subarray(0, codec.encode(payload, into, 0))
}

/** What the decoder makes of these chunks. It repeats its error, and reports the end of the stream. */
export function decoded(codec: DelimitedCodec, chunks: readonly Uint8Array[]): Decoded {
  const decoder = codec.createDecoder()
  const payloads: Uint8Array[] = []
  const hex = (): string[] => payloads.map((payload) => Buffer.from(payload).toString('hex'))
  try {
    for (const chunk of chunks) {
      decoder.push(chunk)
      for (let payload = decoder.next(); payload !== undefined; payload = decoder.next()) {
        payloads.push(payload)
      }
    }
    decoder.end()
    return { payloads: hex(), end: undefined }
  } catch (error) {
    if (!CommloopError.is(error)) throw error
    return { payloads: hex(), end: error.code }
  }
}

/** Frames, parts of frames, damaged frames and bytes that have a meaning, in any order. */
export function randomStream(
  options: DelimitedOptions,
  codec: DelimitedCodec,
  random: SeededRandom,
): Uint8Array {
  const alphabet = alphabetOf(options)
  const parts: Uint8Array[] = []
  const isDamaged = random.chance(0.5)
  for (let left = 1 + random.int(12); left > 0; left--) {
    const frame = frameOf(codec, alphabet, random)
    if (frame === undefined) continue
    if (isDamaged && random.chance(0.2)) damage(frame, alphabet, random)
    if (isDamaged && random.chance(0.1)) parts.push(randomBytes(6, alphabet, random))
    parts.push(random.chance(0.05) ? frame.subarray(0, random.int(frame.length)) : frame)
  }
  return Buffer.concat(parts)
}

function frameOf(
  codec: DelimitedCodec,
  alphabet: readonly number[],
  random: SeededRandom,
): Buffer | undefined {
  const bytesMax = random.chance(0.05)
    ? codec.payloadBytesMax + 5
    : Math.min(30, codec.payloadBytesMax)
  try {
    return encoded(codec, randomBytes(bytesMax, alphabet, random))
  } catch (error) {
    if (CommloopError.is(error) && error.code === 'CML_ERR_PAYLOAD_INVALID') return undefined
    throw error
  }
}

function damage(frame: Buffer, alphabet: readonly number[], random: SeededRandom): void {
  frame[random.int(frame.length)] = random.pick(alphabet)
}

export function randomBytes(
  bytesMax: number,
  alphabet: readonly number[],
  random: SeededRandom,
): Uint8Array {
  return Uint8Array.from({ length: random.int(bytesMax + 1) }, () => random.pick(alphabet))
}

/** The bytes that have a meaning, and a few others. */
export function alphabetOf(options: DelimitedOptions): readonly number[] {
  const text = JSON.stringify(options)
  const hex = [...text.matchAll(/"hex":"([0-9a-f]+)"/g)].flatMap(([, digits = '']) => [
    ...Buffer.from(digits, 'hex'),
  ])
  const literal = [...text.matchAll(/"(?:end|start|bytes|preamble|mark)":"([^"]+)"/g)].flatMap(
    ([, found = '']) => [...Buffer.from(JSON.parse(`"${found}"`) as string)],
  )
  return [
    ...hex,
    ...literal,
    0x0a,
    0x0d,
    0x61,
    0x62,
    0x63,
    0x64,
    0x30,
    0x46,
    0x7d,
    0xdb,
    0xdc,
    0x5e,
    0x01,
    0x02,
    0xff,
  ]
}

export function cutAtRandom(stream: Uint8Array, random: SeededRandom): Uint8Array[] {
  const bytesMax = random.pick([1, 3, 20, 1_000])
  const chunks: Uint8Array[] = []
  for (let at = 0; at < stream.length;) {
    const end = at + 1 + random.int(bytesMax)
    chunks.push(stream.slice(at, end))
    at = end
  }
  return chunks
}
