import { describe, expect, it } from 'vitest'
import { createNode } from '@commloop/core'
import { len16Codec } from '@commloop/codec-len16'
import { tcpTransport } from '@commloop/transport-tcp'
import { freePort } from '@commloop/test-support/free-port'
import { eventually } from '../peer/eventually.js'
import { RawListener } from '../peer/raw-listener.js'
import { RawPeer } from '../peer/raw-peer.js'
import { cleanUpAfterEach } from './clean-up.js'
import { RunningNode } from './running-node.js'

cleanUpAfterEach()

/** A strategy with short delays. */
const QUICK = 'use: exponential, min: 10ms, initial: 20ms, max: 50ms'

describe('a dialled connection fills its entry’s link', () => {
  it('of its entry, if one IP is in two active entries', async () => {
    const one = await RawListener.open({ host: '127.0.0.2' })
    const other = await RawListener.open({ host: '127.0.0.2' })
    const node = await RunningNode.start(`
      links:
        - { id: one,   role: active, ip: 127.0.0.2, port: ${String(one.port)} }
        - { id: other, role: active, ip: 127.0.0.2, port: ${String(other.port)} }
    `)
    expect(await node.link('one', 'up')).toMatchObject({
      epoch: 1,
      remote: `127.0.0.2:${String(one.port)}`,
    })
    await node.link('other', 'up')
    node.send('for one', { to: 'one' })
    node.send('for other', { to: 'other' })
    await (await one.peer(1)).received(1)
    await (await other.peer(1)).received(1)
    expect((await one.peer(1)).texts).toEqual(['for one'])
    expect((await other.peer(1)).texts).toEqual(['for other'])
    expect(node.states('one')).toEqual(['dialing 0', 'up 1'])
  })
})

describe('if the peer closes or fails, the link is dialled again', () => {
  it.each([
    [
      'the peer closes',
      (peer: RawPeer) => {
        peer.finish()
      },
      'peer closed',
    ],
    [
      'the peer resets',
      (peer: RawPeer) => {
        peer.reset()
      },
      'reset by peer',
    ],
  ])('%s', async (_, end, reason) => {
    const listener = await RawListener.open({ host: '127.0.0.2' })
    const node = await RunningNode.start(`
      reconnect: { ${QUICK} }
      links:
        - { id: out, role: active, ip: 127.0.0.2, port: ${String(listener.port)} }
    `)
    const first = await listener.peer(1)
    await first.send('proof of life')
    await node.received('out', 1)
    end(first)
    expect(await node.link('out', 'backoff')).toMatchObject({ reason, epoch: 1 })
    await node.link('out', 'up', 2)
    const second = await listener.peer(2)
    node.send('over the second one', { to: 'out' })
    await second.received(1)
    expect(second.texts).toEqual(['over the second one'])
    expect(node.states('out')).toEqual(['dialing 0', 'up 1', 'backoff 1', 'dialing 1', 'up 2'])
  })

  it('the peer’s process is killed and started again', async () => {
    const port = await freePort()
    const peerTable = `
      listen: { host: 127.0.0.2, port: ${String(port)} }
      links:
        - { id: in, role: passive, ip: 127.0.0.3 }
    `
    const killed = await RunningNode.start(peerTable)
    const node = await RunningNode.start(`
      bind: 127.0.0.3
      reconnect: { use: exponential, initial: 100ms, max: 200ms, maxAttempts: 0 }
      links:
        - { id: out, role: active, ip: 127.0.0.2, port: ${String(port)} }
    `)
    await node.link('out', 'up', 1)
    node.send('before', { to: 'out' })
    await killed.received('in', 1)
    killed.process.kill('SIGKILL')
    await node.link('out', 'backoff', 1)
    node.send('meanwhile', { to: 'out' })
    const started = await RunningNode.startIn(killed.folder)
    await node.link('out', 'up', 2)
    node.send('after', { to: 'out' })
    await started.received('in', 2)
    expect(started.texts('in')).toEqual(['meanwhile', 'after'])
  })
})

