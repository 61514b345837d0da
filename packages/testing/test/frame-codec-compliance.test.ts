import { describe, expect, it } from 'vitest'
import { type Check, frameCodecChecks, frameCodecCompliance } from '../src/compliance/index.js'
import { type CodecFault, LengthPrefixCodec } from './length-prefix-codec.js'
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
}

describe('frameCodecChecks', () => {
  it('finds no fault in a correct codec, and skips nothing if all options are given', async () => {
    expect([...(await failedChecks(checksOf()))]).toEqual([])
    expect(checksOf().filter(({ skipped }) => skipped !== undefined)).toEqual([])
  })

  it('finds nothing in a sound codec without a header', async () => {
    const codec = new LengthPrefixCodec()
    const bare = {
      payloadBytesMax: codec.payloadBytesMax,
      header: undefined,
      frameBytesMax: (bytes: number) => codec.frameBytesMax(bytes),
      encode: (payload: Uint8Array, into: Uint8Array, at: number) =>
        codec.encode(payload, into, at),
      createDecoder: () => codec.createDecoder(),
    }
    const checks = frameCodecChecks(bare, { withLimit: (limit) => new LengthPrefixCodec(limit) })
    expect([...(await failedChecks(checks))]).toEqual([])
    expect(checks.filter(({ skipped }) => skipped !== undefined)).toHaveLength(5)
  })

  it.each(Object.entries(FAULTS))('notices a codec that %s', async (fault, noticedBy) => {
    const checks = checksOf(fault as CodecFault).filter(({ name }) => name.includes(noticedBy))
    expect(checks).not.toEqual([])
    expect([...(await failedChecks(checks)).keys()]).toEqual(checks.map(({ name }) => name))
  })
})
