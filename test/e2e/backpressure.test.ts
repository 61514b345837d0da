import { describe, expect, it } from 'vitest'
import { createNode, type OutcomeEvent } from '@commloop/core'
import { len16Codec } from '@commloop/codec-len16'
import { tcpTransport } from '@commloop/transport-tcp'
import { freePort } from '@commloop/test-support/free-port'
import { eventually, settledAt } from '../peer/eventually.js'
import { numbered, numberOf, series } from '../peer/payloads.js'
import { RawListener } from '../peer/raw-listener.js'
import { RawPeer } from '../peer/raw-peer.js'
import { cleanUpAfterEach } from './clean-up.js'
import { RunningNode } from './running-node.js'

cleanUpAfterEach()

const PAYLOAD_BYTES = 60_000
const MIB = 1024 * 1024
const QUICK = 'use: exponential, min: 10ms, initial: 20ms, max: 50ms, maxAttempts: 0'

/** Numbers of the refused messages, whose ids are their numbers. */
function refusedNumbers(node: RunningNode): Set<number> {
  return new Set(node.errors().flatMap(({ id }) => (/^\d+$/.test(id ?? '') ? [Number(id)] : [])))
}

describe('a full socket buffer fills the link’s bounded outbox', () => {
  it('at its limit it refuses with CML_ERR_OUTBOX_FULL; accepted messages arrive later, complete and in order', async () => {
    const count = 500
    const node = await RunningNode.start(`
      listen: { host: 127.0.0.1, port: 0 }
      outbox: 1MiB
      highWaterMark: 1MiB
      links:
        - { id: peer, role: passive, ip: 127.0.0.2 }
    `)
    const peer = await RawPeer.dial({ from: '127.0.0.2', port: node.port, reading: false })
    await node.link('peer', 'up')
    for (const number of series(0, count)) {
      node.send(numbered(number, PAYLOAD_BYTES), { to: 'peer', id: String(number) })
    }
    await node.inputRead()
    const refused = refusedNumbers(node)
    expect(refused.size).toBeGreaterThan(0)
    const codes = new Set(node.errors().map(({ id, code }) => (id === 'marker' ? '' : code)))
    expect(codes).toEqual(new Set(['CML_ERR_OUTBOX_FULL', '']))

    const accepted = series(0, count).filter((number) => !refused.has(number))
    // Messages that are neither refused nor in the kernel are in the outbox, which holds at most 1 MiB.
    const queued = accepted.length - node.outcomes().length
    expect(queued * PAYLOAD_BYTES).toBeLessThanOrEqual(MIB)
    expect(queued).toBeGreaterThan(0)

    peer.resumeReading()
    await peer.received(accepted.length)
    expect(peer.payloads.map(numberOf)).toEqual(accepted)
    await node.until('every outcome', () => node.outcomes().length === accepted.length)
    expect(new Set(node.outcomes().map(({ outcome }) => outcome))).toEqual(new Set(['written']))

    node.send('and it goes on', { to: 'peer' })
    await peer.received(accepted.length + 1)
    const { refused: refusedInAll } = await node.stop()
    expect(refusedInAll).toBe(refused.size + 1)
  })

  it('memory stays bounded while a peer does not read', async () => {
    const floodBytes = 240 * MIB
    const node = await RunningNode.start(`
      listen: { host: 127.0.0.1, port: 0 }
      outbox: 4MiB
      highWaterMark: 4MiB
      links:
        - { id: stuck, role: passive, ip: 127.0.0.2 }
        - { id: free,  role: passive, ip: 127.0.0.3 }
    `)
    const stuck = await RawPeer.dial({ from: '127.0.0.2', port: node.port, reading: false })
    const free = await RawPeer.dial({ from: '127.0.0.3', port: node.port })
    await node.link('stuck', 'up')
    await node.link('free', 'up')
    // The same load with a peer that reads, because parsing and garbage need memory even without a queue.
    const line = `${JSON.stringify({ to: 'free', base64: Buffer.alloc(PAYLOAD_BYTES).toString('base64') })}\n`
    const flood = async (text: string, bytes: number): Promise<void> => {
      for (let sent = 0; sent < bytes; sent += PAYLOAD_BYTES) {
        if (!node.process.write(text)) {
          await eventually('room in stdin', () => node.process.unreadInputBytes < 4 * MIB)
        }
      }
    }
    await flood(line, 60 * MIB)
    await node.inputRead('warm')
    const warmBytes = node.residentBytesMax
    await flood(line.replace('"free"', '"stuck"'), floodBytes)
    await node.inputRead('flooded')

    expect(refusedAfterFlood(node)).toBeGreaterThan((floodBytes / PAYLOAD_BYTES) * 0.8)
    expect(node.residentBytesMax - warmBytes).toBeLessThan(floodBytes / 3)
    expect(stuck.receivedBytes).toBe(0)
    expect(free.closed).toBe(false)
  })

  it('above the high-water mark stdin waits, nothing is refused, and everything arrives in order', async () => {
    const count = 700
    const node = await RunningNode.start(`
      listen: { host: 127.0.0.1, port: 0 }
      highWaterMark: 256KiB
      links:
        - { id: peer,  role: passive, ip: 127.0.0.2 }
        - { id: other, role: passive, ip: 127.0.0.3 }
    `)
    const peer = await RawPeer.dial({ from: '127.0.0.2', port: node.port, reading: false })
    await node.link('peer', 'up')
    for (const number of series(0, count)) {
      node.send(numbered(number, PAYLOAD_BYTES), { to: 'peer', id: String(number) })
    }
    const unread = await settledAt('unread input', () => node.process.unreadInputBytes)
    expect(unread).toBeGreaterThan(10 * MIB)
    expect(node.residentBytes).toBeLessThan(400 * MIB)

    peer.resumeReading()
    await peer.received(count)
    expect(peer.payloads.map(numberOf)).toEqual(series(0, count))
    await node.until('every outcome', () => node.outcomes().length === count)
    expect(node.errors()).toEqual([])
  })

  it('a link that is down does not make stdin wait: it queues up to its limit and then refuses', async () => {
    const port = await freePort()
    const node = await RunningNode.start(`
      listen: { host: 127.0.0.1, port: 0 }
      outbox: 256KiB
      highWaterMark: 16KiB
      reconnect: { ${QUICK} }
      links:
        - { id: down, role: active,  ip: 127.0.0.2, port: ${String(port)} }
        - { id: up,   role: passive, ip: 127.0.0.3 }
    `)
    const other = await RawPeer.dial({ from: '127.0.0.3', port: node.port })
    await node.link('up', 'up')
    for (const number of series(0, 400)) {
      node.send(numbered(number, 1000), { to: 'down', id: String(number) })
    }
    node.send('not held up', { to: 'up' })
    await other.received(1)
    expect(other.texts).toEqual(['not held up'])
    // The node reports on stdout, while the messages travel over TCP, so wait until it has read its input.
    await node.inputRead()
    const refused = refusedNumbers(node)
    // Each message counts for its bytes and 256 more.
    const room = Math.floor((256 * 1024) / 1256)
    expect([...refused]).toEqual(series(room, 400))

    const listener = await RawListener.open({ host: '127.0.0.2', port })
    const peer = await listener.peer(1)
    await peer.received(room)
    expect(peer.payloads.map(numberOf)).toEqual(series(0, room))
  })

  it('the limit may be a number of messages', async () => {
    const port = await freePort()
    const node = await RunningNode.start(`
      outbox: { messages: 3 }
      links:
        - { id: down, role: active, ip: 127.0.0.2, port: ${String(port)} }
    `)
    for (const number of series(0, 5)) node.send('x', { to: 'down', id: String(number) })
    await node.inputRead()
    expect([...refusedNumbers(node)]).toEqual([3, 4])
  })

  it('with overflow: drop-oldest the newest stay, and each dropped message has its outcome', async () => {
    const port = await freePort()
    const node = await RunningNode.start(`
      outbox: { messages: 3 }
      overflow: drop-oldest
      reconnect: { ${QUICK} }
      links:
        - { id: down, role: active, ip: 127.0.0.2, port: ${String(port)} }
    `)
    for (const number of series(0, 5))
      node.send(numbered(number, 9), { to: 'down', id: String(number) })
    await node.inputRead()
    await node.until('two outcomes', () => node.outcomes().length === 2)
    expect(node.outcomes()).toMatchObject([
      { id: '0', outcome: 'dropped', reason: 'outbox full', link: 'down' },
      { id: '1', outcome: 'dropped', reason: 'outbox full', link: 'down' },
    ])
    const listener = await RawListener.open({ host: '127.0.0.2', port })
    const peer = await listener.peer(1)
    await peer.received(3)
    expect(peer.payloads.map(numberOf)).toEqual([2, 3, 4])
  })
})