describe('by the ReconnectStrategy: exponential, full jitter, exactly maxAttempts dials, then exhausted', () => {
  it('the delay before each dial is between the minimum and a ceiling that doubles', async () => {
    const attempts = 8
    const [leastMs, initialMs, mostMs] = [5, 20, 320]
    const port = await freePort()
    const node = await RunningNode.start(`
      reconnect: { use: exponential, min: 5ms, initial: 20ms, max: 320ms, maxAttempts: ${String(attempts)} }
      links:
        - { id: a, role: active, ip: 127.0.0.2, port: ${String(port)} }
        - { id: b, role: active, ip: 127.0.0.2, port: ${String(port)} }
    `)
    await node.link('a', 'exhausted')
    await node.link('b', 'exhausted')
    const shares: number[] = []
    for (const link of ['a', 'b']) {
      const delays = node.linkEvents(link).filter(({ state }) => state === 'backoff')
      expect(delays.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4, 5, 6, 7])
      for (const { attempt = 0, delayMs = -1 } of delays) {
        // The wait before dial n, which begins when the previous dial has failed.
        const ceilingMs = Math.min(mostMs, initialMs * 2 ** attempt)
        expect(delayMs).toBeGreaterThanOrEqual(leastMs)
        expect(delayMs).toBeLessThanOrEqual(ceilingMs)
        shares.push(delayMs / ceilingMs)
      }
    }
    // Full jitter: drawn from the whole range, so that two links that lost the same peer spread their dials.
    expect(new Set(shares).size).toBeGreaterThan(7)
    expect(Math.max(...shares) - Math.min(...shares)).toBeGreaterThan(0.25)
  })

  it('without jitter the delays are the ceilings themselves', async () => {
    const port = await freePort()
    const node = await RunningNode.start(`
      reconnect: { use: exponential, min: 1ms, initial: 10ms, max: 100ms, factor: 3, jitter: none, maxAttempts: 5 }
      links:
        - { id: out, role: active, ip: 127.0.0.2, port: ${String(port)} }
    `)
    await node.link('out', 'exhausted')
    const delays = node.linkEvents('out').flatMap(({ delayMs }) => delayMs ?? [])
    expect(delays).toEqual([30, 90, 100, 100])
  })

  it('an absent peer is dialled exactly maxAttempts times; then the link is exhausted, with the reason', async () => {
    const port = await freePort()
    const node = await RunningNode.start(`
      reconnect: { ${QUICK}, maxAttempts: 4 }
      links:
        - { id: out, role: active, ip: 127.0.0.2, port: ${String(port)} }
    `)
    const exhausted = await node.link('out', 'exhausted')
    expect(exhausted).toMatchObject({ attempt: 4, epoch: 0 })
    expect(exhausted.reason).toContain('ECONNREFUSED')
    const dials = node.linkEvents('out').filter(({ state }) => state === 'dialing')
    expect(dials.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4])
    const line = await node.process.log(({ state }) => state === 'exhausted')
    expect(line).toMatchObject({ level: 'warn', link: 'out' })
  })
})

describe('exhausted is re-armed', () => {
  it('after rearmAfter: a whole new round of maxAttempts dials', async () => {
    const listener = await RawListener.open({ host: '127.0.0.2', reception: 'hang up' })
    const node = await RunningNode.start(`
      reconnect: { ${QUICK}, maxAttempts: 3 }
      rearmAfter: 300ms
      links:
        - { id: out, role: active, ip: 127.0.0.2, port: ${String(listener.port)} }
    `)
    const dialsOf = (): (number | undefined)[] =>
      node.linkEvents('out').flatMap(({ state, attempt }) => (state === 'dialing' ? [attempt] : []))
    await node.until('a third round', () => dialsOf().length > 6)
    expect(dialsOf().slice(0, 7)).toEqual([1, 2, 3, 1, 2, 3, 1])
    const exhaustedAfter = node
      .linkEvents('out')
      .flatMap(({ state, attempt }) => (state === 'exhausted' ? [attempt] : []))
    expect(new Set(exhaustedAfter)).toEqual(new Set([3]))
  })

  it('when that peer connects to us', async () => {
    const port = await freePort()
    const node = await RunningNode.start(`
      listen: { host: 127.0.0.1, port: 0 }
      reconnect: { ${QUICK}, maxAttempts: 2 }
      rearmAfter: 0
      links:
        - { id: in,    role: passive, ip: 127.0.0.2 }
        - { id: out,   role: active,  ip: 127.0.0.2, port: ${String(port)} }
        - { id: other, role: active,  ip: 127.0.0.3, port: ${String(port)} }
    `)
    await node.link('out', 'exhausted')
    await node.link('other', 'exhausted')
    const listener = await RawListener.open({ host: '127.0.0.2', port })
    node.send('kept', { to: 'out' })
    await RawPeer.dial({ from: '127.0.0.2', port: node.port })
    await node.link('out', 'up')
    const peer = await listener.peer(1)
    await peer.received(1)
    expect(peer.texts).toEqual(['kept'])
    const dials = node.linkEvents('out').filter(({ state }) => state === 'dialing')
    expect(dials.map(({ attempt }) => attempt)).toEqual([1, 2, 1])
    expect(node.states('other').at(-1)).toBe('exhausted 0')
  })

  it('by dial, with real sockets through the library, as no command says it yet', async () => {
    const port = await freePort()
    const node = createNode(
      {
        rearmAfter: 0,
        links: [{ id: 'out', role: 'active', ip: '127.0.0.2', port }],
        reconnect: {
          spec: 'twice',
          value: { delayMs: (attempt) => (attempt > 2 ? undefined : 10) },
        },
      },
      tcpTransport(),
      len16Codec(),
    )
    await node.start()
    try {
      const out = node.link('out')
      await eventually('exhausted', () => out.state === 'exhausted')
      expect(out.counters.dials).toBe(2)
      const listener = await RawListener.open({ host: '127.0.0.2', port })
      expect(out.dial()).toBe(true)
      await eventually('up', () => out.state === 'up')
      expect(out.counters.dials).toBe(3)
      expect(listener.connections).toBe(1)
    } finally {
      await node.stop()
    }
  })
})

