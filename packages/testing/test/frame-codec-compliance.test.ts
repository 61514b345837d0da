import { describe, expect, it } from 'vitest'
import type { FrameCodec } from '@commloop/core'
import {
  type Check,
  frameCodecChecks,
  frameCodecCompliance,
  type FrameCodecComplianceOptions,
} from '../src/compliance/index.js'
import { type CodecFault, LengthPrefixCodec } from './length-prefix-codec.js'
import { type LineFault, LineCodec, linePayload } from './line-codec.js'
import { failedChecks } from './planted-faults.js'

const INVALID = [Buffer.of(0, 0, 1, 7), Buffer.of(0x5b, 0, 0)]

frameCodecCompliance('length prefix', new LengthPrefixCodec(), {
  withLimit: (payloadBytesMax) => new LengthPrefixCodec(payloadBytesMax),
  invalid: INVALID,
})

function checksOf(fault?: CodecFault): readonly Check[] {
  return frameCodecChecks(new LengthPrefixCodec(65_535, fault), {
    withLimit: (payloadBytesMax) => new LengthPrefixCodec(payloadBytesMax, fault),
    invalid: INVALID,
  })
}

/** Each fault, and a part of the names of the checks that must notice it. */
const FAULTS: Readonly<Record<CodecFault, string>> = {
  'encodes little endian': 'arrives in one chunk',
  'decodes little endian': 'arrives in one chunk',
  'takes one byte too few for a frame': 'arrives in one chunk',
  'takes one byte too many for a frame': 'arrives in one chunk',
  'ignores the limit': 'one byte more',
  'refuses a payload of exactly the limit': 'exactly its limit',
  'accepts one byte above the limit': 'one byte more',
  'looks at the limit when the frame is whole': 'one byte more',
  'throws a plain error for a large frame': 'one byte more',
  'refuses before handing out what came before': 'before a frame that is too large',
  'ignores truncation': 'ends inside a frame, at any byte',
  'misses truncation right after a header': 'ends inside a frame, at any byte',
  'misses truncation inside a header': 'ends inside a frame, at any byte',
  'loses a byte between frames': 'cut at any byte',
  'loses the rest of a chunk': 'arrives in one chunk',
  'shares state between decoders': 'two decoders separate',
  'keeps state for the next decoder': 'starts every decoder empty',
  'is midFrame for ever': 'is midFrame',
  'is never midFrame': 'is midFrame',
  'is midFrame only with the header complete': 'is midFrame',
  'swallows empty payloads': 'arrives in one chunk',
  'reuses its buffer for payloads': 'do not change when more bytes arrive',
  'copies payloads that it could view': 'views into the chunk',
  'writes to the chunk': 'does not change the chunks',
  'allocates what is announced': 'allocates no memory',
  'ignores the offset when encoding': 'encodes at any offset',
  'writes one byte past the frame': 'encodes at any offset',
  'announces too little room': 'frameBytesMax at least',
  'has a header that differs from encode': 'its header and the unchanged payload',
  'ignores the offset when writing the header': 'writes the header at any offset',
  'changes the payload': 'does not change the payload',
  'needs a Buffer': 'plain Uint8Arrays',
  'accepts an impossible header': 'rejects invalid streams',
  'looks at all waiting bytes for each chunk': 'in proportion to the bytes',
  'copies the rest for each frame': 'in proportion to the bytes',
}

frameCodecCompliance('lines', new LineCodec(), {
  withLimit: (payloadBytesMax) => new LineCodec(payloadBytesMax),
  payload: linePayload,
  views: true,
})

frameCodecCompliance('one size', new LineCodec(128), {
  withLimit: (payloadBytesMax) => new LineCodec(payloadBytesMax),
  payload: (bytes) => (bytes === 128 ? linePayload(bytes) : undefined),
})

