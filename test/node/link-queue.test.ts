import { Len16Codec } from '@commloop/codec-len16'
import { type EntryOptions, type Route, useRouter } from '@commloop/core'
import { describe, expect, it } from 'vitest'
import { PEER, TestNode } from './test-node.js'
import type { ScriptedConnection } from './scripted-transport.js'

const OTHER: EntryOptions = { id: 'other', role: 'active', ip: '10.0.0.3', port: 8001 }
const LISTEN = { host: '::', port: 8000 }
const CELL: EntryOptions = { id: 'cell', role: 'passive', ip: '10.0.0.0/24' }

const up = (
  entry: Partial<EntryOptions> = {},
): { bench: TestNode; connection: ScriptedConnection } => {
  const bench = TestNode.started({ links: [{ ...PEER, ...entry }] })
  return { bench, connection: bench.transport.lastDial.open() }
}
const ends = (bench: TestNode): string[] =>
  bench.outcomes.map(({ id, outcome, reason = '' }) => `${String(id)} ${outcome} ${reason}`)

describe('the high-water mark', () => {
  it('is exceeded above its value, and a drain comes at exactly half of it', async () => {
    // 328 and 256 bytes: the payload, and 256 bytes for each message.
    const { bench, connection } = up({ highWaterMark: 584 })
    expect(bench.send('x'.repeat(72)), 'below').toBe(true)
    bench.soon()
    expect(bench.send(''), 'exactly').toBe(true)
    expect(bench.send('x'.repeat(36)), 'above').toBe(false)
    expect(bench.node.link('peer').queuedBytes).toBe(876)
    connection.written()
    expect(bench.drains, 'above half').toEqual([])
    connection.written()
    expect(bench.drains).toEqual(['peer'])
    bench.send('x'.repeat(72))
    bench.soon()
    bench.send('x'.repeat(36))
    connection.written()
    expect(bench.node.link('peer').queuedBytes).toBe(292)
    expect(bench.drains, 'exactly half').toEqual(['peer', 'peer'])
    await bench.stopped()
  })
})

describe('a message that expires', () => {
  it('expires at exactly its time, even behind a message without a TTL', async () => {
    const bench = TestNode.started({ links: [PEER] })
    bench.send('for ever')
    bench.send('short', { id: 'short', ttlMs: 300 })
    bench.send('long', { id: 'long', ttlMs: 301 })
    bench.clock.advance(299)
    expect(ends(bench)).toEqual([])
    bench.clock.advance(1)
    expect(ends(bench)).toEqual(['short expired ttl'])
    bench.clock.advance(100)
    expect(ends(bench)).toEqual(['short expired ttl', 'long expired ttl'])
    await bench.stopped()
  })

  it('is not written if its turn comes before the timer', async () => {
    const { bench, connection } = up()
    bench.send('under way')
    bench.soon()
    bench.send('short', { id: 'short', ttlMs: 20 })
    bench.send('long')
    bench.clock.advance(20)
    expect(ends(bench)).toEqual([])
    connection.written()
    bench.soon()
    expect(connection.sent).toEqual(['under way', 'long'])
    expect(ends(bench)).toEqual(['short expired ttl'])
    expect(bench.node.link('peer').counters).toMatchObject({ expired: 1, undeliverable: 0 })
    expect(bench.warnings).toEqual([])
    await bench.stopped()
  })

  it('needs one timer of its link, and none if no such message waits', async () => {
    const bench = TestNode.started({ links: [PEER] })
    const before = bench.clock.pendingTimers
    bench.send('for ever')
    expect(bench.clock.pendingTimers).toBe(before)
    for (let ttlMs = 1_000; ttlMs > 900; ttlMs--) bench.send('x', { ttlMs })
    expect(bench.clock.pendingTimers).toBe(before + 1)
    bench.clock.advance(1_100)
    expect(bench.node.link('peer').counters).toMatchObject({ queued: 1, expired: 100 })
    await bench.stopped()
  })
})

