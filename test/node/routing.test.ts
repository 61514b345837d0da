import { describe, expect, it } from 'vitest'
import {
  type EntryOptions,
  type NodeOptions,
  type Route,
  type SendRouter,
  useRouter,
} from '@commloop/core'
import { TestNode } from './test-node.js'
import type { ScriptedConnection } from './scripted-transport.js'

const active = (id: string, more: Partial<EntryOptions> = {}): EntryOptions => ({
  id,
  role: 'active',
  ip: '10.0.0.2',
  port: 8001,
  ...more,
})
const AB = { links: [active('a'), active('b')] }

function routed(
  route: SendRouter['route'],
  options: NodeOptions = AB,
): { bench: TestNode; connections: ScriptedConnection[] } {
  const bench = TestNode.started(options, useRouter({ route }))
  const connections = bench.transport.dials.map((dial) => dial.open())
  return { bench, connections }
}
const sent = (connections: readonly ScriptedConnection[]): string[][] =>
  connections.map((connection) => connection.sent)

describe('a route', () => {
  it.each<[string, Route, string[][]]>([
    ['an id', 'b', [[], ['x']]],
    ['an index', 0, [['x'], []]],
    ['several', ['a', 'b'], [['x'], ['x']]],
    ['the same link twice', ['a', 0, 'a/*'], [['x'], []]],
    ['every link of an entry that is up', 'b/*', [[], ['x']]],
    ['a link and its epoch', { link: 'a', epoch: 1 }, [['x'], []]],
  ])('by %s', async (_name, route, expected) => {
    const { bench, connections } = routed(() => route)
    expect(bench.send('x')).toBe(true)
    bench.soon()
    expect(sent(connections)).toEqual(expected)
    await bench.stopped()
  })

  it('with a long list and repetitions gives each link one copy', async () => {
    const ids = Array.from({ length: 40 }, (_, at) => `link-${String(at)}`)
    const list = [...ids.slice(0, 20), ...ids.slice(10), ...ids]
    const { bench, connections } = routed(() => list, { links: ids.map((id) => active(id)) })
    bench.send('x')
    bench.soon()
    expect(sent(connections)).toEqual(ids.map(() => ['x']))
    expect(bench.node.counters).toMatchObject({ routed: 1, copies: 40 })
    for (const connection of connections) connection.written()
    bench.send('y')
    bench.soon()
    expect(sent(connections)).toEqual(ids.map(() => ['x', 'y']))
    await bench.stopped()
  })

  const noLink = { reason: 'router named no link', code: 'router-no-link' } as const
  const unknown = (reason: string): object => ({ reason, code: 'link-unknown', detail: reason })

  it.each<[string, unknown, object]>([
    ['an unknown id', 'nobody', unknown('no link "nobody" in the table')],
    ['an unknown index', 7, unknown('no link position 7 in the table')],
    ['nothing', undefined, noLink],
    ['null', null, noLink],
    ['an empty array', [], noLink],
    ['a boolean', true, noLink],
    ['a hole in an array', ['a', undefined], noLink],
    ['an unknown one among known ones', ['a', 'nobody'], unknown('no link "nobody" in the table')],
    ['an epoch that is none', { link: 'a', epoch: 0 }, unknown('no epoch 0')],
  ])('that is %s makes the whole message undeliverable', async (_name, route, why) => {
    const { bench, connections } = routed(() => route as Route)
    bench.send('x', { id: 'm' })
    bench.soon()
    expect(sent(connections)).toEqual([[], []])
    expect(bench.outcomes).toEqual([{ id: 'm', outcome: 'undeliverable', ...why, count: 1 }])
    await bench.stopped()
  })

  it('that drops has a reason', async () => {
    const { bench } = routed(() => ({ drop: 'not today' }))
    bench.send('x', { id: 'm' })
    bench.soon()
    const why = { reason: 'not today', code: 'router-drop', detail: 'not today' }
    expect(bench.outcomes).toEqual([{ id: 'm', outcome: 'dropped', ...why, count: 1 }])
    await bench.stopped()
  })

  it('that throws costs only that message', async () => {
    const { bench, connections } = routed(({ payload }) => {
      if (payload.length === 1) throw new Error('one byte')
      return 'a'
    })
    bench.send('x', { id: 'm' })
    bench.send('fine')
    bench.soon()
    expect(bench.outcomes).toMatchObject([
      { id: 'm', outcome: 'undeliverable', reason: 'router threw: Error: one byte' },
    ])
    expect(bench.warnings).toEqual(['ROUTER_THREW'])
    expect(sent(connections)).toEqual([['fine'], []])
    await bench.stopped()
  })

  it('for another epoch is dropped, and never reaches the next peer', async () => {
    const { bench } = routed(() => ({ link: 'a', epoch: 2 }))
    bench.send('reply', { id: 'm' })
    bench.soon()
    expect(bench.outcomes).toMatchObject([
      { id: 'm', link: 'a', outcome: 'dropped', reason: 'epoch' },
    ])
    await bench.stopped()
  })

  it('bound to an epoch is dropped when that connection is lost before the write', async () => {
    const { bench, connections } = routed(() => ({ link: 'a', epoch: 1 }))
    bench.send('first')
    bench.soon()
    bench.send('second', { id: '2' })
    connections[0]?.reset()
    bench.soon()
    expect(bench.outcomes.map(({ reason }) => reason)).toEqual(['epoch', 'epoch'])
    expect(bench.node.link('a').counters).toMatchObject({ enqueued: 2, dropped: 2, queued: 0 })
    await bench.stopped()
  })

  it('sees live links', async () => {
    const { bench, connections } = routed((_message, links) => {
      const up = links.filter(({ state }) => state === 'up')
      return up[0]?.id ?? { drop: 'nobody is up' }
    })
    connections[0]?.reset()
    bench.send('x')
    bench.soon()
    expect(connections[1]?.sent).toEqual(['x'])
    await bench.stopped()
  })

  it('is not requested if `to` is given', async () => {
    let asked = 0
    const { bench, connections } = routed(() => {
      asked++
      return 'a'
    })
    bench.send('x', { to: ['b'] })
    bench.soon()
    expect(sent(connections)).toEqual([[], ['x']])
    expect(asked).toBe(0)
    await bench.stopped()
  })
})

