import { Len16Codec } from '@commloop/codec-len16'
import { type EntryOptions, ExponentialBackoff, type NodeOptions } from '@commloop/core'
import { describe, expect, it } from 'vitest'
import { PEER, TestNode } from './test-node.js'

const OTHER: EntryOptions = { id: 'other', role: 'active', ip: '10.0.0.3', port: 8001 }
const one = (more: Partial<EntryOptions>): NodeOptions => ({ links: [{ ...PEER, ...more }] })
const fixed = (delayMs: number, maxAttempts = 10) => ({
  spec: `fixed ${String(delayMs)} ${String(maxAttempts)}`,
  value: { delayMs: (attempt: number) => (attempt > maxAttempts ? undefined : delayMs) },
})
const codec = (spec: string, maxPayload: number) => ({
  spec,
  value: new Len16Codec({ maxPayload }),
})

/** What was done about the links, without the lists that are empty. */
async function changed(bench: TestNode, options: NodeOptions): Promise<object> {
  const lists = Object.entries(await bench.node.reconfigure(options))
  return Object.fromEntries(lists.filter(([, ids]) => (ids as string[]).length > 0))
}

describe('a link whose entry says the same', () => {
  it('hears nothing of a change, whatever the text looks like', async () => {
    const options: NodeOptions = {
      links: [
        { ...PEER, heartbeat: { every: '2s', payload: 'x' }, codec: codec('len16', 1000) },
        OTHER,
      ],
    }
    const bench = TestNode.started(options)
    const connection = bench.transport.dials[0]?.open()
    bench.send('a', { to: 'peer' })
    bench.soon()
    connection?.written()
    const { states, node } = bench
    const told = states.length
    const links = node.links()
    const { counters } = node.link('peer')
    const again: NodeOptions = {
      links: [
        {
          codec: codec('len16', 9),
          heartbeat: { payload: Buffer.from('x'), every: 2000 },
          ...PEER,
        },
        { ...OTHER, enabled: true },
      ],
    }
    expect(await changed(bench, again)).toEqual({ unchanged: ['peer', 'other'] })
    expect(node.links()).toBe(links)
    expect(node.link('peer').counters).toEqual(counters)
    expect(states).toHaveLength(told)
    expect(bench.transport.dials).toHaveLength(2)
    expect(connection).toMatchObject({ finSent: false, destroyed: false })
    await bench.stopped()
  })

  it('stays as an operator has left it', async () => {
    const bench = TestNode.started({ links: [PEER, OTHER] })
    bench.node.link('peer').disable()
    await bench.node.reconfigure({ links: [PEER] })
    expect(bench.node.link('peer')).toMatchObject({ state: 'idle', enabled: false })
    await bench.stopped()
  })
})

