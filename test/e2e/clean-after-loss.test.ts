import { describe, expect, it } from 'vitest'
import { numbered } from '../peer/payloads.js'
import { RawListener } from '../peer/raw-listener.js'
import { rawFrame } from '../peer/raw-frames.js'
import { RawPeer } from '../peer/raw-peer.js'
import { cleanUpAfterEach } from './clean-up.js'
import { RunningNode } from './running-node.js'

cleanUpAfterEach()

const QUICK = 'use: exponential, min: 10ms, initial: 20ms, max: 50ms, maxAttempts: 0'

describe('a lost link shows it (state, reason, epoch)', () => {
  it('a dialled one: backoff with the reason and the number of its connection', async () => {
    const listener = await RawListener.open({ host: '127.0.0.2' })
    const node = await RunningNode.start(`
      reconnect: { ${QUICK} }
      links:
        - { id: out, role: active, ip: 127.0.0.2, port: ${String(listener.port)} }
    `)
    for (let number = 1; number <= 3; number++) {
      await node.link('out', 'up', number)
      const peer = await listener.peer(number)
      await peer.send(`in epoch ${String(number)}`)
      await node.received('out', number)
      peer.reset()
      const lost = await node.link('out', 'backoff', number)
      expect(lost.reason).toBe('reset by peer')
      expect(lost.delayMs).toBeGreaterThanOrEqual(0)
    }
    expect(node.messages('out').map(({ epoch }) => epoch)).toEqual([1, 2, 3])
  })

  it('an accepted one: awaiting again, with the reason, and the next epoch is one higher', async () => {
    const node = await RunningNode.start(`
      listen: { host: 127.0.0.1, port: 0 }
      links:
        - { id: in, role: passive, ip: 127.0.0.2 }
    `)
    const first = await RawPeer.dial({ from: '127.0.0.2', port: node.port })
    await node.link('in', 'up', 1)
    first.finish()
    expect(await node.link('in', 'awaiting', 1)).toMatchObject({ reason: 'peer closed' })
    const second = await RawPeer.dial({ from: '127.0.0.2', port: node.port })
    await node.link('in', 'up', 2)
    second.reset()
    await node.until('the second loss', () => node.states('in').at(-1) === 'awaiting 2')
    expect(node.linkEvents('in').at(-1)).toMatchObject({ reason: 'reset by peer' })
  })

  it('the last frames of a connection that ends with FIN come before the loss', async () => {
    const node = await RunningNode.start(`
      listen: { host: 127.0.0.1, port: 0 }
      links:
        - { id: in, role: passive, ip: 127.0.0.2 }
    `)
    const peer = await RawPeer.dial({ from: '127.0.0.2', port: node.port })
    await peer.send(...Array.from({ length: 500 }, (_, number) => numbered(number, 1000)))
    peer.finish()
    await node.link('in', 'awaiting', 1)
    const types = node.events
      .filter(({ type }) => type === 'link' || type === 'message')
      .map(({ type, state }) => (type === 'link' ? state : type))
    expect(types).toEqual([
      'awaiting',
      'up',
      ...Array.from({ length: 500 }, () => 'message'),
      'awaiting',
    ])
  })
})

