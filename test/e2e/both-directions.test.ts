import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { eventually } from '../peer/eventually.js'
import { numbered, numberOf, series } from '../peer/payloads.js'
import { RawListener } from '../peer/raw-listener.js'
import { RawPeer } from '../peer/raw-peer.js'
import { cleanUpAfterEach } from './clean-up.js'
import { RunningNode } from './running-node.js'

cleanUpAfterEach()

const FLOOD_DEADLINE_MS = 60_000

function digest(payloads: Iterable<Uint8Array>): string {
  const hash = createHash('sha256')
  for (const payload of payloads) hash.update(payload)
  return hash.digest('hex')
}

/** Sizes that do not coincide with other limits, including both ends of the range. */
function sizeOf(number: number): number {
  if (number % 50 === 0) return 65_535
  return 4 + ((number * 7919) % 40_000)
}

describe('every link sends and receives at the same time, independently', () => {
  it('20 MB in each direction at the same time between two nodes, over one connection', async () => {
    const count = 1000
    const payloads = series(0, count).map((number) => numbered(number, sizeOf(number)))
    const bytes = payloads.reduce((sum, { length }) => sum + length, 0)
    expect(bytes).toBeGreaterThan(20_000_000)

    const server = await RunningNode.start(`
      listen: { host: 127.0.0.1, port: 0 }
      links:
        - { id: in, role: passive, ip: 127.0.0.2 }
    `)
    const client = await RunningNode.start(`
      bind: 127.0.0.2
      links:
        - { id: out, role: active, ip: 127.0.0.1, port: ${String(server.port)} }
    `)
    await server.link('in', 'up')
    await client.link('out', 'up')
    for (const [number, payload] of payloads.entries()) {
      server.send(payload, { to: 'in' })
      client.send(payloads[count - 1 - number] ?? '', { to: 'out' })
    }
    const [atClient, atServer] = await Promise.all([
      client.received('out', count, FLOOD_DEADLINE_MS),
      server.received('in', count, FLOOD_DEADLINE_MS),
    ])
    expect(atClient).toHaveLength(count)
    expect(atServer).toHaveLength(count)
    expect(digest(atClient.map(({ payload }) => payload))).toBe(digest(payloads))
    expect(digest(atServer.map(({ payload }) => payload))).toBe(digest([...payloads].reverse()))
    expect(server.states('in')).toEqual(['awaiting 0', 'up 1'])
    expect(client.states('out')).toEqual(['dialing 0', 'up 1'])
  })

  it('on three links at the same time, in both directions, with foreign peers', async () => {
    const count = 250
    const listener = await RawListener.open({ host: '127.0.0.4' })
    const node = await RunningNode.start(`
      listen: { host: 127.0.0.1, port: 0 }
      links:
        - { id: two,   role: passive, ip: 127.0.0.2 }
        - { id: three, role: passive, ip: 127.0.0.3 }
        - { id: four,  role: active,  ip: 127.0.0.4, port: ${String(listener.port)} }
    `)
    const peers: [string, RawPeer][] = [
      ['two', await RawPeer.dial({ from: '127.0.0.2', port: node.port })],
      ['three', await RawPeer.dial({ from: '127.0.0.3', port: node.port })],
      ['four', await listener.peer(1)],
    ]
    for (const [link] of peers) await node.link(link, 'up')
    for (const number of series(0, count)) {
      for (const [link, peer] of peers) {
        node.send(numbered(number, sizeOf(number)), { to: link })
        void peer.send(numbered(count + number, sizeOf(number + 1)))
      }
    }
    for (const [link, peer] of peers) {
      await node.received(link, count, FLOOD_DEADLINE_MS)
      await peer.received(count)
      expect(node.messages(link).map(({ payload }) => numberOf(payload))).toEqual(
        series(count, 2 * count),
      )
      expect(peer.payloads.map(numberOf)).toEqual(series(0, count))
    }
  })

  it('a link whose peer does not read still receives, and other links are not affected', async () => {
    const node = await RunningNode.start(`
      listen: { host: 127.0.0.1, port: 0 }
      outbox: 1MiB
      highWaterMark: 1MiB
      links:
        - { id: stuck, role: passive, ip: 127.0.0.2 }
        - { id: free,  role: passive, ip: 127.0.0.3 }
    `)
    const stuck = await RawPeer.dial({ from: '127.0.0.2', port: node.port, reading: false })
    const free = await RawPeer.dial({ from: '127.0.0.3', port: node.port })
    await node.link('stuck', 'up')
    await node.link('free', 'up')
    let number = 0
    await eventually('a full outbox', () => {
      if (node.process.unreadInputBytes < 1_000_000) {
        node.send(numbered(number++, 60_000), { to: 'stuck' })
      }
      return node.errors().length > 0
    })
    expect(node.errors()[0]).toMatchObject({ code: 'CML_ERR_OUTBOX_FULL' })

    for (const at of series(0, 100)) {
      await stuck.send(`from the stuck one ${String(at)}`)
      await free.send(`from the free one ${String(at)}`)
      node.send(`to the free one ${String(at)}`, { to: 'free' })
    }
    await node.received('stuck', 100)
    await node.received('free', 100)
    await free.received(100)
    expect(node.texts('stuck').at(-1)).toBe('from the stuck one 99')
    expect(free.texts.at(-1)).toBe('to the free one 99')
    expect(stuck.receivedBytes).toBe(0)
  })
})