describe('a link whose limits change', () => {
  it('keeps its connection and its queue, and is judged by the new ones', async () => {
    const bench = TestNode.started(one({}))
    const connection = bench.transport.lastDial.open()
    bench.send('being written', { to: 'peer' })
    bench.soon()
    bench.send('waits', { to: 'peer' })
    expect(await changed(bench, one({ outbox: { messages: 2 } }))).toEqual({ changed: ['peer'] })
    expect(() => bench.send('too much', { to: 'peer' })).toThrow(/full/)
    await bench.node.reconfigure(one({ outbox: { messages: 3 } }))
    bench.send('fits', { to: 'peer' })
    connection.written()
    connection.written()
    expect(connection.sent).toEqual(['being written', 'waits', 'fits'])
    expect(bench.node.link('peer')).toMatchObject({ state: 'up', epoch: 1 })
    await bench.stopped()
  })

  it('keeps what is queued above a bound that falls, and gives it up for newcomers only', async () => {
    const bench = TestNode.started(one({}))
    for (const text of ['1', '2', '3', '4']) bench.send(text, { to: 'peer', id: text })
    await bench.node.reconfigure(one({ outbox: { messages: 2 }, overflow: 'drop-oldest' }))
    expect(bench.node.link('peer').queuedMessages).toBe(4)
    bench.send('5', { to: 'peer' })
    bench.soon()
    expect(bench.outcomes.map(({ id }) => id)).toEqual(['1', '2', '3'])
    expect(bench.transport.lastDial.open().sent).toEqual([])
    await bench.stopped()
  })

  it('tells that there is room when a mark rises above what is queued', async () => {
    const bench = TestNode.started(one({ highWaterMark: 100 }))
    expect(bench.send('x'.repeat(100), { to: 'peer' })).toBe(false)
    await bench.node.reconfigure(one({ highWaterMark: 150 }))
    expect(bench.drains, 'above half of it still').toEqual([])
    await bench.node.reconfigure(one({ highWaterMark: 400 }))
    expect(bench.drains).toEqual(['peer'])
    await bench.node.reconfigure(one({ highWaterMark: 164 }))
    expect(bench.node.link('peer').aboveHighWaterMark, 'exactly at the mark').toBe(false)
    await bench.node.reconfigure(one({ highWaterMark: 163 }))
    expect(bench.node.link('peer').aboveHighWaterMark).toBe(true)
    await bench.stopped()
  })

  it('lets messages expire by a new ttl, those that come from then on', async () => {
    const bench = TestNode.started(one({}))
    bench.send('for ever', { to: 'peer', id: 'old' })
    await bench.node.reconfigure(one({ ttl: '1s' }))
    bench.send('for a while', { to: 'peer', id: 'new' })
    bench.clock.advance(2_000)
    expect(bench.outcomes).toMatchObject([{ id: 'new', outcome: 'expired' }])
    await bench.stopped()
  })
})

