import { Len16Codec } from '@commloop/codec-len16'
import {
  CommloopError,
  type EntryOptions,
  type FrameCodec,
  type LinkView,
  type NodeOptions,
  type Route,
  useRouter,
} from '@commloop/core'
import { describe, expect, it } from 'vitest'
import { PEER, TestNode } from './test-node.js'

const LISTEN = { host: '::', port: 8000 }
const active = (id: string, more: Partial<EntryOptions> = {}): EntryOptions => ({
  id,
  role: 'active',
  ip: '10.0.0.2',
  port: 8001,
  ...more,
})
const passive = (id: string, more: Partial<EntryOptions> = {}): EntryOptions => ({
  id,
  role: 'passive',
  ip: '10.0.0.2',
  ...more,
})
const table = (...links: EntryOptions[]): NodeOptions => ({ listen: LISTEN, links })
const ids = (bench: TestNode): string[] => bench.node.links().map(({ id }) => id)

/** A codec that does not carry line feeds. */
function lineCodec(): FrameCodec {
  const len16 = new Len16Codec()
  return {
    payloadBytesMax: 100,
    header: undefined,
    frameBytesMax: (bytes) => len16.frameBytesMax(bytes),
    encode: (payload, into, at) => {
      const found = payload.indexOf(0x0a)
      if (found < 0) return len16.encode(payload, into, at)
      throw new CommloopError('CML_ERR_PAYLOAD_INVALID', `a line feed at byte ${String(found)}`)
    },
    createDecoder: () => len16.createDecoder(),
  }
}

describe('a reconfiguration that is refused', () => {
  it('names every mistake, and changes nothing', async () => {
    const bench = TestNode.started(table(active('a')))
    bench.transport.lastDial.open()
    const links = bench.node.links()
    const { config } = bench.node
    const wrong: NodeOptions = {
      ...table(active('b', { port: 0 }), passive('c', { ip: 'nowhere' })),
      node: 'other',
      stall: 'soon',
    }
    const error: unknown = await bench.node.reconfigure(wrong).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'CML_ERR_CONFIG_INVALID' })
    const lines = (error as Error).message.split('\n')
    expect(lines.map((line) => line.split(':')[0])).toEqual([
      'links[0].port',
      'stall',
      'links[1].ip',
      'node',
    ])
    expect(bench.node.reconfigurationProblems(wrong)).toHaveLength(4)
    expect(bench.node.links()).toBe(links)
    expect(bench.node.config).toBe(config)
    expect(bench.states).toEqual(['a dialing', 'a up'])
    await bench.stopped()
  })

  it('has a heartbeat that the codec cannot carry', async () => {
    const bench = TestNode.started(table(active('a')))
    const heartbeat = { every: '1s', payload: new Uint8Array(70_000) } as const
    await expect(bench.node.reconfigure(table(active('a', { heartbeat })))).rejects.toThrow(
      'links[0]: a heartbeat of 70000 bytes, and the codec takes 65535',
    )
    const largest = { every: '1s', payload: new Uint8Array(65_535) } as const
    await bench.node.reconfigure(table(active('a', { heartbeat: largest })))
    await bench.stopped()
  })

  it.each([
    ['payload', { every: '1s', payload: 'a\nb' }],
    ['answer', { every: '1s', payload: 'ping', answer: 'po\nng' }],
  ] as const)('has a heartbeat.%s that the codec cannot encode', async (name, heartbeat) => {
    const bench = TestNode.started(table(active('a')))
    const codec = { spec: 'lines', value: lineCodec() }
    await expect(bench.node.reconfigure(table(active('a', { codec, heartbeat })))).rejects.toThrow(
      `links[0]: the codec cannot carry heartbeat.${name}, so set another one: a line feed at byte `,
    )
    const good = { every: '1s', payload: 'ping', answer: 'pong' } as const
    await bench.node.reconfigure(table(active('a', { codec, heartbeat: good })))
    await bench.stopped()
  })

  it('has a heartbeat for which encode leaves its room', async () => {
    const bench = TestNode.started(table(active('a')))
    const value = Object.assign(lineCodec(), { encode: () => 1_000 })
    const wrong = active('a', { codec: { spec: 'wide', value }, heartbeat: { every: '1s' } })
    await expect(bench.node.reconfigure(table(wrong))).rejects.toThrow(
      'its encode answered 1000, and it had asked for 2 bytes',
    )
    await bench.stopped()
  })

  it('has a codec with invalid sizes', async () => {
    const bench = TestNode.started(table(active('a')))
    const value = Object.assign(new Len16Codec(), {
      frameBytesMax: () => {
        throw new Error('no idea')
      },
    })
    const wrong = table(active('a'), active('b', { port: 8002, codec: { spec: 'wrong', value } }))
    const text =
      "the codec's frameBytesMax(0) is Error: no idea; a whole number of bytes is expected"
    expect(bench.node.reconfigurationProblems(wrong)).toEqual([
      { path: ['links', 1], message: text },
    ])
    await expect(bench.node.reconfigure(wrong)).rejects.toThrow(`links[1]: ${text}`)
    await bench.stopped()
  })

  it('is requested before the start or after the stop', async () => {
    const bench = new TestNode(table(active('a')))
    const early = bench.node.reconfigure(table())
    await expect(early).rejects.toMatchObject({ code: 'CML_ERR_NOT_RUNNING' })
    void bench.node.start()
    bench.transport.listening()
    await bench.stopped()
    await expect(bench.node.reconfigure(table())).rejects.toThrow('the node is stopped')
  })
})

