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

/** The result of a reconfiguration, without empty lists. */
async function changed(bench: TestNode, options: NodeOptions): Promise<object> {
  const lists = Object.entries(await bench.node.reconfigure(options))
  return Object.fromEntries(lists.filter(([, ids]) => (ids as string[]).length > 0))
}

describe('a link whose entry does not change', () => {
  it('is not affected by a change, even if the text of its entry differs', async () => {
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

  it('stays disabled if its entry does not change', async () => {
    const bench = TestNode.started({ links: [PEER, OTHER] })
    bench.node.link('peer').disable()
    await bench.node.reconfigure({ links: [PEER] })
    expect(bench.node.link('peer')).toMatchObject({ state: 'idle', enabled: false })
    await bench.stopped()
  })
})

describe('a link whose limits change', () => {
  it('keeps its connection and its queue, and uses the new limits', async () => {
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

  it('keeps its queue above a lower limit, and drops from it only for new copies', async () => {
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

  it('reports a drain if the mark rises above its queue', async () => {
    const bench = TestNode.started(one({ highWaterMark: 292 }))
    expect(bench.send('x'.repeat(100), { to: 'peer' })).toBe(false)
    await bench.node.reconfigure(one({ highWaterMark: 342 }))
    expect(bench.drains, 'above half of it still').toEqual([])
    await bench.node.reconfigure(one({ highWaterMark: 784 }))
    expect(bench.drains).toEqual(['peer'])
    await bench.node.reconfigure(one({ highWaterMark: 356 }))
    expect(bench.node.link('peer').aboveHighWaterMark, 'exactly at the mark').toBe(false)
    await bench.node.reconfigure(one({ highWaterMark: 163 }))
    expect(bench.node.link('peer').aboveHighWaterMark).toBe(true)
    await bench.stopped()
  })

  it('uses a new TTL for messages that are sent afterwards', async () => {
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
  it('starts on a connection that had none', async () => {
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

  it.each(['1s', '5s'])('gives a connection that we have ended %s', async (linger) => {
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

  it('serves a peer that has ended its side for the new time', async () => {
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

  it('does not run while reading is paused', async () => {
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

  it('ends if it is turned off', async () => {
    const bench = TestNode.started(one({ silence: '5s' }))
    const connection = bench.transport.lastDial.open()
    await bench.node.reconfigure(one({ silence: 'off' }))
    bench.clock.advance(600_000)
    expect(connection.destroyed).toBe(false)
    await bench.stopped()
  })

  it('starts, changes and ends a heartbeat on one connection', async () => {
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

  it('keeps the due time of a heartbeat', async () => {
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

  it('starts a heartbeat on a connection without proof of life', async () => {
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

describe('a link whose address changes', () => {
  it('ends its connection in order, keeps its queue and dials the new address immediately', async () => {
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

  it('cuts a connection that does not end in time, and resends what was not confirmed', async () => {
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

  it('uses the last of several changes before its connection has ended', async () => {
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

  it('cancels a dial in progress', async () => {
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

  it('keeps its turn while it waits for a permit to dial', async () => {
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

  it('is not dialled again if a listener of the change has stopped the node', async () => {
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

  it('dials the new address after it was disabled', async () => {
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
  it('does not affect a link that is up, and applies from its next loss', async () => {
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
  ])('is not assumed if something else changes: %s continues', async (state, maxAttempts) => {
    const reconnect = fixed(60_000, maxAttempts)
    const bench = TestNode.started(one({ reconnect }))
    bench.transport.lastDial.fail()
    bench.clock.advance(10_000)
    const { nextDialInMs } = bench.node.link('peer')
    expect(await changed(bench, one({ reconnect, stall: '7s' }))).toEqual({ changed: ['peer'] })
    expect(bench.node.link('peer')).toMatchObject({ state, nextDialInMs })
    expect(bench.transport.dials).toHaveLength(1)
    await bench.stopped()
  })

  it('keeps a peer on probation that has accepted and closed', async () => {
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

  it('applies immediately to a link that waits for its next dial', async () => {
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

  it('of the node applies to the links without their own', async () => {
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
  it('needs a new connection; it encodes the queue, and payloads that it cannot encode are reported', async () => {
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
    // Bytes of the old connection belong to the old codec until its end.
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

  it('does not affect the queue while the old connection ends', async () => {
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

  it('of the node applies to the links without their own', async () => {
    const options = { links: [PEER, { ...OTHER, codec: codec('own', 10) }] }
    const bench = TestNode.started(options)
    for (const dial of bench.transport.dials) dial.open()
    const result = await bench.node.reconfigure(options, { codec: new Len16Codec() })
    expect(result).toMatchObject({ reconnected: ['peer'], unchanged: ['other'], node: ['codec'] })
    await bench.stopped()
  })
})

describe('an entry that is switched off or on', () => {
  it('closes its link and keeps its queue, and opens it again', async () => {
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

  it('dials the new address if it is enabled and moved in one change', async () => {
    const bench = TestNode.started(one({ enabled: false }))
    await bench.node.reconfigure(one({ port: 9000 }))
    expect(bench.transport.dials.map(({ target, cancelled }) => [target.port, cancelled])).toEqual([
      [9000, false],
    ])
    await bench.stopped()
  })

  it('does not dial if it is moved and disabled in one change', async () => {
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
  it('keeps a connection that it still matches', async () => {
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

  it('ends a connection that it no longer matches, and accepts the new peer', async () => {
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

  it('never sends the queue of one of several peers to another', async () => {
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

  it('drops the queue of one peer if it now matches many', async () => {
    const bench = TestNode.started(passive({}))
    bench.send('for 10.0.0.2', { to: 'cell', id: 'a' })
    await bench.node.reconfigure(passive({ ip: '10.0.0.0/24' }))
    bench.soon()
    expect(bench.outcomes).toMatchObject([{ id: 'a', outcome: 'dropped', reason: 'peer gone' }])
    await bench.stopped()
  })

  it('refuses a waiting connection that is no longer in the table', async () => {
    const bench = TestNode.started(passive({ ip: '10.0.0.2' }))
    const incumbent = bench.transport.accept('10.0.0.2')
    const newcomer = bench.transport.accept('10.0.0.2')
    expect(bench.node.link('cell').epoch).toBe(1)
    await bench.node.reconfigure(passive({ ip: '10.0.0.3' }))
    expect(newcomer?.destroyed).toBe(true)
    expect(bench.rejected).toEqual(['not in the table'])
    incumbent?.closed()
    expect(bench.node.link('cell').state).toBe('awaiting')
    await bench.stopped()
  })

  it('ends a connection whose peer has not proved the new identity', async () => {
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
