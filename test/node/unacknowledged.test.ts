import type { NodeOptions } from '@commloop/core'
import { describe, expect, it } from 'vitest'
import type { ScriptedConnection } from './scripted-transport.js'
import { PEER, TestNode } from './test-node.js'

/** A link that is up, and whose writes the kernel always takes. */
function up(options: Partial<NodeOptions> = {}): {
  bench: TestNode
  connection: ScriptedConnection
  send: (text: string) => void
} {
  const bench = TestNode.started({ ...options, links: [PEER] })
  const connection = bench.transport.lastDial.open()
  const send = (text: string): void => {
    bench.send(text)
    bench.soon()
    connection.written()
  }
  return { bench, connection, send }
}

const lost = (unacknowledgedBytes: number) => ({
  unacknowledgedBytes,
  acknowledgedBytes: 100,
  isPeerFull: false,
})

describe('unacknowledgedMax', () => {
  it('ends a connection whose peer acknowledges nothing, although every write succeeds', async () => {
    const { bench, connection, send } = up()
    for (let second = 0; second < 60 && !connection.destroyed; second++) {
      send('small')
      connection.acknowledgement = lost(7 * (second + 1))
      bench.clock.advance(1_000)
    }
    expect(bench.states.at(-1)).toContain(
      'peer backoff (not acknowledged: the system of the peer has acknowledged nothing for 30s',
    )
    expect(bench.clock.now(), 'within one and two thirds').toBeLessThanOrEqual(51_000)
    await bench.stopped()
  })

  it('keeps a connection on which something is always on the way, and which makes progress', async () => {
    const { bench, connection, send } = up()
    for (let second = 0; second < 300; second++) {
      send('small')
      connection.acknowledgement = { ...lost(7), acknowledgedBytes: 7 * second }
      bench.clock.advance(1_000)
    }
    expect(connection.destroyed).toBe(false)
    await bench.stopped()
  })

  it('keeps the connection of a peer that does not read, because its system answers', async () => {
    const { bench, connection, send } = up()
    send('small')
    connection.acknowledgement = { ...lost(7), isPeerFull: true }
    bench.clock.advance(600_000)
    expect(connection.destroyed).toBe(false)
    await bench.stopped()
  })

  it('asks no more when everything is acknowledged, until the next write', async () => {
    const { bench, connection, send } = up()
    send('small')
    connection.acknowledgement = { ...lost(0), acknowledgedBytes: 7 }
    bench.clock.advance(600_000)
    expect(connection.looks).toBe(1)
    send('again')
    bench.clock.advance(10_000)
    expect(connection.looks).toBe(2)
    await bench.stopped()
  })

  it('asks no more if the system cannot tell', async () => {
    const { bench, connection, send } = up()
    send('small')
    bench.clock.advance(600_000)
    expect([connection.looks, connection.destroyed]).toEqual([1, false])
    await bench.stopped()
  })

  it('never asks if it is 0, and begins after a reload', async () => {
    const { bench, connection, send } = up({ unacknowledgedMax: 0 })
    connection.acknowledgement = lost(7)
    send('small')
    bench.clock.advance(600_000)
    expect(connection.looks).toBe(0)
    await bench.node.reconfigure({ links: [PEER], unacknowledgedMax: '3s' })
    send('small')
    bench.clock.advance(10_000)
    expect(connection.destroyed).toBe(true)
    await bench.stopped()
  })

  it('can be switched off by a reload while a look is due', async () => {
    const { bench, connection, send } = up({ unacknowledgedMax: '3s' })
    connection.acknowledgement = lost(7)
    send('small')
    await bench.node.reconfigure({ links: [PEER], unacknowledgedMax: 0 })
    bench.clock.advance(600_000)
    expect(connection.destroyed).toBe(false)
    await bench.stopped()
  })
})