describe('entries without an id', () => {
  const nameless = (bind: string): EntryOptions => ({
    role: 'active',
    ip: '10.0.0.2',
    port: 8001,
    bind,
  })
  const [A, B, C] = ['10.0.1.1', '10.0.1.2', '10.0.1.3']

  it.each([
    ['two that have changed places', [A, B], [B, A]],
    ['the first that is gone', [A, B], [B]],
    ['one that came before', [A, B], [C, A, B]],
  ])('are refused where one would be taken for another: %s', async (_name, before, after) => {
    const bench = TestNode.started(table(...before.map(nameless)))
    await expect(bench.node.reconfigure(table(...after.map(nameless)))).rejects.toThrow(
      /would now be matched to "active-10\.0\.0\.2:8001.*Add the ids that these entries had/,
    )
    expect(ids(bench)).toEqual(['active-10.0.0.2:8001', 'active-10.0.0.2:8001-2'])
    await bench.stopped()
  })

  it.each([
    ['one more at the end', [A, B], [A, B, C]],
    ['the last one gone', [A, B], [A]],
    ['one that says something else', [A, B], [A, C]],
  ])('are told apart where their order tells: %s', async (_name, before, after) => {
    const bench = TestNode.started(table(...before.map(nameless)))
    await bench.node.reconfigure(table(...after.map(nameless)))
    expect(ids(bench)).toHaveLength(after.length)
    await bench.stopped()
  })

  it('keep their links when their generated ids are written down', async () => {
    const bench = TestNode.started(table(nameless(A), nameless(B)))
    const [first, second] = bench.node.links()
    const result = await bench.node.reconfigure(
      table(
        { ...nameless(B), id: 'active-10.0.0.2:8001-2' },
        { ...nameless(A), id: 'active-10.0.0.2:8001' },
      ),
    )
    expect(result).toMatchObject({ unchanged: [second?.id, first?.id], node: ['links'] })
    expect(bench.node.links()).toEqual([second, first])
    await bench.stopped()
  })

  it('may change their order as long as they differ', async () => {
    const [one, other] = [nameless(A), { ...nameless(A), port: 9000 }]
    const bench = TestNode.started(table(one, other))
    const { unchanged } = await bench.node.reconfigure(table(other, one))
    expect(unchanged).toEqual(['active-10.0.0.2:9000', 'active-10.0.0.2:8001'])
    await bench.stopped()
  })
})

