import { describe, expect, it } from 'vitest'
import { FIRST_BYTES_MAX, FirstBytes } from '../src/link/connection/first-bytes.js'

const STREAM = Uint8Array.from({ length: 3 * FIRST_BYTES_MAX }, (_, at) => at % 251)

describe('the first bytes of a stream', () => {
  it.each([1, 100, FIRST_BYTES_MAX - 1, FIRST_BYTES_MAX, FIRST_BYTES_MAX + 1, STREAM.length])(
    'is its first bytes up to the limit, in chunks of %i',
    (chunkBytes) => {
      const opening = new FirstBytes()
      for (let at = 0; at < STREAM.length; at += chunkBytes) {
        opening.add(STREAM.subarray(at, at + chunkBytes))
        const expected = STREAM.subarray(0, Math.min(at + chunkBytes, FIRST_BYTES_MAX))
        expect(Buffer.compare(opening.bytes, expected), `after ${String(at)}`).toBe(0)
      }
    },
  )

  it('keeps no chunk alive, and does not change with it', () => {
    const chunk = Uint8Array.of(1, 2, 3)
    const opening = new FirstBytes()
    opening.add(chunk)
    chunk.fill(0)
    expect(opening.bytes).toEqual(Uint8Array.of(1, 2, 3))
    expect(opening.bytes.buffer).not.toBe(chunk.buffer)
  })
})