describe('its next connection starts clean: no byte of an old half frame survives', () => {
  const frame = rawFrame('the frame that is never whole')

  it.each([
    [
      'FIN',
      (peer: RawPeer) => {
        peer.finish()
      },
    ],
    [
      'RST',
      (peer: RawPeer) => {
        peer.reset()
      },
    ],
  ])('on a passive link, whichever byte it was cut at by %s', async (_, end) => {
    const node = await RunningNode.start(`
      listen: { host: 127.0.0.1, port: 0 }
      links:
        - { id: in,     role: passive, ip: 127.0.0.2 }
        - { id: marker, role: passive, ip: 127.0.0.3 }
    `)
    const marker = await RawPeer.dial({ from: '127.0.0.3', port: node.port })
    const cuts = [1, 2, 3, frame.length - 1]
    for (const [at, cut] of cuts.entries()) {
      const epoch = at + 1
      const peer = await RawPeer.dial({ from: '127.0.0.2', port: node.port })
      await node.link('in', 'up', epoch)
      await peer.send(`whole ${String(epoch)}`)
      await peer.write(frame.subarray(0, cut))
      // A message over another connection shows that the node has read the half frame.
      await marker.send('read')
      await node.received('marker', epoch)
      end(peer)
      await node.until('the loss', () => node.states('in').at(-1) === `awaiting ${String(epoch)}`)
    }
    expect(node.messages('in').map(({ epoch, payload }) => [epoch, payload.toString()])).toEqual(
      cuts.map((_cut, at) => [at + 1, `whole ${String(at + 1)}`]),
    )
  })

  it('on an active link, and a cut stream is named as the reason', async () => {
    const listener = await RawListener.open({
      host: '127.0.0.2',
      reception: (peer, number) => {
        void peer.send(`whole ${String(number)}`)
        if (number > 4) return
        void peer.write(frame.subarray(0, [1, 2, 3, frame.length - 1][number - 1]))
        peer.finish()
      },
    })
    const node = await RunningNode.start(`
      reconnect: { ${QUICK} }
      links:
        - { id: out, role: active, ip: 127.0.0.2, port: ${String(listener.port)} }
    `)
    await node.received('out', 5)
    expect(node.messages('out').map(({ epoch, payload }) => [epoch, payload.toString()])).toEqual(
      [1, 2, 3, 4, 5].map((number) => [number, `whole ${String(number)}`]),
    )
    const reasons = node
      .linkEvents('out')
      .flatMap(({ state, reason }) => (state === 'backoff' ? [reason] : []))
    expect(reasons).toHaveLength(4)
    for (const reason of reasons) expect(reason).toContain('into a frame')
  })

  it('nor of our own: the next connection starts with a complete frame', async () => {
    const listener = await RawListener.open({ host: '127.0.0.2', reading: false })
    const node = await RunningNode.start(`
      outbox: 64MiB
      highWaterMark: 64MiB
      reconnect: { ${QUICK} }
      links:
        - { id: out, role: active, ip: 127.0.0.2, port: ${String(listener.port)} }
    `)
    const first = await listener.peer(1)
    const count = 250
    for (let number = 0; number < count; number++) {
      node.send(numbered(number, 65_000), { to: 'out', id: String(number) })
    }
    node.send('', { to: 'nobody', id: 'all accepted' })
    await node.error(({ id }) => id === 'all accepted')
    first.reset()
    const second = await listener.peer(2)
    second.resumeReading()
    await node.outcome(String(count - 1))
    await second.received(1)
    await node.until(
      'every frame',
      () => second.restBytes === 0 && lastNumber(second) === count - 1,
    )
    for (const payload of second.payloads) {
      expect(payload.equals(numbered(payload.readUInt32BE(), 65_000))).toBe(true)
    }
  })

  it('a half frame that is never completed costs its connection, after partialFrame', async () => {
    const node = await RunningNode.start(`
      listen: { host: 127.0.0.1, port: 0 }
      partialFrame: 200ms
      links:
        - { id: in, role: passive, ip: 127.0.0.2 }
    `)
    const slow = await RawPeer.dial({ from: '127.0.0.2', port: node.port })
    await slow.write(frame.subarray(0, 5))
    expect(await node.link('in', 'awaiting', 1)).toMatchObject({ reason: 'partial frame' })
    const next = await RawPeer.dial({ from: '127.0.0.2', port: node.port })
    await next.send('clean')
    await node.received('in', 1)
    expect(node.texts()).toEqual(['clean'])
  })
})

function lastNumber(peer: RawPeer): number {
  return peer.payloads.at(-1)?.readUInt32BE() ?? -1
}