describe('the table', () => {
  it('is a new frozen list when it has changed, with the links that stay in it', async () => {
    const bench = TestNode.started(table(active('a'), active('b')))
    const [a, b] = bench.node.links()
    const result = await bench.node.reconfigure(table(active('c'), active('b'), active('a')))
    expect(result).toEqual({
      added: ['c'],
      removed: [],
      reconnected: [],
      changed: [],
      unchanged: ['b', 'a'],
      node: ['links'],
    })
    const links = bench.node.links()
    expect(Object.isFrozen(links)).toBe(true)
    expect(links).toEqual([bench.node.link('c'), b, a])
    expect(bench.node.link(2)).toBe(a)
    await bench.stopped()
  })

  it('is the same list when only settings have changed', async () => {
    const bench = TestNode.started(table(active('a')))
    const links = bench.node.links()
    await bench.node.reconfigure({ ...table(active('a', { ttl: '1s' })), relay: true, dials: 2 })
    expect(bench.node.links()).toBe(links)
    await bench.stopped()
  })
})

describe('a link that is removed', () => {
  it('writes its queue, ends in order, and its counters are kept', async () => {
    const bench = TestNode.started(table(active('a'), active('b')))
    const connection = bench.transport.dials[0]?.open()
    bench.send('1', { to: 'a', id: '1' })
    bench.soon()
    bench.send('2', { to: 'a', id: '2' })
    const { removed } = await bench.node.reconfigure(table(active('b')))
    expect(removed).toEqual(['a'])
    expect(() => bench.send('3', { to: 'a' })).toThrow('no link "a"')
    bench.checkLedgers()
    connection?.receive('still heard')
    connection?.written()
    connection?.written()
    expect(connection?.sent).toEqual(['1', '2'])
    expect(connection).toMatchObject({ finSent: true, destroyed: false })
    connection?.closed()
    expect(bench.messages).toEqual(['a#1 still heard'])
    expect(bench.states.slice(-2)).toEqual(['a draining (removed)', 'a closed (removed)'])
    expect(bench.node.retired).toMatchObject({ enqueued: 2, written: 2, received: 1, dials: 1 })
    await bench.stopped()
  })

  it('drops at the deadline what its peer does not read', async () => {
    const bench = TestNode.started({ ...table(active('a')), stopDeadline: '3s' })
    bench.transport.lastDial.open()
    bench.send('being written', { to: 'a' })
    bench.soon()
    bench.send('waits', { to: 'a', id: 'x' })
    await bench.node.reconfigure({ ...table(), stopDeadline: '3s' })
    bench.clock.advance(2_900)
    expect(bench.node.retired).toMatchObject({ queued: 2, dropped: 0 })
    bench.clock.advance(200)
    expect(bench.node.retired).toMatchObject({ queued: 0, dropped: 2 })
    expect(bench.outcomes).toContainEqual(
      expect.objectContaining({ id: 'x', outcome: 'dropped', reason: 'removed' }),
    )
    await bench.stopped()
  })

  it.each(['dialing', 'backoff'])(
    'drops its queue immediately in %s, and is not dialled again',
    async (state) => {
      const bench = TestNode.started(table(active('a')))
      const dial = bench.transport.lastDial
      if (state === 'backoff') dial.fail()
      bench.send('waits', { to: 'a', id: 'x' })
      await bench.node.reconfigure(table())
      bench.clock.advance(600_000)
      expect(dial.cancelled).toBe(state === 'dialing')
      expect(bench.transport.dials).toHaveLength(1)
      expect(bench.outcomes).toMatchObject([{ id: 'x', reason: 'removed' }])
      expect(bench.clock.pendingTimers, 'the audit alone').toBe(1)
      await bench.stopped()
    },
  )

  it('is part of what `settled` and stop wait for', async () => {
    const bench = TestNode.started(table(active('a')))
    const connection = bench.transport.lastDial.open()
    bench.send('1', { to: 'a' })
    bench.soon()
    await bench.node.reconfigure(table())
    let settled = false
    void bench.node.settled().then(() => {
      settled = true
    })
    await bench.clock.settle()
    expect(settled).toBe(false)
    connection.written()
    await bench.clock.settle()
    expect(settled).toBe(true)
    let stopped = false
    void bench.node.stop().then(() => {
      stopped = true
    })
    await bench.clock.settle()
    expect(stopped, 'its connection is still ending').toBe(false)
    connection.closed()
    await bench.clock.settle()
    expect(stopped).toBe(true)
    await bench.stopped()
  })

  it('releases the source of a relay that waited for it', async () => {
    const route = (): Route => 'to'
    const options = {
      ...table(active('from'), active('to', { highWaterMark: 50, port: 1 })),
      relay: true,
    }
    const bench = TestNode.started(options, useRouter({ route }))
    const source = bench.transport.dials[0]?.open()
    bench.transport.dials[1]?.open()
    source?.receive('x'.repeat(60))
    source?.receive('y')
    expect(source?.reading).toBe(false)
    await bench.node.reconfigure({ ...table(active('from')), relay: true, stopDeadline: '1s' })
    bench.clock.advance(1_100)
    expect(source?.reading).toBe(true)
    await bench.stopped()
  })
})

