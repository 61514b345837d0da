import type { EntryOptions, ReconnectStrategy } from '@commloop/core'
import { ExponentialBackoff } from '@commloop/core'
import { describe, expect, it } from 'vitest'
import { PEER, TestNode } from '../node/test-node.js'
import { hostileValues } from './hostile-values.js'

const TIMER_MS_MAX = 2 ** 31 - 1

function withStrategy(delayMs: (attempt: number) => unknown): TestNode {
  const value = { delayMs } as unknown as ReconnectStrategy
  const links: EntryOptions[] = [
    { ...PEER, reconnect: { spec: 'hostile', value } },
    { ...PEER, id: 'other' },
  ]
  const bench = TestNode.started({ links })
  bench.transport.dials[1]?.open()
  return bench
}

describe('a reconnect strategy that returns', () => {
  it.each(hostileValues())('%s has a delay that a timer can take', async (_name, value) => {
    const bench = withStrategy(() => value)
    bench.transport.dials[0]?.fail()
    const { state, nextDialInMs = -1 } = bench.node.link('peer')
    expect(state).toBe(value === undefined ? 'exhausted' : 'backoff')
    expect(nextDialInMs).toBeGreaterThanOrEqual(0)
    expect(nextDialInMs).toBeLessThanOrEqual(TIMER_MS_MAX)
    expect(bench.node.link('other').state).toBe('up')
    await bench.stopped()
  })

  it.each([Symbol('no'), Object.create(null) as object, undefined])(
    'nothing, but throws, is treated like an invalid delay',
    async (thrown) => {
      const bench = withStrategy(() => {
        // eslint-disable-next-line @typescript-eslint/only-throw-error -- what plugins may do
        throw thrown
      })
      bench.transport.dials[0]?.fail()
      bench.soon()
      expect(bench.warnings).toEqual(['STRATEGY_THREW'])
      expect(bench.node.link('peer').nextDialInMs).toBe(30_000)
      await bench.stopped()
    },
  )

  it('and disables its link in the call leaves it disabled', async () => {
    const bench: TestNode = withStrategy(() => {
      bench.node.link('peer').disable()
      return 100
    })
    bench.transport.dials[0]?.fail()
    bench.clock.advance(60_000)
    expect(bench.transport.dials).toHaveLength(2)
    expect(bench.node.link('peer').state).toBe('idle')
    await bench.stopped()
  })

  it('and disables its link while a loss is reported leaves it disabled, with its queue', async () => {
    const bench: TestNode = withStrategy(() => {
      bench.node.link('peer').disable()
      return 100
    })
    const connection = bench.transport.dials[0]?.open()
    bench.send('waits', { to: 'peer' })
    connection?.reset()
    bench.clock.advance(60_000)
    expect(bench.transport.dials).toHaveLength(2)
    expect(bench.node.link('peer')).toMatchObject({ state: 'idle', queuedMessages: 1 })
    bench.node.link('peer').enable()
    const next = bench.transport.lastDial.open()
    bench.soon()
    expect(next.sent).toEqual(['waits'])
    await bench.stopped()
  })

  it('and reads its link in the call sees no peer', async () => {
    const seen: unknown[] = []
    const bench: TestNode = withStrategy(() => {
      seen.push(bench.node.link('peer').remote)
      return 100
    })
    bench.transport.dials[0]?.open().reset()
    bench.soon()
    expect(seen).toEqual([undefined])
    expect(bench.warnings).toEqual([])
    await bench.stopped()
  })

  it('and disables its link does not keep a node from stopping', async () => {
    let stopping: Promise<void> | undefined
    const bench: TestNode = withStrategy(() => {
      bench.node.link('peer').disable()
      return 100
    })
    bench.node.on('link', ({ link, state }) => {
      if (link === 'peer' && state === 'draining') stopping = bench.node.stop()
    })
    bench.transport.dials[0]?.open().reset()
    bench.clock.advance(60_000)
    await stopping
    expect(bench.states.slice(-2)).toEqual(['peer closed (disabled)', 'other closed (stopped)'])
    expect(bench.warnings).toEqual([])
    expect(bench.clock.pendingTimers).toBe(0)
  })

  it('and stops its node while a loss is reported does not keep it from stopping', async () => {
    let stopping: Promise<void> | undefined
    const bench: TestNode = withStrategy(() => {
      stopping ??= bench.node.stop()
      return 100
    })
    bench.transport.dials[0]?.open().reset()
    bench.clock.advance(60_000)
    expect(bench.node.links().map(({ state }) => state)).toEqual(['closed', 'closed'])
    await stopping
    expect(bench.clock.pendingTimers).toBe(0)
  })
})

describe('the exponential backoff', () => {
  it.each([
    { initial: 0 },
    { min: 0, initial: 0, factor: 1000 },
    { factor: 1 },
    { factor: 1000, max: TIMER_MS_MAX },
  ])('has a delay within its bounds at the millionth attempt (%j)', (options) => {
    const strategy = new ExponentialBackoff({ maxAttempts: 0, ...options })
    for (const attempt of [1, 2, 1_000, 1_023, 1_024, 1_025, 5_000, 1_000_000]) {
      for (const draw of [0, 0.5, 1 - Number.EPSILON]) {
        const delayMs = strategy.delayMs(attempt, { next: () => draw })
        expect(delayMs, String(attempt)).toBeGreaterThanOrEqual(0)
        expect(delayMs, String(attempt)).toBeLessThanOrEqual(options.max ?? 30_000)
      }
    }
  })

  it('continues through thirty days of refused dials', async () => {
    const value = new ExponentialBackoff({ maxAttempts: 0 })
    const bench = TestNode.started({ links: [{ ...PEER, reconnect: { spec: 'x', value } }] })
    const endMs = 30 * 86_400_000
    while (bench.clock.now() < endMs) {
      bench.transport.lastDial.fail()
      bench.transport.dials.splice(0, bench.transport.dials.length - 1)
      const { state, nextDialInMs = Number.NaN } = bench.node.link('peer')
      if (state !== 'backoff' || !(nextDialInMs >= 100 && nextDialInMs <= 30_000)) {
        throw new Error(`${state}, next dial in ${String(nextDialInMs)} ms`)
      }
      bench.clock.advance(nextDialInMs)
    }
    expect(bench.node.link('peer').counters.dials).toBeGreaterThan(150_000)
    expect(bench.warnings).toEqual([])
    await bench.stopped()
  })
})
