import { describe, expect, it } from 'vitest'
import type { StreamLosses } from '@commloop/core'
import { LengthFieldCodec } from '../src/index.js'
import { decoded, hex, pulled } from './bytes.js'

const CODEC = new LengthFieldCodec({
  length: { bytes: 1, offset: 2 },
  magic: { hex: '5aa5' },
  trailer: [{ checksum: 'sum-8', from: 2 }],
  resync: 'hunt',
})

/** Frames of one letter each. */
const A = '5aa5 01 61 62'
const B = '5aa5 01 62 63'
const DAMAGED = '5aa5 01 61 00'
/** A damaged frame that contains whole ones. */
const OUTER = `5aa5 0a ${A} ${B} 00`

const STREAMS: readonly [string, string, readonly string[], StreamLosses][] = [
  ['nothing else', A + B, ['61', '62'], { skippedBytes: 0, droppedFrames: 0 }],
  [
    'texts of a modem',
    `0d0a4f4b0d0a ${A} 0d0a ${B}`,
    ['61', '62'],
    { skippedBytes: 8, droppedFrames: 0 },
  ],
  ['half a frame', `5aa5 01 ${A}`, ['61'], { skippedBytes: 3, droppedFrames: 1 }],
  ['half a magic', `5a5a ${A}`, ['61'], { skippedBytes: 2, droppedFrames: 0 }],
  ['a damaged frame', DAMAGED + B, ['62'], { skippedBytes: 5, droppedFrames: 1 }],
  ['a damaged length', OUTER, ['61', '62'], { skippedBytes: 4, droppedFrames: 1 }],
]

describe('a decoder that hunts', () => {
  it.each(STREAMS)(
    'finds the frames between %s, however the stream is cut',
    (_, stream, payloads, losses) => {
      for (let chunkBytes = 1; chunkBytes <= 20; chunkBytes++) {
        const decoder = CODEC.createDecoder()
        expect(decoded(decoder, hex(stream), chunkBytes)).toEqual(payloads)
        expect({ ...losses, chunkBytes }).toEqual({
          skippedBytes: decoder.losses?.skippedBytes,
          droppedFrames: decoder.losses?.droppedFrames,
          chunkBytes,
        })
      }
    },
  )

  it('is not within a frame while it passes over garbage, also if that is shorter than a header', () => {
    const decoder = CODEC.createDecoder()
    for (const garbage of ['0d', '0d0a', '5a00', '00000000000000000000']) {
      decoder.push(hex(garbage))
      expect(pulled(decoder)).toEqual([])
      expect(decoder.midFrame, garbage).toBe(false)
    }
    decoder.end()
    decoder.push(hex('5a'))
    expect(pulled(decoder)).toEqual([])
    expect(decoder.midFrame).toBe(true)
  })

  it('reports nothing to count without resync: hunt', () => {
    expect(new LengthFieldCodec({ length: 2 }).createDecoder().losses).toBeUndefined()
  })
})

describe('garbage for ever', () => {
  const large = new LengthFieldCodec({
    length: { bytes: 3, offset: 1 },
    magic: { hex: 'a5' },
    trailer: [{ checksum: 'crc-16/arc' }],
    resync: 'hunt',
    maxPayload: 65_536,
  })

  it('takes linear time, even if every byte begins a large frame', () => {
    // Each place announces 0xa5 frames of 42 KiB, all damaged: with a new start at each byte that were 4 · 10^10 steps.
    const chunk = new Uint8Array(64 * 1024).fill(0xa5)
    for (let at = 1; at < chunk.length; at += 4) chunk[at] = 0
    const decoder = large.createDecoder()
    for (let each = 0; each < 16; each++) {
      decoder.push(chunk)
      expect(pulled(decoder)).toEqual([])
    }
    const { skippedBytes = 0, droppedFrames = 0 } = decoder.losses ?? {}
    expect(droppedFrames).toBeGreaterThan(0)
    // At most eight bytes of work for each byte, and the frames have 42 KiB.
    expect(droppedFrames).toBeLessThan((8 * 16 * chunk.length) / 42_000 + 16)
    expect(skippedBytes).toBeGreaterThan(15 * chunk.length - 100_000)
  })
})