describe('an entry that changes its role', () => {
  it('is a new link with the same id, which starts when the old one has ended', async () => {
    const bench = TestNode.started(table(active('a')))
    const connection = bench.transport.lastDial.open()
    const old = bench.node.link('a')
    bench.send('old', { to: 'a' })
    bench.soon()
    const result = await bench.node.reconfigure(table(passive('a')))
    expect(result).toMatchObject({ added: ['a'], removed: ['a'] })
    expect(bench.node.link('a')).not.toBe(old)
    bench.send('for the new one', { to: 'a' })
    expect(bench.transport.accept('10.0.0.2'), 'not yet').toBeUndefined()
    connection.written()
    connection.closed()
    expect(bench.states.slice(-3)).toEqual([
      'a draining (removed)',
      'a closed (removed)',
      'a awaiting',
    ])
    const next = bench.transport.accept('10.0.0.2')
    bench.soon()
    expect(next?.sent).toEqual(['for the new one'])
    await bench.stopped()
  })

  it('continues its epochs, so that no reply to the old peer reaches the new one', async () => {
    const bench = TestNode.started(table(active('a')))
    const connection = bench.transport.lastDial.open()
    await bench.node.reconfigure(table(passive('a')))
    connection.closed()
    bench.transport.accept('10.0.0.2')
    expect(bench.node.link('a').epoch).toBe(2)
    bench.send('reply', { to: { link: 'a', epoch: 1 }, id: 'r' })
    bench.soon()
    expect(bench.outcomes).toMatchObject([{ id: 'r', outcome: 'dropped', reason: 'epoch' }])
    await bench.stopped()
  })

  it('continues its epochs even if the id was absent for a while', async () => {
    const bench = TestNode.started(table(active('a')))
    const connection = bench.transport.lastDial.open()
    await bench.node.reconfigure(table())
    connection.closed()
    await bench.node.reconfigure(table(active('a')))
    bench.transport.lastDial.open()
    expect(bench.node.link('a').epoch).toBe(2)
    await bench.stopped()
  })
})

