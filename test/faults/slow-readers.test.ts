import { FaultPeer, type FaultStep } from '@commloop/fault-peer'
import { describe, expect, it } from 'vitest'
import { eventually } from '../peer/eventually.js'
import { NodeUnderTest, stopNodesAfterEach } from './node-under-test.js'

stopNodesAfterEach()

const PAYLOAD = Buffer.alloc(32 * 1024, 0x61)
const MESSAGES = 512

/** A node with 16 MiB for a peer that plays these steps, and a second peer that reads what it gets. */
async function flooded(steps: readonly FaultStep[], options: Readonly<Record<string, unknown>>) {
  const under = await NodeUnderTest.start({
    ...options,
    listen: { host: '127.0.0.1', port: 0 },
    outbox: '64MiB',
    highWaterMark: '64MiB',
    links: [
      { id: 'slow', role: 'passive', ip: '127.0.0.2' },
      { id: 'quick', role: 'passive', ip: '127.0.0.3' },
    ],
  })
  const at = { ip: '127.0.0.1', port: under.port }
  const slow = FaultPeer.dialling({ ...at, from: '127.0.0.2' }).play([{ do: 'open' }, ...steps])
  await under.up('slow', 1)
  for (let sent = 0; sent < MESSAGES; sent++) {
    under.node.send(PAYLOAD, { to: 'slow', id: String(sent) })
  }
  return { under, at, slow }
}

describe('a peer that does not read', () => {
  it('loses its connection by a write that does not end, and every message meets its outcome', async () => {
    const { under, at, slow } = await flooded([{ do: 'stop reading' }, { do: 'wait', ms: 2_000 }], {
      stall: '500ms',
    })
    // The node still serves another peer normally.
    const quick = await FaultPeer.dialling({ ...at, from: '127.0.0.3' }).play([
      { do: 'open' },
      { do: 'send frames', payloads: ['here'] },
      { do: 'expect open', forMs: 50 },
    ])
    expect(quick.held).toBe(true)
    expect(await under.lost('slow', 1)).toBe('write stall')
    await slow
    await under.stop()
    expect(under.outcomes.reduce((sum, { count }) => sum + count, 0)).toBe(MESSAGES)
    expect(new Set(under.outcomes.map(({ id }) => id)).size).toBe(MESSAGES)
  })

  it('also loses its connection if it reads a byte now and then', async () => {
    const { under, slow } = await flooded(
      [
        { do: 'read slowly', bytes: 1, everyMs: 100 },
        { do: 'wait', ms: 2_000 },
      ],
      { stall: '500ms' },
    )
    expect(await under.lost('slow', 1)).toBe('write stall')
    await slow
  })

  it('keeps its connection if each write finishes in time, however long the whole message takes', async () => {
    const { under, slow } = await flooded(
      [
        { do: 'read slowly', bytes: 512 * 1024, everyMs: 20 },
        { do: 'expect frames', count: MESSAGES, withinMs: 40_000 },
      ],
      { stall: '10s' },
    )
    const report = await slow
    expect(report.failure).toBeUndefined()
    expect(report.connections[0]?.receivedFrames).toBe(MESSAGES)
    await eventually('every message written', () => under.outcomes.length === MESSAGES)
    expect(report.connections[0]?.end).toBeUndefined()
  })
})

describe('a peer that ends its side while the node still has messages for it', () => {
  it('receives everything and then FIN if `halfClose` gives the node enough time', async () => {
    const { slow } = await flooded(
      [
        { do: 'send FIN' },
        { do: 'expect frames', count: MESSAGES, withinMs: 40_000 },
        { do: 'expect end', how: 'FIN', withinMs: 40_000 },
      ],
      { halfClose: '5s' },
    )
    const report = await slow
    expect(report.failure).toBeUndefined()
    expect(report.connections[0]).toMatchObject({ receivedFrames: MESSAGES, restBytes: 0 })
  })

  it('receives complete frames and FIN if the link closes immediately; the rest waits for the next connection', async () => {
    const { under, at, slow } = await flooded(
      [{ do: 'send FIN' }, { do: 'expect end', how: 'FIN', withinMs: 40_000 }],
      { halfClose: 'close' },
    )
    const first = await slow
    expect(first.failure).toBeUndefined()
    expect(first.connections[0]?.restBytes).toBe(0)
    await eventually('the link to wait again', () => under.node.link('slow').state === 'awaiting')
    const got = first.connections[0]?.receivedFrames ?? 0
    const second = await FaultPeer.dialling({ ...at, from: '127.0.0.2' }).play([
      { do: 'open' },
      { do: 'expect frames', count: MESSAGES - got, withinMs: 40_000 },
    ])
    expect(second.connections[0]?.receivedFrames).toBe(MESSAGES - got)
  })
})
