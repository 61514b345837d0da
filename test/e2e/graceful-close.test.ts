import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { freePort } from '@commloop/test-support/free-port'
import { eventually, settledAt } from '../peer/eventually.js'
import { numbered, numberOf, series } from '../peer/payloads.js'
import { RawListener } from '../peer/raw-listener.js'
import { RawPeer } from '../peer/raw-peer.js'
import { cleanUpAfterEach } from './clean-up.js'
import { expectLedgersHold } from './ledgers.js'
import { RunningNode } from './running-node.js'

cleanUpAfterEach()

const PAYLOAD_BYTES = 60_000
const QUICK = 'use: exponential, min: 10ms, initial: 20ms, max: 50ms, maxAttempts: 0'

function sendAll(node: RunningNode, to: string, numbers: readonly number[]): void {
  for (const number of numbers) {
    node.send(numbered(number, PAYLOAD_BYTES), { to, id: String(number) })
  }
}

describe('closing loses nothing that was flushed', () => {
  it('SIGTERM: all accepted messages arrive, then FIN', async () => {
    const count = 200
    const node = await RunningNode.start(`
      listen: { host: 127.0.0.1, port: 0 }
      highWaterMark: 16MiB
      links:
        - { id: peer, role: passive, ip: 127.0.0.2 }
    `)
    const peer = await RawPeer.dial({ from: '127.0.0.2', port: node.port, reading: false })
    await node.link('peer', 'up')
    sendAll(node, 'peer', series(0, count))
    await node.inputRead()
    expect(node.outcomes().length).toBeLessThan(count)
    node.process.kill('SIGTERM')
    await node.link('peer', 'draining')
    peer.resumeReading()
    await peer.fin()
    expect(peer.payloads.map(numberOf)).toEqual(series(0, count))
    expect(peer.restBytes).toBe(0)
    expect(peer.errorCode).toBeUndefined()
    peer.finish()
    const counters = await node.ended()
    expect(counters).toMatchObject({ accepted: count, copies: count })
    expect(node.states('peer')).toEqual(['awaiting 0', 'up 1', 'draining 1', 'closed 1'])
    await peer.close()
    expect(peer.errorCode).toBeUndefined()
  })

  it('a clean stop ends with exit code 0, and every link is closed', async () => {
    const listener = await RawListener.open({ host: '127.0.0.2', reception: finishOnFin })
    const node = await RunningNode.start(`
      listen: { host: 127.0.0.1, port: 0 }
      links:
        - { id: out, role: active,  ip: 127.0.0.2, port: ${String(listener.port)} }
        - { id: in,  role: passive, ip: 127.0.0.3 }
    `)
    await node.link('out', 'up')
    node.send('last words', { to: 'out', id: 'last' })
    await node.outcome('last')
    const { status } = await node.stop()
    expect(status).toEqual({ code: 0, signal: null })
    const peer = await listener.peer(1)
    expect(peer.texts).toEqual(['last words'])
    expect([peer.finSeen, peer.errorCode]).toEqual([true, undefined])
    expect(node.states('in')).toEqual(['awaiting 0', 'closed 0'])
  })

  it('continues to read after its FIN until the FIN of the peer', async () => {
    const node = await RunningNode.start(`
      listen: { host: 127.0.0.1, port: 0 }
      linger: 10s
      stopDeadline: 20s
      links:
        - { id: peer, role: passive, ip: 127.0.0.2 }
    `)
    const peer = await RawPeer.dial({ from: '127.0.0.2', port: node.port })
    await node.link('peer', 'up')
    node.process.kill('SIGTERM')
    await peer.fin()
    for (const number of series(0, 100)) await peer.send(numbered(number, PAYLOAD_BYTES))
    peer.finish()
    await peer.close()
    await node.ended()
    expect(peer.errorCode).toBeUndefined()
    expect(node.messages('peer').map(({ payload }) => numberOf(payload))).toEqual(series(0, 100))
  })

  it('while the peer is sending, nothing that was flushed is lost by a reset', async () => {
    const count = 100
    const node = await RunningNode.start(`
      listen: { host: 127.0.0.1, port: 0 }
      highWaterMark: 16MiB
      linger: 10s
      links:
        - { id: peer, role: passive, ip: 127.0.0.2 }
    `)
    const peer = await RawPeer.dial({ from: '127.0.0.2', port: node.port })
    await node.link('peer', 'up')
    let sending = true as boolean
    const flood = (async () => {
      while (sending && !peer.closed) {
        await peer.send(numbered(0, 4_000))
        // Paced, because every received message is a line of output that the test must read.
        await delay(1)
      }
    })()
    await node.received('peer', 20)
    sendAll(node, 'peer', series(0, count))
    await node.inputRead()
    node.process.kill('SIGTERM')
    await peer.fin()
    sending = false
    await flood
    peer.finish()
    expect(peer.payloads.map(numberOf)).toEqual(series(0, count))
    const counters = await node.ended()
    expect(peer.errorCode).toBeUndefined()
    expectLedgersHold(node, counters)
  })

  it('waits for the peer’s FIN no longer than linger', async () => {
    const node = await RunningNode.start(`
      listen: { host: 127.0.0.1, port: 0 }
      linger: 100ms
      stopDeadline: 1h
      links:
        - { id: peer, role: passive, ip: 127.0.0.2 }
    `)
    const peer = await RawPeer.dial({ from: '127.0.0.2', port: node.port })
    await node.link('peer', 'up')
    node.process.kill('SIGTERM')
    await peer.fin()
    // The peer sends nothing more, and does not close.
    const { status } = await node.ended()
    expect(status.code).toBe(0)
    expect(peer.errorCode ?? 'no error').toMatch(/no error|ECONNRESET/)
  })

  it('the link of a peer that does not read closes at the deadline, and the rest is reported', async () => {
    const node = await RunningNode.start(`
      listen: { host: 127.0.0.1, port: 0 }
      highWaterMark: 16MiB
      stopDeadline: 300ms
      links:
        - { id: stuck, role: passive, ip: 127.0.0.2 }
        - { id: free,  role: passive, ip: 127.0.0.3 }
    `)
    await RawPeer.dial({ from: '127.0.0.2', port: node.port, reading: false })
    const free = await RawPeer.dial({ from: '127.0.0.3', port: node.port })
    await node.link('stuck', 'up')
    await node.link('free', 'up')
    sendAll(node, 'stuck', series(0, 200))
    node.send('in time', { to: 'free', id: 'free' })
    await node.inputRead()
    const counters = await node.stop()
    expect(counters.status.code).toBe(1)
    expect(free.texts).toEqual(['in time'])
    const dropped = node.outcomes().filter(({ outcome }) => outcome === 'dropped')
    expect(dropped.length).toBeGreaterThan(0)
    expect(new Set(dropped.map(({ reason, link }) => `${link ?? ''}: ${reason ?? ''}`))).toEqual(
      new Set(['stuck: stopped']),
    )
    expectLedgersHold(node, counters)
    await node.process.log(({ msg }) => msg.includes('not written'))
  })

  it('a second signal ends the process immediately', async () => {
    const node = await RunningNode.start(`
      listen: { host: 127.0.0.1, port: 0 }
      highWaterMark: 16MiB
      stopDeadline: 1h
      links:
        - { id: stuck, role: passive, ip: 127.0.0.2 }
    `)
    await RawPeer.dial({ from: '127.0.0.2', port: node.port, reading: false })
    await node.link('stuck', 'up')
    sendAll(node, 'stuck', series(0, 200))
    await node.inputRead()
    node.process.kill('SIGTERM')
    await node.link('stuck', 'draining')
    // A second signal within a moment counts as the same request.
    await eventually('the end', () => {
      node.process.kill('SIGTERM')
      return node.process.hasEnded
    })
    expect((await node.process.exit()).code).toBe(1)
  })

  it('the end of stdin: everything is sent first, over links that are still dialling too', async () => {
    const port = await freePort()
    const node = await RunningNode.start(`
      reconnect: { ${QUICK} }
      links:
        - { id: out, role: active, ip: 127.0.0.2, port: ${String(port)} }
    `)
    await node.link('out', 'backoff')
    node.send('waits for its peer', { to: 'out', id: 'waits' })
    node.process.endInput()
    const listener = await RawListener.open({ host: '127.0.0.2', port, reception: finishOnFin })
    const peer = await listener.peer(1)
    await peer.fin()
    expect(peer.texts).toEqual(['waits for its peer'])
    const { status } = await node.ended()
    expect(status.code).toBe(0)
    expect(await node.outcome('waits')).toMatchObject({ outcome: 'written' })
  })

  it('the end of stdin with a message that no peer reads ends with exit code 1 after --drain', async () => {
    const node = await RunningNode.start(
      `
      listen: { host: 127.0.0.1, port: 0 }
      links:
        - { id: absent, role: passive, ip: 127.0.0.2 }
    `,
      { args: ['--drain', '100ms'] },
    )
    node.send('for nobody', { to: 'absent', id: 'left' })
    node.process.endInput()
    const { status } = await node.ended()
    expect(status.code).toBe(1)
    expect(node.outcomes()).toMatchObject([{ id: 'left', outcome: 'dropped', reason: 'stopped' }])
  })
})