describe('slots', () => {
  const cell = (slots: number): NodeOptions => table(passive('cell', { ip: '10.0.0.0/24', slots }))

  it('grow by links that any peer of the entry can fill', async () => {
    const bench = TestNode.started(cell(2))
    const [one, two] = [bench.transport.accept('10.0.0.1'), bench.transport.accept('10.0.0.2')]
    expect(bench.transport.accept('10.0.0.3')).toBeUndefined()
    const result = await bench.node.reconfigure(cell(3))
    expect(result).toMatchObject({ added: ['cell/3'], unchanged: ['cell/1', 'cell/2'] })
    expect(bench.transport.accept('10.0.0.3')).toBeDefined()
    expect([one?.finSent, two?.finSent]).toEqual([false, false])
    await bench.stopped()
  })

  it('shrink by the highest numbers, whose queues are written first', async () => {
    const bench = TestNode.started(cell(3))
    const connections = ['10.0.0.1', '10.0.0.2', '10.0.0.3'].map((ip) => bench.transport.accept(ip))
    bench.send('x', { to: 'cell/3' })
    bench.soon()
    const result = await bench.node.reconfigure(cell(2))
    expect(result).toMatchObject({ removed: ['cell/3'], unchanged: ['cell/1', 'cell/2'] })
    expect(connections.map((connection) => connection?.finSent)).toEqual([false, false, false])
    connections[2]?.written()
    expect(connections.map((connection) => connection?.finSent)).toEqual([false, false, true])
    await bench.stopped()
  })

  it('are different links from the one of an entry with one slot', async () => {
    const bench = TestNode.started(cell(1))
    const connection = bench.transport.accept('10.0.0.1')
    const result = await bench.node.reconfigure(cell(2))
    expect(result).toMatchObject({ removed: ['cell'], added: ['cell/1', 'cell/2'] })
    expect(connection?.finSent).toBe(true)
    await bench.stopped()
  })
})

describe('the router', () => {
  it('is replaced; pending answers of the old one still count, for the new table', async () => {
    const asked: ((route: Route) => void)[] = []
    const slow = {
      route: () => new Promise<Route>((resolve) => asked.push(resolve)),
    }
    const bench = TestNode.started(table(active('a'), active('b')), useRouter(slow))
    for (const id of ['1', '2']) bench.send(id, { id })
    const result = await bench.node.reconfigure(table(active('b')), {
      router: { route: () => 'b' },
    })
    expect(result.node).toEqual(['router'])
    bench.send('3', { id: '3' })
    expect(bench.node.link('b').queuedMessages).toBe(1)
    asked[0]?.('b')
    asked[1]?.('a')
    await bench.clock.settle()
    expect(bench.node.link('b').queuedMessages).toBe(2)
    expect(bench.outcomes).toMatchObject([
      { id: '2', outcome: 'undeliverable', reason: 'no link "a" in the table' },
    ])
    await bench.stopped()
  })

  it('is asked about messages that the old one has deferred, with the new links', async () => {
    const seen: string[][] = []
    const bench = TestNode.started(
      table(active('a')),
      useRouter({ route: () => ({ defer: '1s' }) }),
    )
    bench.send('x')
    const route = (_message: unknown, links: readonly LinkView[]): Route => {
      seen.push(links.map(({ id }) => id))
      return 'b'
    }
    await bench.node.reconfigure(table(active('b')), { router: { route } })
    bench.clock.advance(1_000)
    expect(seen).toEqual([['b']])
    expect(bench.node.link('b').queuedMessages).toBe(1)
    await bench.stopped()
  })
})

