import { describe, expect, it } from 'vitest'
import { OPENING_BYTES_MAX, StreamOpening } from '../src/link/stream-opening.js'

const STREAM = Uint8Array.from({ length: 3 * OPENING_BYTES_MAX }, (_, at) => at % 251)

describe('the opening of a stream', () => {
  it.each([1, 100, OPENING_BYTES_MAX - 1, OPENING_BYTES_MAX, OPENING_BYTES_MAX + 1, STREAM.length])(
    'is its first bytes up to the limit, in chunks of %i',
    (chunkBytes) => {
      const opening = new StreamOpening()
      for (let at = 0; at < STREAM.length; at += chunkBytes) {
        opening.add(STREAM.subarray(at, at + chunkBytes))
        const expected = STREAM.subarray(0, Math.min(at + chunkBytes, OPENING_BYTES_MAX))
        expect(Buffer.compare(opening.bytes, expected), `after ${String(at)}`).toBe(0)
      }
    },
  )

  it('keeps no chunk alive, and does not change with it', () => {
    const chunk = Uint8Array.of(1, 2, 3)
    const opening = new StreamOpening()
    opening.add(chunk)
    chunk.fill(0)
    expect(opening.bytes).toEqual(Uint8Array.of(1, 2, 3))
    expect(opening.bytes.buffer).not.toBe(chunk.buffer)
  })
})
