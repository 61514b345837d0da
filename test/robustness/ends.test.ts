import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { SeededRandom } from '@commloop/testing'
import { describe, expect, it } from 'vitest'
import { leakCheck } from './leak-check.js'
import { randomStops } from './random-stops.js'

const CYCLES = 300
const STOPS = 10
/** The variation that the garbage collector and the compiler cause in so few cycles. */
const HEAP_BYTES_PER_CYCLE_MAX = 2_000

describe('a node under load', () => {
  it('stops in order at any moment, and its ledgers balance', async () => {
    const seed = Math.floor(Math.random() * 2 ** 31)
    const random = new SeededRandom(seed)
    const figure = await randomStops(STOPS, () => random.next())
    expect(figure.faults, `seed ${String(seed)}`).toEqual([])
    expect(figure.clean).toBe(STOPS)
    expect(figure.written).toBeGreaterThan(0)
  })
})

describe('peers that connect and disconnect', () => {
  it('leave nothing behind', async () => {
    setFlagsFromString('--expose-gc')
    globalThis.gc ??= runInNewContext('gc') as typeof globalThis.gc
    const figure = await leakCheck(CYCLES)
    for (const name of ['handles', 'timers', 'listeners', 'descriptors'] as const) {
      expect(figure[name].after, name).toBeLessThanOrEqual(figure[name].before)
    }
    expect(figure.heapBytesPerCycle).toBeLessThan(HEAP_BYTES_PER_CYCLE_MAX)
  })
})
