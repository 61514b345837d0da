import { Len16Codec } from '@commloop/codec-len16'
import { runCampaign, violationText } from '@commloop/testing'
import { describe, expect, it } from 'vitest'

const SEEDS = 60

describe('the simulator on the sources, as they are before any build', () => {
  it(`finds nothing wrong in ${String(SEEDS)} seeds, and each node comes together again`, async () => {
    const { failures, seeds, messages } = await runCampaign({
      codec: new Len16Codec({ maxPayload: 40_000 }),
      from: 0,
      seeds: SEEDS,
    })
    expect(failures.map(({ violation }) => violation && violationText(violation))).toEqual([])
    expect(seeds).toBe(SEEDS)
    expect(messages).toBeGreaterThan(10_000)
  })
})
