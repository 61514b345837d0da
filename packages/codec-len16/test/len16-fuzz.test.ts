import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CommloopError } from '@commloop/core'
import { Len16Codec, type Len16Options } from '../src/index.js'
import {
  cutAt,
  hexOf,
  naiveReading,
  pull,
  type Reading,
  streamOf,
} from '@commloop/test-support/byte-stream'

const anyOptions = fc.record({
  byteOrder: fc.constantFrom('big', 'little'),
  lengthIncludesHeader: fc.boolean(),
})

function reading(chunks: readonly Uint8Array[], options: Len16Options): Reading {
  const decoder = new Len16Codec(options).createDecoder()
  const payloads: Uint8Array[] = []
  try {
    for (const chunk of chunks) {
      decoder.push(chunk)
      for (let next = decoder.next(); next !== undefined; next = decoder.next()) payloads.push(next)
    }
    decoder.end()
    return { payloads, end: 'whole' }
  } catch (error) {
    if (!CommloopError.is(error)) throw error
    const end = error.code === 'CML_ERR_FRAME_TRUNCATED' ? 'truncated' : error.code
    return { payloads, end: end as Reading['end'] }
  }
}

/** xorshift32: a stream of garbage that can be repeated from its seed. */
function garbage(seed: number, bytes: number, mask: number): Uint8Array {
  let state = seed
  return Uint8Array.from({ length: bytes }, () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state & mask
  })
}

describe('any list of payloads', () => {
  it('is decoded unchanged, however the stream is cut', () => {
    const payloads = fc.array(fc.uint8Array({ maxLength: 600 }), { maxLength: 30 })
    const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 40 })
    fc.assert(
      fc.property(payloads, cuts, anyOptions, (sent, places, options) => {
        const codec = new Len16Codec(options)
        const stream = streamOf(codec, sent)
        const sorted = places
          .map((place) => Math.floor(place * stream.length))
          .sort((a, b) => a - b)
        const decoder = codec.createDecoder()
        const received = cutAt(stream, sorted).flatMap((chunk) => {
          decoder.push(chunk)
          return pull(decoder)
        })
        decoder.end()
        expect(hexOf(received)).toEqual(hexOf(sent))
      }),
      { numRuns: 300 },
    )
  })
})

describe('any bytes at all', () => {
  // The mask makes short frames likely in one run and long ones in the other.
  it.each([
    [1, 0xff, {}],
    [2, 0x03, {}],
    [3, 0xff, { byteOrder: 'little' }],
    [4, 0x03, { byteOrder: 'little', lengthIncludesHeader: true }],
    [5, 0x07, { lengthIncludesHeader: true }],
    [6, 0xff, { maxPayload: 60000 }],
    [7, 0x0f, { emptyFrames: 'reject', maxPayload: 3800 }],
  ] as const)('are read as by an obvious decoder: seed %i, mask %i, %o', (seed, mask, options) => {
    const megabyte = garbage(seed, 1 << 20, mask)
    const cutSizes = garbage(seed + 100, 1 << 12, 0xff)
    // After an error, the next reading starts behind it.
    for (let from = 0, turn = 0; from < megabyte.length && turn < 400; turn++) {
      const stream = megabyte.subarray(from, from + (1 << (8 + (turn % 12))))
      const expected = naiveReading(stream, options)
      const places: number[] = []
      const coarse = turn % 3 === 0 ? 1 : 300
      for (let at = 0, index = turn; at < stream.length; index++) {
        places.push(at)
        at += 1 + (cutSizes[index % cutSizes.length] ?? 0) * coarse
      }
      const actual = reading(cutAt(stream, places), options)
      expect(actual.end).toBe(expected.end)
      expect(Buffer.concat(actual.payloads).equals(Buffer.concat(expected.payloads))).toBe(true)
      expect(actual.payloads.map((payload) => payload.length)).toEqual(
        expected.payloads.map((payload) => payload.length),
      )
      from += 1 + expected.payloads.reduce((sum, payload) => sum + payload.length + 2, 0)
    }
  })
})