describe('a restarting peer’s FIN stops new writes on a lasting link, and the queue stays for the next connection', () => {
  it('messages sent after its FIN go over the next connection only', async () => {
    const listener = await RawListener.open({ host: '127.0.0.2' })
    const node = await RunningNode.start(`
      reconnect: { ${QUICK} }
      links:
        - { id: out, role: active, ip: 127.0.0.2, port: ${String(listener.port)} }
    `)
    const first = await listener.peer(1)
    await first.send('alive')
    await node.received('out', 1)
    node.send('before', { to: 'out', id: 'before' })
    await first.received(1)
    first.finish()
    // The node has answered with FIN, so it writes nothing more to this connection.
    await first.fin()
    node.send('after', { to: 'out', id: 'after' })
    const second = await listener.peer(2)
    await second.received(1)
    expect(first.texts).toEqual(['before'])
    expect(second.texts).toEqual(['after'])
  })

  it('with a queue: each message arrives once over one of the connections, complete and in order', async () => {
    const count = 250
    const listener = await RawListener.open({ host: '127.0.0.2', reading: false })
    const node = await RunningNode.start(`
      highWaterMark: 16MiB
      reconnect: { ${QUICK} }
      links:
        - { id: out, role: active, ip: 127.0.0.2, port: ${String(listener.port)} }
    `)
    const first = await listener.peer(1)
    await first.send('alive')
    await node.received('out', 1)
    sendAll(node, 'out', series(0, count))
    await node.inputRead()
    await settledAt('written messages', () => node.outcomes().length, { looks: 5 })
    const writtenBefore = node.outcomes().length
    // A marker after the FIN would not arrive. The end of the first connection shows that the node received the FIN.
    first.finish()
    first.resumeReading()
    await first.fin()
    const second = await listener.peer(2)
    second.resumeReading()
    await node.until('every outcome', () => node.outcomes().length === count)
    await second.received(1)
    await eventually(
      'all over both',
      () => first.payloads.length + second.payloads.length >= count,
      () => `${first.state} ${second.state}`,
    )
    expect([...first.payloads, ...second.payloads].map(numberOf)).toEqual(series(0, count))
    expect([first.restBytes, second.restBytes]).toEqual([0, 0])
    expect(first.payloads.length).toBeGreaterThanOrEqual(writtenBefore)
    expect(second.payloads.length).toBeGreaterThan(0)
  })

  it('on an accepted link as well: the queue waits until that machine dials again', async () => {
    const node = await RunningNode.start(`
      listen: { host: 127.0.0.1, port: 0 }
      links:
        - { id: in, role: passive, ip: 127.0.0.2 }
    `)
    const first = await RawPeer.dial({ from: '127.0.0.2', port: node.port })
    await node.link('in', 'up')
    first.finish()
    await first.fin()
    node.send('for after the restart', { to: 'in', id: 'kept' })
    await node.link('in', 'awaiting', 1)
    const second = await RawPeer.dial({ from: '127.0.0.2', port: node.port })
    await second.received(1)
    expect(first.receivedBytes).toBe(0)
    expect(second.texts).toEqual(['for after the restart'])
  })

  it('a client in a passing slot that only asks sends FIN and still gets its reply', async () => {
    const node = await RunningNode.start(`
      listen: { host: 127.0.0.1, port: 0 }
      links:
        - { id: anyone, role: passive, ip: 0.0.0.0, slots: 2 }
    `)
    const client = await RawPeer.dial({ from: '127.0.0.5', port: node.port })
    await client.send('question')
    client.finish()
    await node.received('anyone/1', 1)
    node.send('answer', { to: { link: 'anyone/1', epoch: 1 }, id: 'answer' })
    await client.received(1)
    expect(client.texts).toEqual(['answer'])
    await client.fin()
    expect(client.errorCode).toBeUndefined()
  })
})

/** A peer that closes when we do, as most programs do. */
function finishOnFin(peer: RawPeer): void {
  peer.onFin = () => {
    peer.finish()
  }
}
