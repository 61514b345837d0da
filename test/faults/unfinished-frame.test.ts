import { describe, expect, it } from 'vitest'
import { unfinishedInDecoders, unfinishedOnLinks } from './unfinished-frame.js'

/** The memory of the frame, once, and nothing for each chunk. */
const BYTES_MAX = 72 * 1024

describe('a frame of 65,535 bytes that arrives byte by byte and is never complete', () => {
  it('costs a decoder the frame, and nothing for its chunks', async () => {
    const { bytesEach } = await unfinishedInDecoders()
    expect(bytesEach).toBeGreaterThan(60_000)
    expect(bytesEach).toBeLessThanOrEqual(BYTES_MAX)
  })

  it('costs a link the frame, and nothing for its chunks', async () => {
    const { bytesEach } = await unfinishedOnLinks()
    expect(bytesEach).toBeGreaterThan(60_000)
    // The peers and the records of this test are in the same process.
    expect(bytesEach).toBeLessThanOrEqual(2 * BYTES_MAX)
  })
})
