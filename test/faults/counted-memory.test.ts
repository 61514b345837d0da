import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { answerOfScript } from '../reliability/node-script.js'

const SCRIPT = fileURLToPath(new URL('counted-memory.mjs', import.meta.url))
const CORE = fileURLToPath(new URL('../../packages/core/dist', import.meta.url))

interface Measured {
  readonly results: readonly {
    readonly name: string
    readonly live: number
    readonly counted: number
  }[]
}

/** The live heap of a full store may be this much above what the store counts, because the constants are rounded. */
const FACTOR_MAX = 1.25
/** What is allocated once, such as the ring of the outbox, and what the measurement itself adds. */
const FIXED_BYTES = 256 * 1024

// In a process of its own, whose heap contains nothing else.
describe('the memory of messages that wait', () => {
  it('is at most a quarter above what the stores count', async () => {
    const { results } = await answerOfScript<Measured>('--expose-gc', SCRIPT, CORE)
    expect(results).toHaveLength(41)
    const above = results.filter(({ live, counted }) => live > counted * FACTOR_MAX + FIXED_BYTES)
    expect(above).toEqual([])
  })
})
