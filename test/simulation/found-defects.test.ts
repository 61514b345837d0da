import { type NodeOptions, useRouter } from '@commloop/core'
import { describe, expect, it } from 'vitest'
import { PEER, TestNode } from '../node/test-node.js'

/** Bugs that the simulator has found, as scenarios, because a seed produces a different run when the code changes. */
describe('bugs that the simulator has found', () => {
  it('a link that is disabled while its dial permits the next dial stays down', async () => {
    const options: NodeOptions = {
      links: [PEER, { id: 'other', role: 'active', ip: '10.0.0.3', port: 8001 }],
      dials: 1,
    }
    const bench = new TestNode(options)
    bench.node.on('link', ({ link, state }) => {
      if (link === 'other' && state === 'dialing') bench.node.link('peer').disable()
    })
    void bench.node.start()
    const connection = bench.transport.lastDial.open()
    bench.soon()
    expect(bench.node.link('peer')).toMatchObject({ enabled: false })
    expect(bench.node.link('peer').state).not.toBe('up')
    connection.reset()
    bench.soon()
    expect(bench.node.link('peer').state).toBe('idle')
    await bench.stopped()
  })

  it('a link that is dialled in the event of its last failed attempt waits for a permit', async () => {
    const bench = TestNode.started({
      links: [
        { ...PEER, reconnect: { spec: 'never', value: { delayMs: () => undefined } } },
        { id: 'other', role: 'active', ip: '10.0.0.3', port: 8001 },
      ],
      dials: 1,
    })
    bench.node.on('link', ({ link, state }) => {
      if (link === 'peer' && state === 'exhausted') bench.node.link('peer').dial()
    })
    // The operator asks for the other link first.
    bench.node.link('other').dial()
    const [first] = bench.transport.dials
    first?.fail()
    // The other link has the only permit now.
    bench.soon()
    expect(bench.node.link('peer').state).toBe('exhausted')
    bench.transport.lastDial.open()
    bench.soon()
    expect(bench.node.link('peer').state).toBe('dialing')
    bench.transport.lastDial.open()
    bench.soon()
    expect(bench.node.link('peer').state).toBe('up')
    await bench.stopped()
  })

  it('a node that stops while a connection is on probation leaves no timer behind', async () => {
    const bench = TestNode.started({ links: [PEER] })
    bench.transport.lastDial.open().reset()
    bench.clock.runUntil(() => bench.transport.dials.length === 2, 10_000)
    const onProbation = bench.transport.lastDial.open()
    expect(bench.node.link('peer').state).toBe('dialing')
    const stopping = bench.node.stop()
    bench.soon()
    expect(onProbation.destroyed).toBe(true)
    onProbation.closed({ kind: 'destroyed' })
    await stopping
    expect(bench.clock.pendingTimers).toBe(0)
  })

  it('a drain is reported before a relay fills the queue again', async () => {
    const bench = TestNode.started(
      {
        listen: { port: 8000 },
        relay: true,
        highWaterMark: 200,
        links: [PEER, { id: 'source', role: 'passive', ip: '10.0.0.9' }],
      },
      useRouter({ route: () => 'peer' }),
    )
    const queuedAtDrain: number[] = []
    bench.node.on('drain', ({ link }) => {
      queuedAtDrain.push(bench.node.link(link).queuedBytes)
    })
    const target = bench.transport.lastDial.open()
    bench.soon()
    const source = bench.transport.accept('10.0.0.9')
    const texts = Array.from({ length: 12 }, (_, at) => `message ${String(at)}`)
    source?.receive(...texts)
    bench.soon()
    for (let left = 12; left > 0 && target.sent.length < texts.length; left--) {
      target.written()
      bench.soon()
    }
    expect(target.sent).toEqual(texts)
    expect(queuedAtDrain.length).toBeGreaterThan(0)
    expect(queuedAtDrain.filter((bytes) => bytes > 100)).toEqual([])
    target.written()
    await bench.stopped()
  })

  it('the router is not called for a message whose TTL ended while the process was stopped', async () => {
    let asked = 0
    const bench = TestNode.started(
      { links: [PEER] },
      useRouter({
        route: () => {
          asked++
          return { defer: 100 }
        },
      }),
    )
    let stoodStillMs = 0
    const now = bench.clock.now.bind(bench.clock)
    bench.clock.now = () => now() + stoodStillMs
    bench.send('late', { ttlMs: 1_000, id: 'late' })
    // After a process was stopped, its timers are late: the clock has advanced before the timer runs.
    stoodStillMs = 5_000
    bench.clock.advance(100)
    bench.soon()
    expect(asked).toBe(1)
    expect(bench.outcomes).toMatchObject([{ id: 'late', outcome: 'expired', reason: 'ttl' }])
    await bench.stopped()
  })
})
