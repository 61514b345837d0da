import type { EntryOptions, NodeOptions } from '@commloop/core'
import { describe, expect, it } from 'vitest'
import type { ScriptedConnection } from './scripted-transport.js'
import { PEER, TestNode } from './test-node.js'

const fixed = {
  spec: 'fixed',
  value: { delayMs: (attempt: number) => (attempt <= 10 ? 100 : undefined) },
}
const IN: EntryOptions = { id: 'in', role: 'passive', ip: '10.0.0.3' }

function accept(bench: TestNode): ScriptedConnection {
  const connection = bench.transport.accept('10.0.0.3')
  if (connection === undefined) throw new Error('the node refused the peer')
  return connection
}

/** An active link whose first connection has just opened, with one message waiting. */
function dialled(options: Partial<NodeOptions>): {
  bench: TestNode
  connection: ScriptedConnection
} {
  const bench = TestNode.started({ ...options, links: [{ ...PEER, reconnect: fixed }] })
  bench.send('waiting')
  const connection = bench.transport.lastDial.open()
  bench.soon()
  return { bench, connection }
}

describe('ready: stable', () => {
  it('writes nothing before the first connection has been open for stableAfter', async () => {
    const { bench, connection } = dialled({ ready: 'stable', stableAfter: '5s' })
    bench.clock.advance(4_999)
    expect([bench.node.link('peer').state, connection.writes.length]).toEqual(['dialing', 0])
    bench.clock.advance(1)
    expect(bench.node.link('peer').state).toBe('up')
    expect(connection.sent).toEqual(['waiting'])
    await bench.stopped()
  })

  it('keeps the queue of a proxy that accepts and hangs up, time after time', async () => {
    const { bench, connection } = dialled({ ready: 'stable', stableAfter: '5s' })
    let present = connection
    for (let round = 0; round < 5; round++) {
      bench.clock.advance(3_000)
      present.fin()
      present.closed()
      bench.clock.advance(100)
      present = bench.transport.lastDial.open()
    }
    expect(bench.node.link('peer').counters).toMatchObject({ queued: 1, written: 0 })
    expect(bench.states).not.toContain('peer up')
    bench.clock.advance(5_000)
    expect(present.sent).toEqual(['waiting'])
    await bench.stopped()
  })

  it('is up with the first frame of the peer', async () => {
    const { bench, connection } = dialled({ ready: 'stable', stableAfter: '5s' })
    connection.receive('hello')
    bench.soon()
    expect(bench.messages).toEqual(['peer#1 hello'])
    expect(connection.sent).toEqual(['waiting'])
    await bench.stopped()
  })

  it('counts as a proof of life: the next loss is the first', async () => {
    const { bench, connection } = dialled({ ready: 'stable', stableAfter: '5s' })
    bench.clock.advance(5_000)
    connection.reset()
    expect(bench.node.link('peer').attempt).toBe(0)
    await bench.stopped()
  })
})

describe('ready: frame', () => {
  it('waits for a frame of the peer, however long the connection is open', async () => {
    const { bench, connection } = dialled({ ready: 'frame', readyTimeout: 0 })
    bench.clock.advance(600_000)
    expect([bench.node.link('peer').state, connection.writes.length]).toEqual(['dialing', 0])
    connection.receive('hello')
    bench.soon()
    expect(connection.sent).toEqual(['waiting'])
    await bench.stopped()
  })

  it('ends a connection whose peer sends no frame within readyTimeout, and dials again', async () => {
    const { bench, connection } = dialled({ ready: 'frame', readyTimeout: '20s' })
    bench.clock.advance(19_999)
    expect(connection.destroyed).toBe(false)
    bench.clock.advance(1)
    expect(connection.destroyed).toBe(true)
    expect(bench.states.at(-1)).toBe('peer backoff (not ready: the peer sent no frame within 20s)')
    bench.clock.advance(100)
    expect(bench.transport.dials).toHaveLength(2)
    await bench.stopped()
  })

  it('asks with a heartbeat, and writes messages only after the answer', async () => {
    const heartbeat = { every: '1s', payload: 'beat', answer: 'back' }
    const { bench, connection } = dialled({ ready: 'frame', heartbeat })
    expect(connection.sent, 'the first one without waiting').toEqual(['beat'])
    connection.written()
    bench.clock.advance(1_000)
    expect(connection.sent).toEqual(['beat', 'beat'])
    // The answer may come while the second heartbeat is being written.
    connection.receive('back')
    bench.soon()
    expect(bench.node.link('peer').state).toBe('up')
    expect(connection.sent).toEqual(['beat', 'beat'])
    connection.written()
    expect(connection.sent).toEqual(['beat', 'beat', 'waiting'])
    await bench.stopped()
  })

  it('waits as `stable` while the link is held, because a held link sees no frame', async () => {
    const bench = TestNode.started({ ready: 'frame', links: [{ ...PEER, reconnect: fixed }] })
    bench.node.link('peer').pause()
    bench.send('waiting')
    const connection = bench.transport.lastDial.open()
    bench.clock.advance(5_000)
    expect(connection.sent).toEqual(['waiting'])
    connection.written()
    await bench.stopped()
  })

  it('waits for a frame again as soon as the link is read', async () => {
    const bench = TestNode.started({ ready: 'frame', links: [{ ...PEER, reconnect: fixed }] })
    bench.node.link('peer').pause()
    bench.send('waiting')
    const connection = bench.transport.lastDial.open()
    bench.clock.advance(1_000)
    bench.node.link('peer').resume()
    expect(bench.node.link('peer').waiting).toMatchObject({ for: 'frame' })
    bench.clock.advance(10_000)
    expect(connection.sent).toEqual([])
    connection.receive('hello')
    bench.soon()
    expect(connection.sent).toEqual(['waiting'])
    await bench.stopped()
  })

  it('is ready after readyTimeout if the link was paused in the meantime', async () => {
    const { bench, connection } = dialled({ ready: 'frame' })
    bench.node.link('peer').pause()
    bench.clock.advance(30_000)
    expect(connection.sent).toEqual(['waiting'])
    connection.written()
    await bench.stopped()
  })

  it('can be stopped while a heartbeat is being written', async () => {
    const { bench, connection } = dialled({ ready: 'frame', heartbeat: { every: '1s' } })
    expect(connection.sent).toEqual([''])
    await bench.stopped()
    expect(connection.destroyed).toBe(true)
  })

  it('is answered by the FIN of the peer like any probation', async () => {
    const { bench, connection } = dialled({ ready: 'frame', heartbeat: { every: '1s' } })
    connection.fin()
    connection.written()
    expect(connection.finSent).toBe(true)
    expect(bench.node.link('peer').counters).toMatchObject({ queued: 1, written: 0 })
    await bench.stopped()
  })
})