describe('a deadline that changes', () => {
  it('begins on a connection that had none', async () => {
    const bench = TestNode.started(one({ stall: 0, partialFrame: 0 }))
    const connection = bench.transport.lastDial.open()
    bench.clock.advance(100_000)
    await bench.node.reconfigure(one({ silence: '5s' }))
    bench.clock.advance(4_000)
    expect(connection.destroyed).toBe(false)
    bench.clock.advance(2_000)
    expect(bench.states).toContain('peer backoff (silence)')
    await bench.stopped()
  })

  it.each([
    ['silence', { silence: '100s' }, { silence: '10s' }, () => undefined],
    [
      'write stall',
      { stall: '100s' },
      { stall: '10s' },
      (bench) => bench.send('x', { to: 'peer' }),
    ],
    [
      'partial frame',
      { partialFrame: '100s' },
      { partialFrame: '10s' },
      (_bench, connection) => {
        connection.receiveBytes(Buffer.of(0))
      },
    ],
  ] as readonly (readonly [
    string,
    Partial<EntryOptions>,
    Partial<EntryOptions>,
    (bench: TestNode, connection: { receiveBytes(bytes: Uint8Array): void }) => unknown,
  ])[])('counts from where %s began', async (reason, before, after, begin) => {
    const bench = TestNode.started(one(before))
    const connection = bench.transport.lastDial.open()
    begin(bench, connection)
    bench.clock.advance(8_000)
    await bench.node.reconfigure(one(after))
    bench.clock.advance(1_900)
    expect(connection.destroyed).toBe(false)
    bench.clock.advance(200)
    expect(bench.states).toContain(`peer backoff (${reason})`)
    await bench.stopped()
  })

  it.each([
    ['write stall', { stall: 0 }, (bench) => bench.send('x', { to: 'peer' })],
    [
      'partial frame',
      { partialFrame: 0 },
      (_bench, connection) => {
        connection.receiveBytes(Buffer.of(0))
      },
    ],
  ] as readonly (readonly [
    string,
    Partial<EntryOptions>,
    (bench: TestNode, connection: { receiveBytes(bytes: Uint8Array): void }) => unknown,
  ])[])('counts from now where %s was off', async (reason, off, begin) => {
    const bench = TestNode.started(one(off))
    const connection = bench.transport.lastDial.open()
    begin(bench, connection)
    bench.clock.advance(100_000)
    await bench.node.reconfigure(one({ stall: '10s', partialFrame: '10s' }))
    bench.clock.advance(9_999)
    expect(connection.destroyed).toBe(false)
    bench.clock.advance(1)
    expect(bench.states).toContain(`peer backoff (${reason})`)
    await bench.stopped()
  })

  it.each(['1s', '5s'])('gives a connection that we have ended until %s', async (linger) => {
    const bench = TestNode.started(one({ linger: '3s' }))
    const connection = bench.transport.lastDial.open()
    bench.node.link('peer').close()
    bench.clock.advance(500)
    await bench.node.reconfigure(one({ linger }))
    bench.clock.advance(Number.parseInt(linger) * 1_000 - 501)
    expect(connection.destroyed).toBe(false)
    bench.clock.advance(1)
    expect(connection.destroyed).toBe(true)
    await bench.stopped()
  })

  it('serves a peer that has ended its side as long as is said now, and does not wait for its word', async () => {
    const bench = TestNode.started(one({ halfClose: '3s' }))
    const connection = bench.transport.lastDial.open()
    connection.receiveBytes(Buffer.of(0))
    connection.fin()
    bench.clock.advance(500)
    await bench.node.reconfigure(one({ halfClose: '8s', silence: '1s', partialFrame: '1s' }))
    bench.clock.advance(7_499)
    expect(connection).toMatchObject({ finSent: false, destroyed: false })
    bench.clock.advance(1)
    expect(connection.finSent).toBe(true)
    await bench.stopped()
  })

  it('does not count what nobody reads', async () => {
    const bench = TestNode.started(one({}))
    const connection = bench.transport.lastDial.open()
    bench.node.link('peer').pause()
    await bench.node.reconfigure(one({ silence: '1s' }))
    bench.clock.advance(60_000)
    expect(connection.destroyed).toBe(false)
    bench.node.link('peer').resume()
    bench.clock.advance(999)
    expect(connection.destroyed).toBe(false)
    bench.clock.advance(1)
    expect(bench.states).toContain('peer backoff (silence)')
    await bench.stopped()
  })

  it('ends where it is turned off', async () => {
    const bench = TestNode.started(one({ silence: '5s' }))
    const connection = bench.transport.lastDial.open()
    await bench.node.reconfigure(one({ silence: 'off' }))
    bench.clock.advance(600_000)
    expect(connection.destroyed).toBe(false)
    await bench.stopped()
  })

  it('makes a heartbeat begin, change and end on one connection', async () => {
    const bench = TestNode.started(one({}))
    const connection = bench.transport.lastDial.open()
    const beat = async (heartbeat: EntryOptions['heartbeat']): Promise<void> => {
      await bench.node.reconfigure(one({ ...(heartbeat && { heartbeat }), silence: 'off' }))
      bench.clock.advance(1_100)
      if (heartbeat !== undefined) connection.written()
    }
    await beat({ every: '1s', payload: 'tick' })
    await beat({ every: '1s', payload: 'tock' })
    await beat(undefined)
    expect(connection.sent).toEqual(['tick', 'tock'])
    await bench.stopped()
  })

  it('leaves a heartbeat due when it was due', async () => {
    const heartbeat = { every: '5s', payload: 'hb' }
    const bench = TestNode.started(one({ heartbeat }))
    const connection = bench.transport.lastDial.open()
    bench.clock.advance(3_000)
    await bench.node.reconfigure(one({ heartbeat, stall: '9s' }))
    bench.clock.advance(1_999)
    expect(connection.sent).toEqual([])
    bench.clock.advance(1)
    expect(connection.sent).toEqual(['hb'])
    await bench.stopped()
  })

  it('makes a heartbeat begin on a connection that has yet to show that we are wanted', async () => {
    const bench = TestNode.started(one({}))
    bench.transport.lastDial.open().reset()
    bench.clock.advance(60_000)
    const connection = bench.transport.lastDial.open()
    await bench.node.reconfigure(one({ heartbeat: { every: '5s', payload: 'hb' } }))
    expect(bench.node.link('peer').state).toBe('dialing')
    bench.clock.advance(5_000)
    expect(connection.sent).toEqual(['hb'])
    await bench.stopped()
  })
})

