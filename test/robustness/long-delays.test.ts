import { describe, expect, it } from 'vitest'
import { PEER, TestNode } from '../node/test-node.js'

/** With longer delays, Node's timers fire immediately, again and again. ManualClock throws instead. */
const TIMER_MS_MAX = 2 ** 31 - 1
const DAY_MS = 86_400_000

describe('a delay longer than a timer allows', () => {
  it.each([TIMER_MS_MAX + 1, 1e15, Number.POSITIVE_INFINITY])(
    'as the TTL of a message, %d ms, does not expire it',
    async (ttlMs) => {
      const bench = TestNode.started({ links: [PEER] })
      bench.send('waits', { ttlMs })
      bench.clock.advance(20 * DAY_MS)
      expect(bench.node.link('peer').queuedMessages).toBe(1)
      await bench.stopped()
    },
  )

  it.each([Number.NaN, -1, 0])(
    'is not assumed for a TTL of %d, which has expired',
    async (ttlMs) => {
      const bench = TestNode.started({ links: [PEER] })
      const connection = bench.transport.lastDial.open()
      bench.send('late', { ttlMs, id: 'late' })
      bench.clock.advance(200)
      expect(connection.writes).toEqual([])
      expect(bench.outcomes).toMatchObject([{ id: 'late', outcome: 'expired' }])
      await bench.stopped()
    },
  )

  it.each([TIMER_MS_MAX + 1, Number.POSITIVE_INFINITY])(
    'as the deadline of stop, %d ms, does not cut immediately',
    async (deadlineMs) => {
      const bench = TestNode.started({ links: [PEER] })
      const connection = bench.transport.lastDial.open()
      bench.send('one')
      bench.soon()
      const stopping = bench.node.stop({ deadlineMs })
      bench.clock.advance(20_000)
      expect(connection.destroyed).toBe(false)
      connection.written()
      connection.fin()
      connection.closed()
      await stopping
      expect(bench.node.link('peer').counters.written).toBe(1)
      expect(bench.clock.pendingTimers).toBe(0)
    },
  )

  it('as the deadline of settled waits', async () => {
    const bench = TestNode.started({ links: [PEER] })
    bench.send('one')
    let settled: boolean | undefined
    void bench.node.settled({ deadlineMs: 1e12 }).then((answer) => (settled = answer))
    await bench.clock.settle()
    bench.clock.advance(20 * DAY_MS)
    await bench.clock.settle()
    expect(settled).toBeUndefined()
    await bench.stopped()
  })

  it('does not result from a heartbeat of two weeks', async () => {
    const heartbeat = { every: 14 * DAY_MS, payload: 'hb' }
    const bench = TestNode.started({ links: [{ ...PEER, heartbeat }] })
    const connection = bench.transport.lastDial.open()
    bench.clock.advance(14 * DAY_MS)
    expect(connection.sent).toEqual(['hb'])
    connection.written()
    connection.receive('x')
    bench.clock.advance(10 * DAY_MS)
    expect(bench.node.link('peer').state).toBe('up')
    await bench.stopped()
  })
})