describe('a message for one connection', () => {
  it.each([
    ['another one, while a write is under way', 2, () => undefined],
    [
      'the one that is over',
      1,
      (connection: ScriptedConnection) => {
        connection.reset()
      },
    ],
    [
      'one that ends',
      1,
      (connection: ScriptedConnection) => {
        connection.fin()
      },
    ],
  ])('is dropped at once where that is %s', async (_name, epoch, happen) => {
    const { bench, connection } = up()
    bench.send('under way')
    bench.soon()
    happen(connection)
    bench.send('reply', { to: { link: 'peer', epoch }, id: 'reply' })
    expect(bench.node.link('peer').counters).toMatchObject({ enqueued: 2, queued: 1, dropped: 1 })
    bench.soon()
    expect(ends(bench)).toEqual(['reply dropped epoch'])
    await bench.stopped()
  })

  it('is dropped on a link that has never been up', async () => {
    const bench = TestNode.started({ links: [PEER] })
    bench.send('reply', { to: { link: 'peer', epoch: 1 }, id: 'reply' })
    bench.soon()
    expect(ends(bench)).toEqual(['reply dropped epoch'])
    await bench.stopped()
  })
})

describe('a message for several links', () => {
  it('is dropped on a passing link that is down, and written on the others', async () => {
    const bench = TestNode.started({ listen: LISTEN, links: [PEER, CELL] })
    const connection = bench.transport.lastDial.open()
    bench.send('x', { to: ['peer', 'cell'], id: 'x' })
    bench.soon()
    connection.written()
    bench.soon()
    expect(bench.outcomes).toMatchObject([
      { link: 'cell', outcome: 'dropped', reason: 'link down' },
      { link: 'peer', outcome: 'written' },
    ])
    await bench.stopped()
  })

  it('does not wait on a closed link while its node is still stopping', async () => {
    let answer: (route: Route) => void = () => undefined
    const route = (): Promise<Route> => new Promise<Route>((resolve) => (answer = resolve))
    const bench = TestNode.started({ links: [PEER, OTHER] }, useRouter({ route }))
    const connection = bench.transport.dials[0]?.open()
    bench.send('x', { id: 'x' })
    const stopping = bench.node.stop()
    expect(bench.node.link('other').state).toBe('closed')
    answer('other')
    await bench.clock.settle()
    connection?.closed()
    await stopping
    expect(ends(bench)).toEqual(['x undeliverable link down: "other"'])
    expect(bench.node.link('other').counters).toMatchObject({ enqueued: 0, queued: 0 })
    bench.checkLedgers()
  })
})

describe('a reply that is not yet written', () => {
  it('keeps the slot of a peer that has ended its side', async () => {
    const bench = TestNode.started({ listen: LISTEN, links: [CELL] })
    const first = bench.transport.accept('10.0.0.2')
    first?.receive('question')
    first?.fin()
    bench.send('answer', { to: 'cell', id: 'answer' })
    expect(bench.transport.accept('10.0.0.3'), 'nothing of it is under way yet').toBeUndefined()
    bench.soon()
    expect(first?.sent).toEqual(['answer'])
    first?.written()
    bench.soon()
    expect(ends(bench)).toEqual(['answer written '])
    await bench.stopped()
  })
})

describe('a payload that its codec cannot encode', () => {
  it('is reported with its link, the cause and its outcome', async () => {
    class Choosy extends Len16Codec {
      override encode(payload: Uint8Array, into: Uint8Array, at: number): number {
        if (payload.length === 3) throw new Error('three bytes')
        return super.encode(payload, into, at)
      }
    }
    const { bench, connection } = up({ codec: { spec: 'choosy', value: new Choosy() } })
    const told: string[] = []
    bench.node.on('warning', ({ code, message }) => told.push(`${code} ${message}`))
    bench.send('abc', { id: 'three' })
    bench.send('fine')
    bench.soon()
    expect(connection.sent).toEqual(['fine'])
    expect(told).toEqual([
      'CODEC_ENCODE peer: the codec could not encode a payload: Error: three bytes',
    ])
    expect(ends(bench)).toEqual(['three undeliverable codec'])
    await bench.stopped()
  })
})