describe('a link that is dialled elsewhere', () => {
  it('ends its connection in order, keeps its queue and dials the new place at once', async () => {
    const bench = TestNode.started(one({}))
    const connection = bench.transport.lastDial.open()
    bench.send('being written', { to: 'peer', id: 'a' })
    bench.soon()
    bench.send('waits', { to: 'peer', id: 'b' })
    expect(await changed(bench, one({ port: 9000 }))).toEqual({ reconnected: ['peer'] })
    expect(connection.finSent, 'not within a write').toBe(false)
    connection.written()
    expect(connection).toMatchObject({ finSent: true, destroyed: false })
    connection.fin()
    connection.closed()
    expect(bench.transport.lastDial.target.port).toBe(9000)
    const next = bench.transport.lastDial.open()
    bench.soon()
    next.written()
    bench.soon()
    expect(next.sent).toEqual(['waits'])
    expect(bench.outcomes.map(({ id, outcome }) => `${String(id)} ${outcome}`)).toEqual([
      'a written',
      'b written',
    ])
    expect(bench.states).toEqual([
      'peer dialing',
      'peer up',
      'peer backoff (reconfigured)',
      'peer dialing',
      'peer up',
    ])
    await bench.stopped()
  })

  it('cuts a connection that does not end in time, and sends again what was not confirmed', async () => {
    const bench = TestNode.started({ ...one({ stall: 0 }), stopDeadline: '2s' })
    const connection = bench.transport.lastDial.open()
    bench.send('unconfirmed', { to: 'peer' })
    bench.soon()
    await bench.node.reconfigure({ ...one({ stall: 0, port: 9000 }), stopDeadline: '2s' })
    bench.clock.advance(1_900)
    expect(connection.destroyed).toBe(false)
    bench.clock.advance(200)
    expect(connection.destroyed).toBe(true)
    expect(bench.states).toContain('peer backoff (reconfigured)')
    const next = bench.transport.lastDial.open()
    bench.soon()
    expect(next.sent).toEqual(['unconfirmed'])
    await bench.stopped()
  })

  it('takes on the last of several changes that come before its connection has ended', async () => {
    const bench = TestNode.started(one({}))
    const connection = bench.transport.lastDial.open()
    await bench.node.reconfigure(one({ port: 9000 }))
    await bench.node.reconfigure(one({ port: 9001, connectTimeout: '3s' }))
    expect(await changed(bench, one({ port: 9001, connectTimeout: '3s' }))).toEqual({
      unchanged: ['peer'],
    })
    connection.closed()
    expect(bench.transport.lastDial.target).toMatchObject({ port: 9001, timeoutMs: 3_000 })
    expect(bench.transport.dials).toHaveLength(2)
    await bench.stopped()
  })

  it('gives up a dial that is under way', async () => {
    const bench = TestNode.started(one({}))
    const dial = bench.transport.lastDial
    await bench.node.reconfigure(one({ ip: '10.0.0.9' }))
    expect(dial.cancelled).toBe(true)
    expect(bench.transport.lastDial.target.ip).toBe('10.0.0.9')
    expect(bench.states).toEqual(['peer dialing', 'peer backoff (reconfigured)', 'peer dialing'])
    bench.transport.lastDial.open()
    expect(bench.node.link('peer').state).toBe('up')
    await bench.stopped()
  })

  it.each([
    ['backoff', 10],
    ['exhausted', 1],
  ])('does not wait for the next dial in %s', async (state, attemptsMax) => {
    const reconnect = fixed(60_000, attemptsMax)
    const bench = TestNode.started(one({ reconnect }))
    bench.transport.lastDial.fail()
    expect(bench.node.link('peer').state).toBe(state)
    await bench.node.reconfigure(one({ reconnect, port: 9000 }))
    expect(bench.transport.lastDial.target.port).toBe(9000)
    bench.transport.lastDial.fail()
    expect(bench.node.link('peer').attempt, 'a new place, a new count').toBe(1)
    await bench.stopped()
  })

  it('ends on probation too, without having been up', async () => {
    const bench = TestNode.started(one({ reconnect: fixed(100) }))
    bench.transport.lastDial.open().reset()
    bench.clock.advance(100)
    const watched = bench.transport.lastDial.open()
    await bench.node.reconfigure(one({ reconnect: fixed(100), port: 9000 }))
    expect(watched.finSent).toBe(true)
    expect(bench.transport.dials, 'one connection at a time').toHaveLength(2)
    watched.closed()
    bench.transport.lastDial.open()
    expect(bench.node.link('peer'), 'nothing is held against a new place').toMatchObject({
      state: 'up',
      epoch: 2,
    })
    await bench.stopped()
  })

  it('keeps its turn where it waits for leave to dial', async () => {
    const bench = TestNode.started({ links: [PEER, OTHER], dials: 1 })
    await bench.node.reconfigure({ links: [PEER, { ...OTHER, port: 9000 }], dials: 1 })
    expect(bench.transport.dials).toHaveLength(1)
    bench.transport.lastDial.open()
    bench.soon()
    expect(bench.transport.dials.map(({ target }) => target.port)).toEqual([8001, 9000])
    await bench.stopped()
  })

  it.each([
    [
      'disables it',
      'idle',
      (bench: TestNode) => {
        bench.node.link('peer').disable()
      },
    ],
    [
      'dials it',
      'dialing',
      (bench: TestNode) => {
        bench.node.link('peer').dial()
      },
    ],
  ])('is left to whoever hears of it and %s', async (_what, state, react) => {
    const bench = TestNode.started(one({}))
    bench.node.on('link', ({ reason }) => {
      if (reason === 'reconfigured') react(bench)
    })
    await bench.node.reconfigure(one({ port: 9000 }))
    expect(bench.node.link('peer').state).toBe(state)
    const dialsUnderWay = bench.transport.dials.filter(({ cancelled }) => !cancelled)
    expect(dialsUnderWay).toHaveLength(state === 'idle' ? 0 : 1)
    await bench.stopped()
  })

  it('is not said to be dialled anew where whoever heard of the change before has stopped the node', async () => {
    const links: EntryOptions[] = [{ ...PEER, highWaterMark: 100 }, OTHER]
    const bench = TestNode.started({ links })
    bench.send('x'.repeat(100), { to: 'peer' })
    bench.node.on('drain', () => void bench.node.stop())
    const after = [
      { ...PEER, highWaterMark: 1_000 },
      { ...OTHER, port: 9000 },
    ]
    expect(await changed(bench, { links: after })).toEqual({ changed: ['peer', 'other'] })
    expect(bench.transport.dials).toHaveLength(2)
    expect(bench.transport.dials.every(({ cancelled }) => cancelled)).toBe(true)
    await bench.stopped()
  })

  it('dials the new place when it was disabled meanwhile', async () => {
    const bench = TestNode.started(one({ reconnect: fixed(100) }))
    bench.transport.lastDial.open().reset()
    bench.clock.advance(100)
    bench.transport.lastDial.open()
    await bench.node.reconfigure(one({ reconnect: fixed(100), port: 9000 }))
    bench.node.link('peer').disable()
    bench.node.link('peer').enable()
    expect(bench.transport.lastDial.target.port).toBe(9000)
    await bench.stopped()
  })
})

