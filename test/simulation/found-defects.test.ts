import { type NodeOptions, useRouter } from '@commloop/core'
import { describe, expect, it } from 'vitest'
import { PEER, TestNode } from '../node/test-node.js'

/** Scenarios that the simulator has found, told by hand: a bare seed changes its meaning with the code. */
describe('a node, as the simulator has found it wanting', () => {
  it('keeps a link down that is disabled when its dial lets the next one dial', async () => {
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

  it('waits for leave to dial when it is dialled by who hears that its last attempt has failed', async () => {
    const bench = TestNode.started({
      links: [
        { ...PEER, reconnect: { spec: 'never', value: { delayMs: () => undefined } } },
        { id: 'other', role: 'active', ip: '10.0.0.3', port: 8001 },
      ],
      dials: 1,
    })
    bench.node.on('link', ({ link, state }) => {
      if (link === 'peer' && state === 'backoff') bench.node.link('peer').dial()
    })
    const [first] = bench.transport.dials
    first?.fail()
    // The other one has the only permit now.
    bench.soon()
    expect(bench.node.link('peer').state).toBe('backoff')
    bench.transport.lastDial.open()
    bench.soon()
    expect(bench.node.link('peer').state).toBe('dialing')
    bench.transport.lastDial.open()
    bench.soon()
    expect(bench.node.link('peer').state).toBe('up')
    await bench.stopped()
  })

  it('leaves no timer behind when it stops while a connection is on probation', async () => {
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

  it('tells of a drain before a relay that was held fills the queue again', async () => {
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

  it('asks the router no more about a message whose TTL ended while the process stood still', async () => {
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
    // A process that was stopped sees its timers late: the clock has gone on, and then the timer comes.
    stoodStillMs = 5_000
    bench.clock.advance(100)
    bench.soon()
    expect(asked).toBe(1)
    expect(bench.outcomes).toMatchObject([{ id: 'late', outcome: 'expired', reason: 'ttl' }])
    await bench.stopped()
  })
})
