import { Len16Codec } from '@commloop/codec-len16'
import { Clock, createNode, FrameCodec, type TrafficMessage, Transport, use } from '@commloop/core'
import { ManualClock } from '@commloop/testing'
import { describe, expect, it } from 'vitest'
import { PEER, TestNode } from './test-node.js'
import { ScriptedTransport } from './scripted-transport.js'

function told({ direction, link, epoch, payload, id }: TrafficMessage): string {
  const named = id === undefined ? '' : ` (${id})`
  return `${direction} ${link}#${String(epoch)} ${Buffer.from(payload).toString('latin1')}${named}`
}

describe('a listener of traffic', () => {
  it('is called for sent payloads when their write is confirmed, and for received payloads', async () => {
    const bench = TestNode.started({ links: [PEER] })
    const seen: string[] = []
    bench.node.on('traffic', (message) => seen.push(told(message)))
    const connection = bench.transport.lastDial.open()
    bench.send('one', { to: 'peer' })
    bench.send('two', { to: 'peer', id: 'b' })
    bench.soon()
    expect(seen, 'not yet confirmed').toEqual([])
    connection.written()
    connection.receive('three')
    expect(seen).toEqual(['sent peer#1 one', 'sent peer#1 two (b)', 'received peer#1 three'])
    bench.soon()
    expect(bench.outcomes).toEqual([{ id: 'b', link: 'peer', outcome: 'written', count: 1 }])
    expect(bench.warnings).toEqual([])
    await bench.stopped()
  })

  it('may use the former name of the event, and is removed by either name', async () => {
    const bench = TestNode.started({ links: [PEER] })
    const seen: string[] = []
    const watch = (message: TrafficMessage): void => {
      seen.push(told(message))
    }
    const connection = bench.transport.lastDial.open()
    bench.node.on('passing', watch)
    connection.receive('one')
    bench.node.off('traffic', watch)
    connection.receive('two')
    expect(seen).toEqual(['received peer#1 one'])
    await bench.stopped()
  })

  it('may send within its call, and the ledger balances', async () => {
    const bench = TestNode.started({ links: [PEER] })
    const connection = bench.transport.lastDial.open()
    const seen: string[] = []
    bench.node.on('traffic', (message) => {
      seen.push(told(message))
      bench.checkLedgers()
      if (seen.length < 90) for (let more = 0; more < 30; more++) bench.send('x', { to: 'peer' })
    })
    bench.send('first', { to: 'peer' })
    bench.soon()
    while (connection.sent.length > seen.length) connection.written()
    // An error in a listener, also a failed expectation, becomes a warning.
    expect(bench.warnings).toEqual([])
    expect(seen.length).toBeGreaterThan(90)
    expect(seen.length).toBe(connection.sent.length)
    expect(bench.node.link('peer').counters).toMatchObject({ queued: 0, written: seen.length })
    await bench.stopped()
  })

  it('is not called for unconfirmed payloads of a lost connection, nor for heartbeats', async () => {
    const heartbeat = { every: 1_000, payload: 'beat' }
    const bench = TestNode.started({ links: [{ ...PEER, heartbeat, onLoss: 'drop' }] })
    const seen: string[] = []
    bench.node.on('traffic', (message) => seen.push(told(message)))
    const connection = bench.transport.lastDial.open()
    connection.receive('beat')
    bench.clock.advance(1_000)
    expect(connection.sent).toEqual(['beat'])
    connection.written()
    bench.send('lost', { to: 'peer' })
    bench.soon()
    connection.reset()
    expect(seen).toEqual([])
    await bench.stopped()
  })

  it('does not handle the message, which the node counts as unhandled', async () => {
    const transport = new ScriptedTransport()
    const clock = new ManualClock()
    const plugins = [
      use(Transport, transport),
      use(FrameCodec, new Len16Codec()),
      use(Clock, clock),
    ]
    const node = createNode({ links: [PEER] }, ...plugins)
    let seen = 0
    const watch = (): void => {
      seen++
    }
    node.on('traffic', watch)
    void node.start()
    const connection = transport.lastDial.open()
    connection.receive('one')
    node.off('traffic', watch)
    connection.receive('two')
    const { unhandled, unheard } = node.counters
    expect({ seen, unhandled, unheard }).toEqual({ seen: 1, unhandled: 2, unheard: 2 })
    const stopping = node.stop()
    clock.advance(60_000)
    await stopping
  })
})