describe('a reconnect strategy that changes', () => {
  it('leaves a link that is up alone and counts from its next loss', async () => {
    const bench = TestNode.started(one({ reconnect: fixed(60_000) }))
    const connection = bench.transport.lastDial.open()
    expect(await changed(bench, one({ reconnect: fixed(10) }))).toEqual({ changed: ['peer'] })
    expect(connection.finSent).toBe(false)
    connection.reset()
    bench.clock.advance(10)
    expect(bench.transport.dials).toHaveLength(2)
    await bench.stopped()
  })

  it.each([
    ['its strategy', { reconnect: fixed(10, 5), rearmAfter: 0 }],
    ['rearmAfter', { reconnect: fixed(60_000, 1), rearmAfter: '2m' }],
  ])('wakes a link that had given up: %s', async (_name, more) => {
    const bench = TestNode.started(one({ reconnect: fixed(60_000, 1), rearmAfter: 0 }))
    bench.transport.lastDial.fail()
    expect(bench.node.link('peer').state).toBe('exhausted')
    await bench.node.reconfigure(one(more))
    expect(bench.node.link('peer').state).toBe('dialing')
    await bench.stopped()
  })

  it.each([
    ['backoff', 10],
    ['exhausted', 1],
  ])(
    'is not taken for one where something else changes: %s goes on',
    async (state, maxAttempts) => {
      const reconnect = fixed(60_000, maxAttempts)
      const bench = TestNode.started(one({ reconnect }))
      bench.transport.lastDial.fail()
      bench.clock.advance(10_000)
      const { nextDialInMs } = bench.node.link('peer')
      expect(await changed(bench, one({ reconnect, stall: '7s' }))).toEqual({ changed: ['peer'] })
      expect(bench.node.link('peer')).toMatchObject({ state, nextDialInMs })
      expect(bench.transport.dials).toHaveLength(1)
      await bench.stopped()
    },
  )

  it('leaves a peer on probation that has accepted and hung up', async () => {
    const bench = TestNode.started(one({ reconnect: fixed(100) }))
    bench.transport.lastDial.open().reset()
    await bench.node.reconfigure(one({ reconnect: fixed(200) }))
    expect(bench.transport.dials).toHaveLength(2)
    bench.transport.lastDial.open()
    expect(bench.node.link('peer').state).toBe('dialing')
    bench.clock.advance(1_000)
    expect(bench.node.link('peer').state).toBe('up')
    await bench.stopped()
  })

  it('counts at once for a link that waits for its next dial', async () => {
    const bench = TestNode.started(one({ reconnect: fixed(60_000) }))
    bench.transport.lastDial.fail()
    expect(bench.node.link('peer').state).toBe('backoff')
    await bench.node.reconfigure(one({ reconnect: fixed(60_000), ttl: '5s' }))
    expect(bench.node.link('peer'), 'nothing about its dials').toHaveProperty('state', 'backoff')
    await bench.node.reconfigure(one({ reconnect: fixed(10), ttl: '5s' }))
    expect(bench.node.link('peer').state).toBe('dialing')
    expect(bench.transport.dials).toHaveLength(2)
    await bench.stopped()
  })

  it('reaches the links that have none of their own when it is the node’s', async () => {
    const bench = TestNode.started({ links: [PEER, { ...OTHER, reconnect: fixed(50) }] })
    const options = { links: [PEER, { ...OTHER, reconnect: fixed(50) }] }
    const reconnect = new ExponentialBackoff({ initial: 7, factor: 1, jitter: 'none', min: 7 })
    const result = await bench.node.reconfigure(options, { reconnect })
    expect(result).toMatchObject({ changed: ['peer'], unchanged: ['other'], node: ['reconnect'] })
    bench.transport.dials[0]?.fail()
    expect(bench.node.link('peer').nextDialInMs).toBe(7)
    await bench.stopped()
  })
})