/** The same codec without `header`, so that the suite knows only what its options say. */
function bareCodec(fault?: CodecFault, payloadBytesMax?: number): FrameCodec {
  const codec = new LengthPrefixCodec(payloadBytesMax, fault)
  return {
    payloadBytesMax: codec.payloadBytesMax,
    header: undefined,
    frameBytesMax: (bytes) => codec.frameBytesMax(bytes),
    encode: (payload, into, at) => codec.encode(payload, into, at),
    createDecoder: () => codec.createDecoder(),
  }
}

async function failuresOf(
  codec: FrameCodec,
  options: FrameCodecComplianceOptions,
): Promise<string[]> {
  return [...(await failedChecks(frameCodecChecks(codec, options))).keys()]
}

describe('frameCodecChecks', () => {
  it('finds no fault in a correct codec, and skips nothing if all options are given', async () => {
    expect([...(await failedChecks(checksOf()))]).toEqual([])
    expect(checksOf().filter(({ skipped }) => skipped !== undefined)).toEqual([])
  })

  it('finds nothing in a sound codec without a header', async () => {
    const checks = frameCodecChecks(bareCodec(), {
      withLimit: (limit) => new LengthPrefixCodec(limit),
    })
    expect([...(await failedChecks(checks))]).toEqual([])
    expect(checks.filter(({ skipped }) => skipped !== undefined)).toHaveLength(4)
  })

  it('checks views and early rejection of a codec without a header if its author promises them', async () => {
    const withLimit = (limit: number) =>
      bareCodec('looks at the limit when the frame is whole', limit)
    expect(await failuresOf(bareCodec(), { withLimit })).toEqual([])
    expect(await failuresOf(bareCodec(), { withLimit, announcedBytes: 3 })).toEqual([
      'rejects a payload of one byte more, as soon as its size is known',
    ])
    const copying = bareCodec('copies payloads that it could view')
    expect(await failuresOf(copying, {})).toEqual([])
    expect(await failuresOf(copying, { views: true })).toEqual([
      'returns views into the chunk if the chunk contains the whole payload',
    ])
  })

  it('rejects a payload of another size than the suite asked for', async () => {
    const payload = (bytes: number) => new Uint8Array(bytes + 1)
    const failures = await failedChecks(frameCodecChecks(new LineCodec(), { payload }))
    expect(String(failures.values().next().value)).toContain('the option "payload" returns')
  })

  it('rejects a codec that carries no payload at all', async () => {
    const failures = await failedChecks(
      frameCodecChecks(new LineCodec(100), { payload: () => undefined }),
    )
    expect(String(failures.values().next().value)).toContain('carries no payload at all')
  })

  it('says once that a decoder is quadratic, and does not time out', async () => {
    const checks = checksOf('looks at all waiting bytes for each chunk')
    const failures = await failedChecks(checks)
    expect([...failures.keys()]).toEqual([
      'takes time in proportion to the bytes, one at a time or many frames in one chunk',
    ])
    expect(String(failures.values().next().value)).toMatch(
      /quadratic: \d+ bytes, one at a time, took \d+ ms of CPU time, and \d+ bytes \d+ ms/,
    )
  })

  it.each<[LineFault, string]>([
    ['looks from the start for each chunk', 'in proportion to the bytes'],
    ['loses the end at the border of a chunk', 'cut at any byte'],
    ['ignores the limit', 'one byte more'],
  ])('notices a codec for lines that %s', async (fault, noticedBy) => {
    const failures = await failuresOf(new LineCodec(70_000, fault), {
      withLimit: (limit) => new LineCodec(limit, fault),
      payload: linePayload,
      views: true,
    })
    expect(failures.filter((name) => name.includes(noticedBy))).not.toEqual([])
  })

  it.each(Object.entries(FAULTS))('notices a codec that %s', async (fault, noticedBy) => {
    const checks = checksOf(fault as CodecFault).filter(({ name }) => name.includes(noticedBy))
    expect(checks).not.toEqual([])
    expect([...(await failedChecks(checks)).keys()]).toEqual(checks.map(({ name }) => name))
  })
})