describe('a route that comes later', () => {
  it('is followed when it comes', async () => {
    const { bench, connections } = routed(() => Promise.resolve('b'))
    bench.send('x', { id: 'm' })
    expect(bench.node.counters.routing).toBe(1)
    await bench.clock.settle()
    bench.soon()
    expect(sent(connections)).toEqual([[], ['x']])
    expect(bench.node.counters.routing).toBe(0)
    await bench.stopped()
  })

  it('that is rejected is undeliverable', async () => {
    const { bench } = routed(() => Promise.reject(new Error('database gone')))
    bench.send('x', { id: 'm' })
    await bench.clock.settle()
    expect(bench.outcomes).toMatchObject([
      { outcome: 'undeliverable', reason: 'router threw: Error: database gone' },
    ])
    await bench.stopped()
  })

  it('that comes too late is counted, and the message is undeliverable', async () => {
    let answer: (route: Route) => void = () => undefined
    const { bench, connections } = routed(() => new Promise<Route>((resolve) => (answer = resolve)))
    bench.send('x', { id: 'm' })
    bench.clock.advance(1_000)
    expect(bench.outcomes).toMatchObject([{ outcome: 'undeliverable', reason: 'router late' }])
    answer('a')
    await bench.clock.settle()
    expect(bench.node.counters).toMatchObject({ lateAnswers: 1, undeliverable: 1, routed: 0 })
    expect(sent(connections)).toEqual([[], []])
    await bench.stopped()
  })

  it('is limited in number; then send refuses', async () => {
    const { bench } = routed(() => new Promise(() => undefined), {
      ...AB,
      routing: { messages: 2 },
    })
    bench.send('1')
    expect(bench.send('2'), 'above half of its bound').toBe(false)
    expect(() => bench.send('3')).toThrow('too many messages wait for a route')
    expect(bench.node.counters).toMatchObject({ accepted: 2, refused: 1 })
    bench.clock.advance(1_000)
    expect(bench.drains).toEqual(['*'])
    await bench.stopped()
  })

  it('is still followed while the node stops', async () => {
    let answer: (route: Route) => void = () => undefined
    const { bench, connections } = routed(() => new Promise<Route>((resolve) => (answer = resolve)))
    bench.send('x')
    const stopping = bench.node.stop()
    expect(connections[0]?.finSent).toBe(false)
    answer('a')
    await bench.clock.settle()
    bench.soon()
    expect(connections[0]?.sent).toEqual(['x'])
    connections[0]?.written()
    bench.clock.advance(5_000)
    await stopping
    bench.checkLedgers()
    expect(bench.node.link('a').counters.written).toBe(1)
  })
})