describe('a codec that changes', () => {
  it('comes with a new connection; what is queued is encoded by it, and what it cannot take is told', async () => {
    const bench = TestNode.started(one({ codec: codec('wide', 1_000) }))
    const connection = bench.transport.lastDial.open()
    bench.send('first', { to: 'peer' })
    bench.soon()
    bench.send('x'.repeat(500), { to: 'peer', id: 'large' })
    bench.send('s'.repeat(100), { to: 'peer', id: 'small enough' })
    expect(await changed(bench, one({ codec: codec('narrow', 100) }))).toEqual({
      reconnected: ['peer'],
    })
    connection.written()
    // What is under way on the old connection is of the old codec to its end.
    connection.receive('y'.repeat(500))
    expect(bench.messages).toHaveLength(1)
    connection.closed()
    bench.soon()
    expect(bench.outcomes).toMatchObject([
      { id: 'large', outcome: 'undeliverable', reason: 'codec' },
    ])
    const next = bench.transport.lastDial.open()
    bench.soon()
    expect(next.sent).toEqual(['s'.repeat(100)])
    expect(() => bench.send('x'.repeat(101), { to: 'peer' })).toThrow(/takes 100/)
    await bench.stopped()
  })

  it('does not touch what is queued while the old connection ends, whatever else changes', async () => {
    const bench = TestNode.started(one({ codec: codec('wide', 1_000) }))
    const connection = bench.transport.lastDial.open()
    bench.send('first', { to: 'peer' })
    bench.soon()
    bench.send('x'.repeat(500), { to: 'peer', id: 'large' })
    const narrow = { codec: codec('narrow', 100) }
    await bench.node.reconfigure(one(narrow))
    expect(await changed(bench, one({ ...narrow, ttl: '5s' }))).toEqual({ reconnected: ['peer'] })
    bench.soon()
    expect(bench.node.link('peer').queuedMessages).toBe(2)
    expect(bench.outcomes).toEqual([])
    connection.written()
    connection.closed()
    bench.soon()
    expect(bench.outcomes).toMatchObject([{ id: 'large', outcome: 'undeliverable' }])
    await bench.stopped()
  })

  it('of the node concerns the links that have none of their own', async () => {
    const options = { links: [PEER, { ...OTHER, codec: codec('own', 10) }] }
    const bench = TestNode.started(options)
    for (const dial of bench.transport.dials) dial.open()
    const result = await bench.node.reconfigure(options, { codec: new Len16Codec() })
    expect(result).toMatchObject({ reconnected: ['peer'], unchanged: ['other'], node: ['codec'] })
    await bench.stopped()
  })
})