describe('ready on a passive link', () => {
  const listen = { port: 8000 }

  it('keeps the link awaiting, gives the slot to one connection only, and reports the loss', async () => {
    const bench = TestNode.started({
      listen,
      ready: 'frame',
      links: [{ ...IN, duplicate: 'reject' }],
    })
    bench.send('waiting', { to: 'in' })
    const first = accept(bench)
    expect(bench.transport.accept('10.0.0.3'), 'the slot is taken').toBeUndefined()
    expect(bench.node.link('in')).toMatchObject({
      state: 'awaiting',
      waiting: { for: 'frame', remote: first.peer.remote },
    })
    first.reset()
    expect(bench.states).toEqual(['in awaiting', 'in awaiting (reset by peer)'])
    const second = accept(bench)
    second.receive('hello')
    bench.soon()
    expect(second.sent).toEqual(['waiting'])
    expect(bench.node.link('in')).toMatchObject({ state: 'up', waiting: undefined })
    await bench.stopped()
  })

  it('lets a newcomer challenge a connection that is not ready', async () => {
    const bench = TestNode.started({ listen, ready: 'frame', readyTimeout: 0, links: [IN] })
    const dead = accept(bench)
    const living = accept(bench)
    bench.clock.advance(2_000)
    expect(dead.destroyed).toBe(true)
    living.receive('hello')
    expect(bench.messages).toEqual(['in#1 hello'])
    await bench.stopped()
  })

  it.each(['disable', 'close'] as const)('can be ended by %s before it is ready', async (end) => {
    const bench = TestNode.started({ listen, ready: 'frame', links: [IN] })
    const connection = accept(bench)
    bench.node.link('in')[end]()
    expect(connection.destroyed || connection.finSent).toBe(true)
    connection.closed()
    expect(bench.node.link('in').state).toBe(end === 'disable' ? 'idle' : 'awaiting')
    await bench.stopped()
  })
})

describe('a listener of up, on a link that has waited to be ready', () => {
  it('may send over this connection only', async () => {
    const bench = TestNode.started({ links: [{ ...PEER, ready: 'frame' }] })
    bench.node.on('link', ({ state, link, epoch }) => {
      if (state === 'up') bench.send('logon', { to: { link, epoch } })
    })
    const connection = bench.transport.lastDial.open()
    connection.receive('banner')
    bench.soon()
    expect(connection.sent).toEqual(['logon'])
    await bench.stopped()
  })

  it('may send on a passing link, which keeps no queue', async () => {
    const any: EntryOptions = { id: 'any', role: 'passive', ip: '0.0.0.0', ready: 'frame' }
    const bench = TestNode.started({ listen: { port: 8000 }, links: [any] })
    bench.node.on('link', ({ state, link }) => {
      if (state === 'up') bench.send('welcome', { to: link })
    })
    const connection = accept(bench)
    connection.receive('hello')
    bench.soon()
    expect([connection.sent, bench.warnings]).toEqual([['welcome'], []])
    await bench.stopped()
  })

  it('may end the connection', async () => {
    const bench = TestNode.started({ links: [{ ...PEER, ready: 'frame' }] })
    bench.send('waiting')
    bench.node.on('link', ({ state }) => {
      if (state === 'up') bench.node.link('peer').close()
    })
    const connection = bench.transport.lastDial.open()
    connection.receive('banner')
    bench.soon()
    expect([connection.sent, connection.finSent]).toEqual([[], true])
    await bench.stopped()
  })
})

describe('a reload that changes ready', () => {
  const links = [{ ...PEER, reconnect: fixed }]

  it('makes a waiting link up if nothing is waited for any more', async () => {
    const { bench, connection } = dialled({ ready: 'frame' })
    await bench.node.reconfigure({ links })
    bench.soon()
    expect(connection.sent).toEqual(['waiting'])
    await bench.stopped()
  })

  it('starts the new wait', async () => {
    const { bench, connection } = dialled({ ready: 'frame' })
    await bench.node.reconfigure({ ready: 'stable', stableAfter: '5s', links })
    bench.clock.advance(4_999)
    expect(connection.writes).toHaveLength(0)
    bench.clock.advance(1)
    expect(connection.sent).toEqual(['waiting'])
    await bench.stopped()
  })

  it('leaves a link alone that is up', async () => {
    const { bench, connection } = dialled({})
    connection.written()
    await bench.node.reconfigure({ ready: 'frame', links })
    bench.clock.advance(60_000)
    expect(bench.node.link('peer').state).toBe('up')
    await bench.stopped()
  })
})
