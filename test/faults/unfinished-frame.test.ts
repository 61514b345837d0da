import { describe, expect, it } from 'vitest'
import { unfinishedInDecoders, unfinishedOnLinks } from './unfinished-frame.js'

/** The frame itself, once; nothing for each of its chunks. */
const BYTES_MAX = 72 * 1024

describe('a frame of 65 535 bytes that comes byte by byte and never gets whole', () => {
  it('costs a decoder the frame, and nothing for its chunks', async () => {
    const { bytesEach } = await unfinishedInDecoders()
    expect(bytesEach).toBeGreaterThan(60_000)
    expect(bytesEach).toBeLessThanOrEqual(BYTES_MAX)
  })

  it('costs a link the frame, and nothing for its chunks', async () => {
    const { bytesEach } = await unfinishedOnLinks()
    expect(bytesEach).toBeGreaterThan(60_000)
    // The peers and what this test itself remembers live in the same process.
    expect(bytesEach).toBeLessThanOrEqual(2 * BYTES_MAX)
  })
})
