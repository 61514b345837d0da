import { ExponentialBackoff, type Random, type ReconnectStrategy } from '@commloop/core'
import { describe, expect, it } from 'vitest'
import { reconnectStrategyChecks, reconnectStrategyCompliance } from '../src/compliance/index.js'
import { failedChecks } from './planted-faults.js'

// Not next to the sources, because core imports no other package, not even in its tests.
reconnectStrategyCompliance('exponential', new ExponentialBackoff())
reconnectStrategyCompliance('exponential, for ever', new ExponentialBackoff({ maxAttempts: 0 }))
reconnectStrategyCompliance(
  'exponential, without jitter and steep',
  new ExponentialBackoff({ jitter: 'none', factor: 1000, maxAttempts: 0 }),
)
reconnectStrategyCompliance(
  'exponential, at its limits',
  new ExponentialBackoff({ min: 1, initial: 1, max: 2 ** 31 - 1, factor: 1, maxAttempts: 0 }),
  { leastDelayMs: 1 },
)

type Answer = (attempt: number, random: Random) => number | undefined

/** Each fault, a part of the name of the check that must notice it, and a strategy with this fault. */
const FAULTS: readonly (readonly [string, string, () => Answer])[] = [
  [
    'doubles without end',
    'every attempt up to a million',
    () => (attempt, random) => 200 * 2 ** attempt * random.next() + 100,
  ],
  [
    'returns NaN when its power overflows',
    'every attempt up to a million',
    () => (attempt, random) => Math.max(100, Math.min(30_000, 2 ** attempt * random.next())),
  ],
  [
    'returns NaN only for very late attempts',
    'up to the largest safe integer',
    () => (attempt) => (attempt > 2 ** 40 ? Number.NaN : 1000),
  ],
  ['returns a text', 'every attempt up to a million', () => () => '1s' as unknown as number],
  [
    'throws for an attempt beyond its list',
    'every attempt up to a million',
    () => {
      const delaysMs = [100, 200, 400]
      return (attempt) => {
        const delayMs = delaysMs[attempt - 1]
        if (delayMs === undefined) throw new RangeError('no such attempt')
        return delayMs
      }
    },
  ],
  [
    'has jitter down to nothing',
    'keeps a minimum delay',
    () => (_, random) => random.next() * 1000,
  ],
  [
    'gives up for a while',
    'gives up permanently',
    () => (attempt) => (attempt % 10 === 0 ? undefined : 1000),
  ],
  [
    'gives up by chance',
    'gives up permanently',
    () => (_, random) => (random.next() > 0.9 ? undefined : 1000),
  ],
  [
    'counts its calls',
    'keeps no state between calls',
    () => {
      let calls = 0
      return () => 1000 + calls++
    },
  ],
  [
    'grows from its last answer',
    'the order of the calls does not matter',
    () => {
      let lastMs = 100
      return (_, random) => (lastMs = Math.min(30_000, 100 + random.next() * 3 * lastMs))
    },
  ],
  [
    'uses Math.random',
    'the same delay for the same random number',
    () => () => 1000 + Math.random() * 1000,
  ],
  [
    'uses Math.random without effect',
    'only the given random numbers',
    () => () => 1000 + 0 * Math.random(),
  ],
  [
    'looks at the wall clock',
    'no clock',
    () => () => (new Date(Date.now()).getFullYear() > 3000 ? 100 : 1000),
  ],
  [
    'draws until a number fits',
    'a bounded number of random numbers',
    () => (_, random) => {
      let drawn = random.next()
      while (drawn < 0.25) drawn = random.next()
      return 1000 * drawn
    },
  ],
]

describe('reconnectStrategyChecks', () => {
  it('find no fault in a correct strategy', async () => {
    const checks = reconnectStrategyChecks(new ExponentialBackoff())
    expect([...(await failedChecks(checks))]).toEqual([])
  })

  it('restore the global sources of random numbers and time', async () => {
    const sources = (): unknown[] => [
      Object.getOwnPropertyDescriptor(Math, 'random'),
      Object.getOwnPropertyDescriptor(Date, 'now'),
    ]
    const before = sources()
    await failedChecks(reconnectStrategyChecks(new ExponentialBackoff()))
    expect(sources()).toEqual(before)
    expect(Object.hasOwn(performance, 'now')).toBe(false)
  })

  it.each(FAULTS)('notice a strategy that %s', async (_, noticedBy, faulty) => {
    const strategy: ReconnectStrategy = { delayMs: faulty() }
    const checks = reconnectStrategyChecks(strategy).filter(({ name }) => name.includes(noticedBy))
    expect(checks).not.toEqual([])
    expect([...(await failedChecks(checks)).keys()]).toEqual(checks.map(({ name }) => name))
  })
})