describe('attempts are reset on proof of life only', () => {
  it('a peer that accepts and closes immediately uses up attempts, and receives nothing of the queue', async () => {
    const attempts = 6
    const listener = await RawListener.open({ host: '127.0.0.2', reception: 'hang up' })
    const node = await RunningNode.start(`
      reconnect: { ${QUICK}, maxAttempts: ${String(attempts)} }
      probation: 30s
      rearmAfter: 0
      listen: { host: 127.0.0.1, port: 0 }
      links:
        - { id: out, role: active,  ip: 127.0.0.2, port: ${String(listener.port)} }
        - { id: in,  role: passive, ip: 127.0.0.2 }
    `)
    await node.link('out', 'backoff', 1)
    const texts = Array.from({ length: 50 }, (_, at) => `waiting ${String(at)}`)
    for (const text of texts) node.send(text, { to: 'out', id: text })

    expect(await node.link('out', 'exhausted')).toMatchObject({ attempt: attempts })
    expect(listener.connections).toBe(attempts)
    await eventually('the ends', () => listener.peers.every((peer) => peer.finSeen || peer.closed))
    expect(listener.peers.map((peer) => peer.receivedBytes)).toEqual(
      Array.from({ length: attempts }, () => 0),
    )
    // Only the first connection counted as stable.
    expect(node.linkEvents('out').filter(({ state }) => state === 'up')).toHaveLength(1)
    expect(node.outcomes()).toEqual([])

    listener.reception = 'keep'
    await RawPeer.dial({ from: '127.0.0.2', port: node.port })
    await node.until('all written', () => node.outcomes().length === texts.length)
    const good = await listener.peer(attempts + 1)
    await good.received(texts.length)
    expect(good.texts).toEqual(texts)
  })

  it('one frame is proof: a peer that sends a frame and closes is dialled without a limit', async () => {
    const attempts = 3
    const listener = await RawListener.open({
      host: '127.0.0.2',
      reception: (peer) => {
        void peer.send('a word')
        peer.finish()
      },
    })
    const node = await RunningNode.start(`
      reconnect: { ${QUICK}, maxAttempts: ${String(attempts)} }
      links:
        - { id: out, role: active, ip: 127.0.0.2, port: ${String(listener.port)} }
    `)
    await listener.peer(3 * attempts + 1)
    expect(node.states('out')).not.toContain('exhausted')
    const dials = node.linkEvents('out').filter(({ state }) => state === 'dialing')
    expect(new Set(dials.map(({ attempt }) => attempt))).toEqual(new Set([1]))
  })

  it('being up for stableAfter is proof, without a frame', async () => {
    const attempts = 2
    const listener = await RawListener.open({ host: '127.0.0.2' })
    const node = await RunningNode.start(`
      reconnect: { ${QUICK}, maxAttempts: ${String(attempts)} }
      stableAfter: 100ms
      listen: { host: 127.0.0.1, port: 0 }
      links:
        - { id: out,    role: active,  ip: 127.0.0.2, port: ${String(listener.port)} }
        - { id: absent, role: passive, ip: 127.0.0.3 }
    `)
    for (let number = 1; number <= 3 * attempts; number++) {
      const peer = await listener.peer(number)
      await node.link('out', 'up', number)
      // The node's own clock decides when the time has passed.
      node.send('', { to: 'absent', id: `clock ${String(number)}`, ttl: '200ms' })
      expect(await node.outcome(`clock ${String(number)}`)).toMatchObject({ outcome: 'expired' })
      peer.finish()
    }
    await node.link('out', 'up', 3 * attempts + 1)
    const attemptsSeen = node
      .linkEvents('out')
      .flatMap(({ state, attempt }) => (state === 'dialing' ? [attempt] : []))
    expect(new Set(attemptsSeen)).toEqual(new Set([1]))
  })

  it('on probation a frame of the peer releases the queue before the time is over', async () => {
    const listener = await RawListener.open({ host: '127.0.0.2', reception: 'hang up' })
    const node = await RunningNode.start(`
      reconnect: { ${QUICK} }
      probation: 1h
      links:
        - { id: out, role: active, ip: 127.0.0.2, port: ${String(listener.port)} }
    `)
    await node.link('out', 'backoff', 1)
    listener.reception = 'keep'
    node.send('waiting', { to: 'out' })
    const held = await eventually('a connection that is kept', () =>
      listener.peers.find((peer) => !peer.finSeen && !peer.closed),
    )
    expect(held.receivedBytes).toBe(0)
    await held.send('hello')
    await held.received(1)
    expect(held.texts).toEqual(['waiting'])
    await node.link('out', 'up', 2)
  })
})