describe('an entry that is switched off or on', () => {
  it('takes its link down and keeps its queue, and brings it up again', async () => {
    const bench = TestNode.started(one({}))
    const connection = bench.transport.lastDial.open()
    expect(await changed(bench, one({ enabled: false }))).toEqual({ changed: ['peer'] })
    expect(connection.finSent).toBe(true)
    connection.closed()
    expect(bench.node.link('peer')).toMatchObject({ state: 'idle', enabled: false })
    bench.send('waits', { to: 'peer' })
    expect(await changed(bench, one({}))).toEqual({ changed: ['peer'] })
    const next = bench.transport.lastDial.open()
    bench.soon()
    expect(next.sent).toEqual(['waits'])
    await bench.stopped()
  })

  it('dials the new place where it is switched on and moved at once', async () => {
    const bench = TestNode.started(one({ enabled: false }))
    await bench.node.reconfigure(one({ port: 9000 }))
    expect(bench.transport.dials.map(({ target, cancelled }) => [target.port, cancelled])).toEqual([
      [9000, false],
    ])
    await bench.stopped()
  })

  it('does not dial where it is moved and switched off at once', async () => {
    const bench = TestNode.started(one({ reconnect: fixed(60_000) }))
    bench.transport.lastDial.fail()
    await bench.node.reconfigure(one({ reconnect: fixed(60_000), port: 9000, enabled: false }))
    expect(bench.transport.dials).toHaveLength(1)
    await bench.stopped()
  })
})

const LISTEN = { host: '::', port: 8000 }
const passive = (more: Partial<EntryOptions>): NodeOptions => ({
  listen: LISTEN,
  links: [{ id: 'cell', role: 'passive', ip: '10.0.0.2', ...more }],
})