describe('a deferred message', () => {
  it('is routed again with the number of deferrals', async () => {
    const { bench, connections } = routed(({ deferrals }) =>
      deferrals < 3 ? { defer: '200ms' } : 'a',
    )
    bench.send('x')
    bench.clock.advance(599)
    expect(connections[0]?.sent).toEqual([])
    bench.clock.advance(1)
    expect(connections[0]?.sent).toEqual(['x'])
    expect(bench.node.counters).toMatchObject({ accepted: 1, routed: 1 })
    await bench.stopped()
  })

  it('ends after deferMax, or after its TTL', async () => {
    const { bench } = routed(() => ({ defer: 0 }))
    bench.send('x', { id: 'no ttl' })
    bench.send('x', { id: 'ttl', ttlMs: 500 })
    bench.clock.advance(600)
    expect(bench.outcomes).toMatchObject([{ id: 'ttl', outcome: 'expired' }])
    bench.clock.advance(60_000)
    expect(bench.outcomes[1]).toMatchObject({
      id: 'no ttl',
      outcome: 'undeliverable',
      reason: 'deferred too long',
    })
    await bench.stopped()
  })

  it('is dropped when the node stops', async () => {
    const { bench } = routed(() => ({ defer: '10s' }))
    bench.send('x', { id: 'm' })
    await bench.stopped()
    expect(bench.outcomes).toMatchObject([{ id: 'm', outcome: 'dropped', reason: 'stopped' }])
  })
})

