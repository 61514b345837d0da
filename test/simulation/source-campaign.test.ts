import { Len16Codec } from '@commloop/codec-len16'
import { runCampaign, violationText } from '@commloop/testing'
import { describe, expect, it } from 'vitest'

const SEEDS = 60

describe('the simulator on the sources, without a build', () => {
  it(`finds no violation in ${String(SEEDS)} seeds, and all links recover`, async () => {
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