describe('a passive entry whose address changes', () => {
  it('keeps a connection that it still stands for', async () => {
    const bench = TestNode.started(passive({}))
    const connection = bench.transport.accept('10.0.0.2')
    bench.send('before', { to: 'cell' })
    expect(await changed(bench, passive({ ip: '10.0.0.0/24' }))).toEqual({ changed: ['cell'] })
    expect(connection?.finSent).toBe(false)
    bench.soon()
    expect(connection?.sent, 'its peer is still there').toEqual(['before'])
    connection?.written()
    expect(bench.node.link('cell')).toMatchObject({ state: 'up', lasting: false })
    expect(bench.transport.accept('10.0.0.9'), 'one slot, and it is taken').toBeUndefined()
    connection?.closed()
    bench.transport.accept('10.0.0.9')
    expect(bench.node.link('cell')).toMatchObject({ state: 'up', epoch: 2 })
    await bench.stopped()
  })

  it('ends a connection that it does not stand for any more, and is filled by the new peer', async () => {
    const bench = TestNode.started(passive({}))
    const connection = bench.transport.accept('10.0.0.2')
    bench.send('before', { to: 'cell' })
    expect(await changed(bench, passive({ ip: '10.0.0.3' }))).toEqual({ reconnected: ['cell'] })
    expect(connection?.finSent).toBe(true)
    expect(bench.transport.accept('10.0.0.2'), 'not in the table any more').toBeUndefined()
    connection?.closed()
    const next = bench.transport.accept('10.0.0.3')
    bench.soon()
    expect(next?.sent, 'who renames a machine moves its queue').toEqual(['before'])
    await bench.stopped()
  })

  it('never hands on what was queued for one of several peers', async () => {
    const bench = TestNode.started(passive({ ip: '10.0.0.0/24' }))
    const connection = bench.transport.accept('10.0.0.2')
    bench.send('being written', { to: 'cell' })
    bench.soon()
    bench.send('for 10.0.0.2', { to: 'cell', id: 'a' })
    await bench.node.reconfigure(passive({ ip: '10.0.0.3' }))
    expect(() => bench.send('nobody is there', { to: 'cell' })).toThrow(/CML_ERR_LINK_DOWN|down/)
    connection?.written()
    connection?.closed()
    bench.soon()
    expect(bench.outcomes).toMatchObject([{ id: 'a', outcome: 'dropped', reason: 'peer gone' }])
    bench.send('for 10.0.0.3', { to: 'cell' })
    const next = bench.transport.accept('10.0.0.3')
    bench.soon()
    expect(next?.sent).toEqual(['for 10.0.0.3'])
    await bench.stopped()
  })

  it('drops the queue of one peer where it stands for many from now on', async () => {
    const bench = TestNode.started(passive({}))
    bench.send('for 10.0.0.2', { to: 'cell', id: 'a' })
    await bench.node.reconfigure(passive({ ip: '10.0.0.0/24' }))
    bench.soon()
    expect(bench.outcomes).toMatchObject([{ id: 'a', outcome: 'dropped', reason: 'peer gone' }])
    await bench.stopped()
  })

  it('refuses a newcomer that waits for the slot and is not in the table any more', async () => {
    const bench = TestNode.started(passive({ ip: '10.0.0.2' }))
    const incumbent = bench.transport.accept('10.0.0.2')
    const newcomer = bench.transport.accept('10.0.0.2')
    expect(newcomer?.reading).toBe(false)
    await bench.node.reconfigure(passive({ ip: '10.0.0.3' }))
    expect(newcomer?.destroyed).toBe(true)
    expect(bench.rejected).toEqual(['not in the table'])
    incumbent?.closed()
    expect(bench.node.link('cell').state).toBe('awaiting')
    await bench.stopped()
  })

  it('ends a connection whose peer has not proved the name that is asked for now', async () => {
    const tls = { listen: { ...LISTEN, tls: {} } }
    const bench = TestNode.started({ ...passive({ identity: ['a', 'b'] }), ...tls })
    const connection = bench.transport.accept('10.0.0.2', 40_000, ['b'])
    await bench.node.reconfigure({ ...passive({ identity: ['b', 'c'] }), ...tls })
    expect(connection?.finSent).toBe(false)
    await bench.node.reconfigure({ ...passive({ identity: ['c'] }), ...tls })
    expect(connection?.finSent).toBe(true)
    await bench.stopped()
  })
})
