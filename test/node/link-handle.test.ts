import type { LinkHandle } from '@commloop/core'
import { describe, expect, it } from 'vitest'
import { BenchNode, PEER } from './bench-node.js'

const FIXED = { spec: 'fixed', value: { delayMs: () => 5_000 } }

/** Everything that a link says of itself, its counters left out. */
function saidBy(link: LinkHandle) {
  const { id, entry, role, state, epoch, remote, lasting, enabled, reason, sinceMs } = link
  const { attempt, nextDialInMs, queuedMessages, queuedBytes, aboveHighWaterMark } = link
  const names = { id, entry, role, state, epoch, remote, lasting, enabled, reason, sinceMs }
  return { ...names, attempt, nextDialInMs, queuedMessages, queuedBytes, aboveHighWaterMark }
}

describe('a link as its user sees it', () => {
  it('says what is so now, through the life of an active link', async () => {
    const bench = new BenchNode({ links: [{ ...PEER, reconnect: FIXED, highWaterMark: 100 }] })
    const link = bench.node.link('peer')
    const first = {
      id: 'peer',
      entry: 'peer',
      role: 'active',
      state: 'idle',
      epoch: 0,
      remote: undefined,
      lasting: true,
      enabled: true,
      reason: undefined,
      sinceMs: 0,
      attempt: 0,
      nextDialInMs: undefined,
      queuedMessages: 0,
      queuedBytes: 0,
      aboveHighWaterMark: false,
    }
    expect(saidBy(link)).toEqual(first)

    bench.clock.advance(1_000)
    void bench.node.start()
    bench.clock.advance(30)
    const dialling = { ...first, state: 'dialing', sinceMs: 30, attempt: 1 }
    expect(saidBy(link)).toEqual(dialling)

    bench.transport.lastDial.fail()
    bench.send('twelve bytes')
    bench.send('x'.repeat(50))
    bench.clock.advance(2_000)
    expect(saidBy(link)).toEqual({
      ...dialling,
      state: 'backoff',
      reason: 'ECONNREFUSED',
      sinceMs: 2_000,
      nextDialInMs: 3_000,
      queuedMessages: 2,
      queuedBytes: 12 + 50 + 2 * 64,
      aboveHighWaterMark: true,
    })

    bench.clock.advance(3_000)
    const connection = bench.transport.lastDial.open()
    bench.soon()
    connection.written()
    bench.clock.advance(7)
    const remote = { ip: '10.0.0.2', port: 8001 }
    expect(saidBy(link)).toEqual({
      ...first,
      state: 'up',
      epoch: 1,
      remote,
      sinceMs: 7,
      attempt: 2,
    })
    await bench.stopped()
  })

  it('names its entry where that has several links, and plans no dial where it is passive', async () => {
    const links = [{ id: 'in', role: 'passive', ip: '10.0.0.0/24', slots: 2 } as const]
    const bench = BenchNode.started({ listen: { port: 1 }, links })
    expect(saidBy(bench.node.link('in/2'))).toMatchObject({
      id: 'in/2',
      entry: 'in',
      role: 'passive',
      state: 'awaiting',
      lasting: false,
      attempt: 0,
      nextDialInMs: undefined,
    })
    bench.transport.accept('10.0.0.9', 50_000)
    expect(bench.node.link('in/1').remote).toEqual({ ip: '10.0.0.9', port: 50_000 })
    await bench.stopped()
  })
})