describe('an option of the whole node', () => {
  it('changes in place, and is reported', async () => {
    const bench = TestNode.started({ ...table(active('a')), relay: false, dials: 1 })
    const options: NodeOptions = {
      ...table(active('a')),
      relay: true,
      audit: { every: '7s' },
      routing: { messages: 1 },
      routerTimeout: '2s',
      deferMax: '3s',
      iterator: { messages: 1 },
      dials: 2,
      stopDeadline: '9s',
    }
    const { node, unchanged } = await bench.node.reconfigure(options)
    expect([...node].sort()).toEqual(
      Object.keys(options)
        .filter((key) => !['links', 'listen'].includes(key))
        .sort(),
    )
    expect(unchanged).toEqual(['a'])
    expect(bench.node.config).toMatchObject({ relay: true, stopDeadlineMs: 9_000 })
    await bench.stopped()
  })

  it('lets links dial that waited for a permit, and reduces permits as dials end', async () => {
    const links = ['a', 'b', 'c'].map((id) => active(id))
    const bench = TestNode.started({ ...table(...links), dials: 1 })
    expect(bench.transport.dials).toHaveLength(1)
    await bench.node.reconfigure({ ...table(...links), dials: 3 })
    bench.clock.advance(0)
    expect(bench.transport.dials).toHaveLength(3)
    await bench.node.reconfigure({ ...table(...links, active('d')), dials: 1 })
    bench.transport.dials[0]?.open()
    bench.transport.dials[1]?.open()
    bench.clock.advance(0)
    expect(bench.transport.dials, 'one is still under way').toHaveLength(3)
    bench.transport.dials[2]?.open()
    bench.clock.advance(0)
    expect(bench.transport.dials).toHaveLength(4)
    await bench.stopped()
  })

  it('makes the audit use the new table and its new schedule', async () => {
    const audit = { every: '1m', grace: 0 } as const
    const bench = TestNode.started({ ...table(passive('a')), audit })
    const findings: unknown[] = []
    bench.node.on('audit', (event) => findings.push(event.findings))
    const options = { ...table(passive('b', { ip: '10.0.0.4' })), audit: { ...audit, every: '5s' } }
    await bench.node.reconfigure(options)
    bench.clock.advance(5_000)
    expect(findings).toMatchObject([[{ kind: 'never filled', entry: 'b' }]])
    await bench.stopped()
  })

  it('limits streams that are already open', async () => {
    const options = table(active('a'))
    const bench = TestNode.started({ ...options, iterator: { messages: 1 } })
    const stream = bench.node.messages()
    const connection = bench.transport.lastDial.open()
    connection.receive('1')
    expect(connection.reading).toBe(false)
    await bench.node.reconfigure({ ...options, iterator: { messages: 3 } })
    await stream.next()
    connection.receive('2', '3')
    expect(connection.reading).toBe(true)
    connection.receive('4')
    expect(connection.reading).toBe(false)
    await bench.stopped()
  })

  it('changes the size of the routing stage', async () => {
    const options = table(active('a'))
    const router = useRouter({ route: () => ({ defer: '1s' }) })
    const bench = TestNode.started({ ...options, routing: { messages: 1 } }, router)
    expect(bench.send('1')).toBe(false)
    expect(() => bench.send('2')).toThrow(/wait for a route/)
    await bench.node.reconfigure({ ...options, routing: { messages: 4 } })
    expect(bench.drains).toEqual(['*'])
    expect(bench.send('2')).toBe(true)
    await bench.stopped()
  })
})

describe('a listener of a change', () => {
  it('is called after the change, and may stop the node', async () => {
    const bench = TestNode.started(table(active('a'), active('b')))
    for (const dial of bench.transport.dials) dial.open()
    const seen: string[][] = []
    bench.node.on('link', ({ state }) => {
      if (state !== 'draining') return
      seen.push(ids(bench))
      void bench.node.stop()
    })
    await bench.node.reconfigure(table(active('c')))
    expect(seen[0]).toEqual(['c'])
    expect(bench.states.filter((text) => text.startsWith('c'))).toEqual(['c closed (stopped)'])
    await bench.stopped()
  })

  it('can request another change, which waits until this one is complete', async () => {
    const bench = TestNode.started(table(active('a'), active('b')))
    const order: string[] = []
    bench.node.on('link', ({ link, state }) => {
      order.push(`${link} ${state}`)
      if (link === 'a' && state === 'closed') {
        void bench.node.reconfigure(table(active('d')))
      }
    })
    await bench.node.reconfigure(table(active('c')))
    expect(order).toEqual(['a closed', 'b closed', 'c dialing', 'c closed', 'd dialing'])
    expect(ids(bench)).toEqual(['d'])
    await bench.stopped()
  })
})

