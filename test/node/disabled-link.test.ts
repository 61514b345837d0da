import type { EntryOptions } from '@commloop/core'
import { describe, expect, it } from 'vitest'
import { PEER, TestNode } from './test-node.js'
import type { ScriptedConnection } from './scripted-transport.js'

const LISTEN = { host: '::', port: 8000 }
const CELL: EntryOptions = { id: 'cell', role: 'passive', ip: '10.0.0.0/24' }

/** An active link with one message that is being written and one that waits. */
function busy(): { bench: TestNode; connection: ScriptedConnection } {
  const bench = TestNode.started({ links: [PEER] })
  const connection = bench.transport.lastDial.open()
  bench.send('under way', { id: 'first' })
  bench.soon()
  bench.send('waits', { id: 'second' })
  return { bench, connection }
}
const ends = (bench: TestNode): string[] =>
  bench.outcomes.map(({ id, outcome, reason = '' }) => `${String(id)} ${outcome} ${reason}`)

describe('a link that is disabled', () => {
  it('keeps its queue until it is enabled, if it is lasting', async () => {
    const { bench, connection } = busy()
    bench.node.link('peer').disable()
    connection.written()
    expect(connection).toMatchObject({ finSent: true, destroyed: false })
    connection.closed()
    expect(bench.node.link('peer')).toHaveProperty('queuedMessages', 1)
    expect(bench.states.at(-1)).toBe('peer idle (disabled)')
    bench.node.link('peer').enable()
    const next = bench.transport.lastDial.open()
    bench.soon()
    expect(next.sent).toEqual(['waits'])
    next.written()
    bench.soon()
    expect(ends(bench)).toEqual(['first written ', 'second written '])
    await bench.stopped()
  })

  it('keeps its queue if it was not up', async () => {
    const bench = TestNode.started({ links: [PEER] })
    bench.send('waits')
    bench.node.link('peer').disable()
    expect(bench.transport.lastDial.cancelled).toBe(true)
    bench.node.link('peer').enable()
    const connection = bench.transport.lastDial.open()
    bench.soon()
    expect(connection.sent).toEqual(['waits'])
    await bench.stopped()
  })

  it('drops its queue with a reason if it is passing', async () => {
    const bench = TestNode.started({ listen: LISTEN, links: [CELL] })
    const connection = bench.transport.accept('10.0.0.2')
    bench.send('under way', { to: 'cell', id: 'first' })
    bench.soon()
    bench.send('waits', { to: 'cell', id: 'second' })
    bench.node.link('cell').disable()
    connection?.written()
    connection?.closed()
    bench.soon()
    expect(ends(bench)).toEqual(['first written ', 'second dropped disabled'])
    expect(bench.node.link('cell')).toHaveProperty('state', 'idle')
    await bench.stopped()
  })

  it('drops copies for the connection that ends, and nothing else', async () => {
    const { bench, connection } = busy()
    bench.send('reply', { to: { link: 'peer', epoch: 1 }, id: 'reply' })
    bench.node.link('peer').disable()
    connection.written()
    connection.closed()
    bench.soon()
    expect(ends(bench)).toEqual(['first written ', 'reply dropped epoch'])
    expect(bench.node.link('peer')).toHaveProperty('queuedMessages', 1)
    await bench.stopped()
  })

  it('emits no event if it was already down', async () => {
    const bench = TestNode.started({ links: [{ ...PEER, enabled: false }] })
    bench.node.link('peer').disable()
    bench.node.link('peer').disable()
    expect(bench.states).toEqual([])
    await bench.stopped()
  })

  it('goes up again if it is enabled while it is still closing', async () => {
    const { bench, connection } = busy()
    bench.node.link('peer').disable()
    bench.node.link('peer').enable()
    expect(bench.transport.dials).toHaveLength(1)
    connection.written()
    connection.closed()
    expect(bench.states.slice(-2)).toEqual(['peer idle (disabled)', 'peer dialing'])
    await bench.stopped()
  })
})

describe('a node that stops', () => {
  it('does not wait without a limit for a link that is being disabled', async () => {
    const { bench, connection } = busy()
    bench.node.link('peer').disable()
    const stopping = bench.node.stop()
    connection.written()
    connection.closed()
    await stopping
    expect(bench.states.at(-1)).toBe('peer closed (disabled)')
    expect(ends(bench)).toEqual(['first written ', 'second dropped stopped'])
    bench.checkLedgers()
    expect(bench.clock.pendingTimers).toBe(0)
  })

  it('closes a link that is disabled at the same time', async () => {
    const { bench, connection } = busy()
    const stopping = bench.node.stop()
    bench.node.link('peer').disable()
    connection.written()
    connection.written()
    expect(connection.sent, 'what is queued is written all the same').toEqual([
      'under way',
      'waits',
    ])
    connection.closed()
    await stopping
    expect(bench.states.at(-1)).toBe('peer closed (stopped)')
    bench.checkLedgers()
    expect(bench.clock.pendingTimers).toBe(0)
  })
})