describe('an unconfirmed write lost with its connection', () => {
  const count = 250

  /** Fills the kernel's buffers and the outbox, and resets the connection; the next one is read. */
  async function lostInTheMiddle(onLoss: string): Promise<{ node: RunningNode; second: RawPeer }> {
    const listener = await RawListener.open({ host: '127.0.0.2', reading: false })
    const node = await RunningNode.start(`
      outbox: 64MiB
      highWaterMark: 64MiB
      onLoss: ${onLoss}
      reconnect: { ${QUICK} }
      links:
        - { id: out, role: active, ip: 127.0.0.2, port: ${String(listener.port)} }
    `)
    const first = await listener.peer(1)
    await first.send('proof of life')
    await node.link('out', 'up', 1)
    for (const number of series(0, count)) {
      node.send(numbered(number, PAYLOAD_BYTES), { to: 'out', id: String(number) })
    }
    await node.inputRead()
    await settledAt('written messages', () => node.outcomes().length, { looks: 5 })
    first.reset()
    const second = await listener.peer(2)
    second.resumeReading()
    await node.until('every outcome', () => node.outcomes().length === count)
    return { node, second }
  }

  /** Messages that were confirmed before the connection was lost. */
  function writtenBeforeLoss(node: RunningNode): number[] {
    const loss = node.events.findIndex(({ type, state }) => type === 'link' && state === 'backoff')
    return node.events
      .slice(0, loss)
      .flatMap(({ type, outcome, id }) =>
        type === 'outcome' && outcome === 'written' ? [Number(id)] : [],
      )
  }

  it('is resent completely with onLoss: resend, and later messages follow in order', async () => {
    const { node, second } = await lostInTheMiddle('resend')
    const before = writtenBeforeLoss(node)
    expect(before.length).toBeGreaterThan(0)
    expect(before).toEqual(series(0, before.length))
    expect(new Set(node.outcomes().map(({ outcome }) => outcome))).toEqual(new Set(['written']))
    await second.received(count - before.length)
    expect(second.payloads.map(numberOf)).toEqual(series(before.length, count))
    expect(second.restBytes).toBe(0)
  })

  it('is dropped with onLoss: drop, and only it', async () => {
    const { node, second } = await lostInTheMiddle('drop')
    const before = writtenBeforeLoss(node)
    const dropped = node.outcomes().filter(({ outcome }) => outcome === 'dropped')
    expect(dropped.length).toBeGreaterThan(0)
    expect(new Set(dropped.map(({ reason }) => reason))).toEqual(new Set(['unconfirmed at loss']))
    const lost = dropped.map(({ id }) => Number(id))
    expect(lost).toEqual(series(before.length, before.length + dropped.length))
    await second.received(count - before.length - lost.length)
    expect(second.payloads.map(numberOf)).toEqual(series(before.length + lost.length, count))
  })

  it('is counted resent; with real sockets through the library, as no command shows counters yet', async () => {
    const listener = await RawListener.open({ host: '127.0.0.2', reading: false })
    const node = createNode(
      {
        outbox: '64MiB',
        highWaterMark: '64MiB',
        links: [{ id: 'out', role: 'active', ip: '127.0.0.2', port: listener.port }],
        reconnect: { spec: 'soon', value: { delayMs: () => 10 } },
      },
      tcpTransport(),
      len16Codec(),
    )
    const outcomes: OutcomeEvent[] = []
    node.on('outcome', (event) => outcomes.push(event))
    await node.start()
    try {
      const out = node.link('out')
      const first = await listener.peer(1)
      await eventually('up', () => out.state === 'up')
      for (const number of series(0, count)) {
        node.send(numbered(number, PAYLOAD_BYTES), { to: 'out', id: String(number) })
      }
      await settledAt('written messages', () => out.counters.written, { looks: 5 })
      expect(out.counters.resent).toBe(0)
      const writtenBefore = out.counters.written
      first.reset()
      const second = await listener.peer(2)
      second.resumeReading()
      await eventually('all written', () => out.counters.written === count)
      await second.received(count - writtenBefore)
      const { resent, enqueued, queued, written, expired, dropped, undeliverable } = out.counters
      expect(resent).toBeGreaterThan(0)
      // One write is at most 128 KiB, or one frame.
      expect(resent * PAYLOAD_BYTES).toBeLessThanOrEqual(128 * 1024)
      expect(enqueued).toBe(queued + written + expired + dropped + undeliverable)
      expect(outcomes).toHaveLength(count)
    } finally {
      await node.stop()
    }
  })
})

function refusedAfterFlood(node: RunningNode): number {
  return node.errors().filter(({ code }) => code === 'CML_ERR_OUTBOX_FULL').length
}