describe('send', () => {
  it.each<[string, () => unknown, string]>([
    ['an unknown link', () => ({ to: 'nobody' }), 'CML_ERR_LINK_UNKNOWN'],
    ['an entry with several links', () => ({ to: 'cell' }), 'CML_ERR_LINK_AMBIGUOUS'],
    ['a passing link that is down', () => ({ to: 'cell/1' }), 'CML_ERR_LINK_DOWN'],
    ['every link of an entry, none up', () => ({ to: 'cell/*' }), 'CML_ERR_LINK_DOWN'],
    ['no link at all', () => ({ to: [] }), 'CML_ERR_LINK_UNKNOWN'],
  ])('refuses %s and has accepted nothing', async (_name, options, code) => {
    const bench = TestNode.started({
      listen: { port: 1 },
      links: [active('a'), { id: 'cell', role: 'passive', ip: '10.0.0.0/8', slots: 3 }],
    })
    expect(() => bench.send('x', options() as object)).toThrow(expect.objectContaining({ code }))
    expect(bench.node.counters).toMatchObject({ accepted: 0, refused: 1 })
    await bench.stopped()
  })

  it('throws before start, for a payload above the limit, and for an invalid payload', async () => {
    const bench = new TestNode(AB)
    expect(() => bench.send('x')).toThrow('the node is new')
    void bench.node.start()
    const large = Buffer.alloc(65_536)
    expect(() => bench.node.send(large, { to: 'a' })).toThrow('payload of 65536 bytes')
    expect(() => bench.node.send(large), 'where a router would decide').toThrow(
      'no link takes more',
    )
    const text = 'text' as unknown as Uint8Array
    expect(() => bench.node.send(text)).toThrow('a payload is a Uint8Array')
    expect(bench.node.counters).toMatchObject({ accepted: 0, refused: 4 })
    await bench.stopped()
  })

  it('returns false above the mark, throws at the limit, and a drain follows', async () => {
    const limits = { outbox: { messages: 4 }, highWaterMark: 534 }
    const bench = TestNode.started({ links: [active('a', limits)] })
    expect([1, 2, 3, 4].map(() => bench.send('x', { to: 'a' }))).toEqual([true, true, false, false])
    expect(() => bench.send('x', { to: 'a' })).toThrow(
      expect.objectContaining({ code: 'CML_ERR_OUTBOX_FULL' }),
    )
    const connection = bench.transport.lastDial.open()
    bench.soon()
    expect(bench.drains).toEqual([])
    connection.written()
    expect(bench.drains).toEqual(['a'])
    await bench.stopped()
  })

  it('with a synchronous route throws if every target is full', async () => {
    const { bench } = routed(() => ['a', 'b'], {
      links: [active('a', { outbox: { messages: 1 } }), active('b', { outbox: { messages: 2 } })],
    })
    bench.send('1')
    bench.send('2', { id: 'partly' })
    expect(() => bench.send('3')).toThrow(expect.objectContaining({ code: 'CML_ERR_OUTBOX_FULL' }))
    bench.soon()
    expect(bench.outcomes[0]).toMatchObject({
      id: 'partly',
      link: 'a',
      outcome: 'dropped',
      reason: 'outbox full',
    })
    expect(bench.node.counters).toMatchObject({ accepted: 2, routed: 2, copies: 4, refused: 1 })
    await bench.stopped()
  })

  it('drops the oldest if the entry says so, but never one that is being written', async () => {
    const limits = { outbox: { messages: 2 }, overflow: 'drop-oldest' as const }
    const bench = TestNode.started({ links: [active('a', limits)] })
    const connection = bench.transport.lastDial.open()
    bench.send('being written', { id: '1' })
    bench.soon()
    bench.send('oldest', { id: '2' })
    bench.send('newest', { id: '3' })
    bench.soon()
    expect(bench.outcomes).toMatchObject([{ id: '2', outcome: 'dropped', reason: 'outbox full' }])
    connection.written()
    expect(connection.sent).toEqual(['being written', 'newest'])
    await bench.stopped()
  })

  it('never starts to write a message after its TTL', async () => {
    const bench = TestNode.started({ links: [active('a', { ttl: '1s' })] })
    bench.send('short', { id: 'short', ttlMs: 300 })
    bench.send('default', { id: 'default' })
    bench.send('long', { id: 'long', ttlMs: 60_000 })
    bench.clock.advance(999)
    expect(bench.outcomes.map(({ id }) => id)).toEqual(['short'])
    bench.clock.advance(101)
    expect(bench.outcomes.map(({ id }) => id)).toEqual(['short', 'default'])
    const connection = bench.transport.lastDial.open()
    bench.soon()
    expect(connection.sent).toEqual(['long'])
    await bench.stopped()
  })

  it('makes no write if all messages have expired, and writes the next one', async () => {
    const bench = TestNode.started({ links: [active('a', { highWaterMark: 64 })] })
    const connection = bench.transport.lastDial.open()
    bench.send('under way')
    bench.soon()
    bench.send('too late', { id: 'late', ttlMs: 10 })
    bench.clock.advance(50)
    connection.written()
    bench.soon()
    expect(connection.writes).toHaveLength(1)
    expect(bench.outcomes).toMatchObject([{ id: 'late', outcome: 'expired' }])
    expect(bench.drains, 'there is room again').toEqual(['a'])
    bench.send('in time')
    bench.soon()
    expect(connection.sent).toEqual(['under way', 'in time'])
    await bench.stopped()
  })

  it('drops expired messages before it refuses a new one', async () => {
    const bench = TestNode.started({ links: [active('a', { outbox: { messages: 1 } })] })
    bench.send('old', { ttlMs: 50 })
    bench.clock.advance(60)
    expect(bench.send('new')).toBe(true)
    expect(bench.node.link('a').counters).toMatchObject({ expired: 1, queued: 1 })
    await bench.stopped()
  })

  it('reports outcomes without id at most ten times a second, and counts the rest', async () => {
    const { bench } = routed(() => ({ drop: 'flood' }))
    for (let count = 0; count < 1_000; count++) bench.send('x')
    bench.soon()
    expect(bench.outcomes).toHaveLength(10)
    bench.clock.advance(1_000)
    expect(bench.outcomes.at(-1)).toMatchObject({ outcome: 'dropped', count: 990 })
    await bench.stopped()
  })
})

describe('a codec that fails', () => {
  it('costs only the copy that it cannot encode', async () => {
    const bench = TestNode.started({
      links: [
        active('a', {
          codec: {
            spec: 'broken',
            value: {
              payloadBytesMax: 100,
              header: undefined,
              frameBytesMax: (bytes) => bytes,
              encode: (payload, into, at) => {
                if (payload.length === 3) throw new Error('three')
                if (payload.length === 4) return at + 5
                into.set(payload, at)
                return at + payload.length
              },
              createDecoder: () => {
                throw new Error('not needed')
              },
            },
          },
        }),
      ],
    })
    const connection = bench.transport.lastDial.open()
    for (const text of ['ok', 'bad', 'lies', 'fine']) bench.send(text.padEnd(text.length))
    bench.send('12345', { id: 'after' })
    bench.soon()
    connection.written()
    bench.soon()
    expect(Buffer.concat(connection.writes.flat()).toString()).toBe('ok12345')
    expect(bench.node.link('a').counters).toMatchObject({ written: 2, undeliverable: 3 })
    expect(new Set(bench.warnings)).toEqual(new Set(['CODEC_ENCODE']))
    await bench.stopped()
  })
})