describe('a new listen address', () => {
  const at = (port: number, more: object = {}): NodeOptions => ({
    listen: { host: '::', port, ...more },
    links: [passive('in'), PEER],
  })
  const inUse = Object.assign(new Error('listen EADDRINUSE'), { code: 'EADDRINUSE' })

  it('is opened before the old one is closed, and connections stay open', async () => {
    const bench = TestNode.started(at(8000))
    const connection = bench.transport.accept('10.0.0.2')
    const changing = bench.node.reconfigure({ ...at(8001), relay: true })
    expect(bench.transport.listens.map(({ closed }) => closed)).toEqual([false, false])
    expect(bench.node.config.relay, 'nothing before it listens').toBe(false)
    bench.transport.listening()
    expect(bench.transport.listens.map(({ closed }) => closed)).toEqual([true, false])
    expect((await changing).node).toEqual(['listen', 'relay'])
    expect(bench.node.listening?.port).toBe(8001)
    expect(connection).toMatchObject({ finSent: false, destroyed: false })
    await bench.stopped()
  })

  it('changes nothing if it fails', async () => {
    const bench = TestNode.started(at(8000))
    const changing = bench.node.reconfigure({ ...at(8001), links: [PEER] })
    bench.transport.listens[1]?.handler.failed(inUse)
    await expect(changing).rejects.toMatchObject({ code: 'CML_ERR_LISTEN' })
    expect(bench.transport.listens.map(({ closed }) => closed)).toEqual([false, false])
    expect(ids(bench)).toEqual(['in', 'peer'])
    expect(bench.node.config.listen?.port).toBe(8000)
    expect(bench.transport.listens[0]?.handler.admit({ ip: '10.0.0.2', port: 1 })).toBe(true)
    await bench.stopped()
  })

  it('is opened after the old one if both cannot be open at the same time', async () => {
    const bench = TestNode.started(at(8000))
    const changing = bench.node.reconfigure(at(8000, { host: '10.0.0.1' }))
    bench.transport.listens[1]?.handler.failed(inUse)
    expect(bench.transport.listens.map(({ closed }) => closed)).toEqual([true, false, false])
    bench.transport.listening()
    expect((await changing).node).toEqual(['listen'])
    expect(bench.node.listening?.ip).toBe('10.0.0.1')
    await bench.stopped()
  })

  it('is replaced by the old one again if it fails', async () => {
    const bench = TestNode.started(at(8000))
    const changing = bench.node.reconfigure(at(8000, { host: '10.0.0.1' }))
    bench.transport.listens[1]?.handler.failed(inUse)
    bench.transport.listens[2]?.handler.failed(new Error('no such address'))
    await expect(changing).rejects.toThrow('cannot listen at 10.0.0.1:8000: no such address')
    expect(bench.transport.listens).toHaveLength(4)
    bench.transport.listening()
    expect(bench.transport.accept('10.0.0.2')).toBeDefined()
    await bench.stopped()
  })

  it('is opened and closed with the entries that need it', async () => {
    const bench = TestNode.started({ links: [PEER] })
    const changing = bench.node.reconfigure(at(8000))
    bench.transport.listening()
    expect((await changing).added).toEqual(['in'])
    const connection = bench.transport.accept('10.0.0.2')
    await bench.node.reconfigure({ links: [PEER] })
    expect(bench.transport.listenerClosed).toBe(true)
    expect(bench.node.listening).toBeUndefined()
    expect(connection?.finSent).toBe(true)
    await bench.stopped()
  })

  it('makes the next change wait', async () => {
    const bench = TestNode.started(at(8000))
    const first = bench.node.reconfigure(at(8001))
    const second = bench.node.reconfigure({ ...at(8001), relay: true })
    expect(bench.transport.listens).toHaveLength(2)
    bench.transport.listening()
    expect((await first).node).toEqual(['listen'])
    expect((await second).node).toEqual(['relay'])
    await bench.stopped()
  })

  it('is abandoned if the node stops', async () => {
    const bench = TestNode.started(at(8000))
    const changing = bench.node.reconfigure(at(8001))
    const stopping = bench.stopped()
    await expect(changing).rejects.toMatchObject({ code: 'CML_ERR_NOT_RUNNING' })
    await stopping
    expect(bench.transport.listens.map(({ closed }) => closed)).toEqual([true, true])
  })
})
