import { describe, expect, it } from 'vitest'
import { BATCH_BYTES_MAX, BatchBuffers } from '../src/link/connection/batch-buffers.js'

const KEPT_BYTES_MAX = 8 * 1024 * 1024

/** How many of so many buffers that were given back are lent again. */
function keptOf(count: number, bytes: number): number {
  const buffers = new BatchBuffers()
  const lent = Array.from({ length: count }, () => buffers.borrow(bytes))
  const known = new Set(lent)
  expect(known.size, 'none to two at once').toBe(count)
  for (const buffer of lent) buffers.giveBack(buffer)
  return lent.filter(() => known.has(buffers.borrow(bytes))).length
}

describe('a borrowed buffer', () => {
  it.each([
    [0, 1_024],
    [1, 1_024],
    [1_024, 1_024],
    [1_025, 2_048],
    [5_000, 8_192],
    [BATCH_BYTES_MAX - 1, BATCH_BYTES_MAX],
    [BATCH_BYTES_MAX, BATCH_BYTES_MAX],
    [BATCH_BYTES_MAX + 1, BATCH_BYTES_MAX + 1],
    [1_000_000, 1_000_000],
  ])('for %i bytes has %i', (bytes, size) => {
    expect(new BatchBuffers().borrow(bytes).byteLength).toBe(size)
  })

  it('is the one that was given back, however often', () => {
    const buffers = new BatchBuffers()
    const first = buffers.borrow(BATCH_BYTES_MAX)
    let borrowed = first
    for (let round = 0; round < 200; round++) {
      buffers.giveBack(borrowed)
      borrowed = buffers.borrow(BATCH_BYTES_MAX)
      expect(borrowed).toBe(first)
    }
  })
})

describe('buffers that were given back', () => {
  it('are all kept where they are few', () => {
    expect(keptOf(5, 1_024)).toBe(5)
  })

  it.each([1_024, BATCH_BYTES_MAX])('of %i bytes are kept up to 8 MiB', (bytes) => {
    const keptMax = KEPT_BYTES_MAX / bytes
    expect(keptOf(keptMax + 10, bytes)).toBe(keptMax)
  })

  it('are let go where they were for one frame that is larger than a write', () => {
    expect(keptOf(1, BATCH_BYTES_MAX + 1)).toBe(0)
  })
})