describe('a relay', () => {
  const relay = (more: Partial<EntryOptions> = {}) =>
    routed((message) => (message.from?.link === 'a' ? 'b' : { drop: 'only from a' }), {
      relay: true,
      links: [active('a'), active('b', more)],
    })

  it('calls the router with the source of the message', async () => {
    const { bench, connections } = relay()
    connections[0]?.receive('through')
    bench.soon()
    expect(connections[1]?.sent).toEqual(['through'])
    expect(bench.messages).toEqual(['a#1 through'])
    await bench.stopped()
  })

  it('stops reading the source while its target is above the mark, and loses nothing', async () => {
    const { bench, connections } = relay({ highWaterMark: 200, outbox: '1KiB' })
    const [source, target] = connections
    const all = Array.from({ length: 50 }, (_, at) => `message ${String(at)}`)
    source?.receive(...all)
    expect(source?.reading).toBe(false)
    for (let round = 0; round < 50; round++) {
      bench.soon()
      if (bench.node.link('b').queuedMessages > 0) target?.written()
    }
    expect(target?.sent).toEqual(all)
    expect(source?.reading).toBe(true)
    expect(bench.node.counters).toMatchObject({ accepted: 50, routed: 50 })
    await bench.stopped()
  })
})

describe('messages()', () => {
  it('stops reading while the stream is not read, and continues at half', async () => {
    const bench = TestNode.started({ links: [active('a')], iterator: { messages: 4 } })
    const stream = bench.node.messages()
    const connection = bench.transport.lastDial.open()
    connection.receive('1', '2', '3', '4', '5', '6')
    expect(connection.reading).toBe(false)
    const texts: string[] = []
    const take = async (): Promise<void> => {
      const { value } = (await stream.next()) as { value: { payload: Uint8Array } }
      texts.push(Buffer.from(value.payload).toString())
    }
    await take()
    expect(connection.reading).toBe(false)
    await take()
    expect(connection.reading).toBe(false)
    await take()
    await take()
    await take()
    await take()
    expect(texts).toEqual(['1', '2', '3', '4', '5', '6'])
    expect(connection.reading).toBe(true)
    await bench.stopped()
    expect(await stream.next()).toEqual({ done: true, value: undefined })
  })

  it('releases the links when its reader stops', async () => {
    const bench = TestNode.started({ links: [active('a')], iterator: { messages: 1 } })
    const stream = bench.node.messages()
    const connection = bench.transport.lastDial.open()
    connection.receive('1', '2')
    expect(connection.reading).toBe(false)
    await stream.return?.()
    expect(connection.reading).toBe(true)
    expect(bench.messages).toHaveLength(2)
    await bench.stopped()
  })
})

describe('settled', () => {
  it('resolves when every message has its outcome, or at the deadline', async () => {
    const { bench, connections } = routed(() => 'a')
    expect(await bench.node.settled()).toBe(true)
    bench.send('x')
    const settled = bench.node.settled()
    const late = bench.node.settled({ deadlineMs: 10 })
    bench.clock.advance(10)
    expect(await late).toBe(false)
    connections[0]?.written()
    expect(await settled).toBe(true)
    await bench.stopped()
  })
})

describe('a listener that throws', () => {
  it('does not affect anything else', async () => {
    const { bench, connections } = routed(() => 'a')
    bench.node.on('message', () => {
      throw new Error('mine')
    })
    const heard: string[] = []
    bench.node.on('message', ({ payload }) => heard.push(Buffer.from(payload).toString()))
    connections[0]?.receive('x', 'y')
    expect(heard).toEqual(['x', 'y'])
    bench.soon()
    expect(bench.warnings).toEqual(['LISTENER_THREW', 'LISTENER_THREW'])
    await bench.stopped()
  })
})
