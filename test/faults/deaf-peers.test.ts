import { describe, expect, it } from 'vitest'
import { deafPeers } from './deaf-peers.js'

describe('peers that never read', () => {
  it('cost no more than their outboxes, and each message that was accepted ends in one way', async () => {
    const figures = await deafPeers({ links: 4 })
    expect(figures.bytesPerLink).toBeLessThanOrEqual(figures.bytesPerLinkMax)
    // The outboxes were full indeed.
    expect(figures.bytesPerLink).toBeGreaterThan(figures.bytesPerLinkMax / 2)
    expect(figures.refused).toBeGreaterThan(0)
    expect(figures.sends).toBe(figures.accepted + figures.refused)
    expect(figures.outcomes).toBe(figures.accepted)
    expect(figures.unaccounted).toBe(0)
  })
})
