import { networkInterfaces } from 'node:os'
import { describe, expect, it } from 'vitest'
import { eventually } from '../peer/eventually.js'
import { numbered } from '../peer/payloads.js'
import { rawFrame } from '../peer/raw-frames.js'
import { RawPeer } from '../peer/raw-peer.js'
import { cleanUpAfterEach } from './clean-up.js'
import { RunningNode } from './running-node.js'

cleanUpAfterEach()

const hasIpv6 = Object.values(networkInterfaces())
  .flat()
  .some((address) => address?.address === '::1')
if (!hasIpv6) console.warn('SKIPPED: no IPv6 here, so nothing can come over a listener at "::"')

describe('accepted connections are matched by remote IP to a passive entry with a free slot', () => {
  it('fills the entry of that IP, and the link becomes up', async () => {
    const node = await RunningNode.start(`
      listen: { host: 127.0.0.1, port: 0 }
      links:
        - { id: two,   role: passive, ip: 127.0.0.2 }
        - { id: three, role: passive, ip: 127.0.0.3 }
    `)
    expect(node.states('three')).toEqual(['awaiting 0'])
    const peer = await RawPeer.dial({ from: '127.0.0.3', port: node.port })
    expect(await node.link('three', 'up')).toMatchObject({
      epoch: 1,
      remote: `127.0.0.3:${String(peer.localPort)}`,
    })
    expect(node.states('two')).toEqual(['awaiting 0'])
  })

  it('fills the first free slot in the order of the table, and a slot that became free', async () => {
    const node = await RunningNode.start(`
      listen: { host: 127.0.0.1, port: 0 }
      links:
        - { id: cell, role: passive, ip: 127.0.0.2, slots: 2 }
        - { id: more, role: passive, ip: 127.0.0.2 }
    `)
    const dial = (): Promise<RawPeer> => RawPeer.dial({ from: '127.0.0.2', port: node.port })
    const first = await dial()
    await node.link('cell/1', 'up')
    await dial()
    await node.link('cell/2', 'up')
    await dial()
    await node.link('more', 'up')
    first.reset()
    await node.link('cell/1', 'awaiting', 1)
    await dial()
    await node.link('cell/1', 'up', 2)
  })

  it('holds a second connection of a full entry until the present one shows life, and then refuses it', async () => {
    const node = await RunningNode.start(`
      listen: { host: 127.0.0.1, port: 0 }
      links:
        - { id: two, role: passive, ip: 127.0.0.2 }
    `)
    const present = await RawPeer.dial({ from: '127.0.0.2', port: node.port })
    await node.link('two', 'up')
    const newcomer = await RawPeer.dial({ from: '127.0.0.2', port: node.port })
    await newcomer.send('from the newcomer')
    await eventually('the verdict', () => {
      void present.send('still here')
      return newcomer.closed
    })
    expect(newcomer.errorCode).toBe('ECONNRESET')
    expect(await node.rejected(() => true)).toMatchObject({ reason: 'full' })
    expect(node.states('two')).toEqual(['awaiting 0', 'up 1'])
    expect(new Set(node.texts())).toEqual(new Set(['still here']))
  })

  it('replaces a connection that shows no life by a new one from the same IP', async () => {
    const node = await RunningNode.start(`
      listen: { host: 127.0.0.1, port: 0 }
      links:
        - { id: two, role: passive, ip: 127.0.0.2 }
    `)
    const dead = await RawPeer.dial({ from: '127.0.0.2', port: node.port })
    await node.link('two', 'up')
    const restarted = await RawPeer.dial({ from: '127.0.0.2', port: node.port })
    await restarted.send('rebooted')
    await node.link('two', 'up', 2)
    await node.received('two', 1)
    expect(node.messages('two')).toMatchObject([{ epoch: 2 }])
    expect(node.linkEvents('two')).toMatchObject([
      { state: 'awaiting' },
      { state: 'up', epoch: 1 },
      { state: 'awaiting', reason: 'replaced' },
      { state: 'up', epoch: 2 },
    ])
    await dead.close()
  })
})

describe('the connection of a stranger is reset immediately, and not read', () => {
  it('resets it even if it has sent data, and logs its address and the reason', async () => {
    const node = await RunningNode.start(`
      listen: { host: 127.0.0.1, port: 0 }
      links:
        - { id: two, role: passive, ip: 127.0.0.2 }
    `)
    const stranger = RawPeer.dialing({ from: '127.0.0.9', port: node.port })
    void stranger.send('let me in')
    await stranger.close()
    expect(stranger.errorCode).toMatch(/ECONNRESET|EPIPE/)
    expect(stranger.receivedBytes).toBe(0)
    const rejected = await node.rejected(() => true)
    expect(rejected).toMatchObject({ reason: 'not in the table', count: 1 })
    expect(rejected['remote']).toMatch(/^127\.0\.0\.9:\d+$/)

    const friend = await RawPeer.dial({ from: '127.0.0.2', port: node.port })
    await friend.send('friend')
    await node.received('two', 1)
    expect(node.texts()).toEqual(['friend'])
  })

  it('does not read one byte from its socket', async () => {
    const strangers = 40
    const bytesEach = 64 * 1024
    const node = await RunningNode.start(`
      listen: { host: 127.0.0.1, port: 0 }
      links:
        - { id: two, role: passive, ip: 127.0.0.2 }
    `)
    const friend = await RawPeer.dial({ from: '127.0.0.2', port: node.port })
    await node.link('two', 'up')
    await friend.send('so that everything is loaded')
    await node.received('two', 1)

    // Stopped, so that all their bytes are in the kernel when the node accepts the connections.
    const before = node.readBytes
    node.process.kill('SIGSTOP')
    const callers = await Promise.all(
      Array.from({ length: strangers }, () =>
        RawPeer.dial({ from: '127.0.0.9', port: node.port, reading: false }),
      ),
    )
    await Promise.all(callers.map((caller) => caller.write(Buffer.alloc(bytesEach))))
    node.process.kill('SIGCONT')
    for (const caller of callers) caller.resumeReading()
    await Promise.all(callers.map((caller) => caller.close()))
    await friend.send('still served')
    await node.received('two', 2)
    expect(node.readBytes - before).toBeLessThan(bytesEach)

    const { rejected } = await node.stop()
    expect(rejected).toEqual({ 'not in the table': strangers })
  })

  it('reports if the IP is only in active entries', async () => {
    const node = await RunningNode.start(`
      listen: { host: 127.0.0.1, port: 0 }
      links:
        - { id: two,   role: passive, ip: 127.0.0.2 }
        - { id: three, role: active,  ip: 127.0.0.3, port: 9 }
    `)
    const caller = await RawPeer.dial({ from: '127.0.0.3', port: node.port })
    await caller.close()
    expect(await node.rejected(() => true)).toMatchObject({ reason: 'only in active entries' })
  })
})

describe('only the most specific match counts', () => {
  it('a peer whose own entry is full does not take a slot of a range or of an entry for any address', async () => {
    const node = await RunningNode.start(`
      listen: { host: 127.0.0.1, port: 0 }
      links:
        - { id: anyone, role: passive, ip: 0.0.0.0, slots: 2 }
        - { id: range,  role: passive, ip: 127.0.0.0/24, slots: 2 }
        - { id: exact,  role: passive, ip: 127.0.0.2, duplicate: reject }
    `)
    await RawPeer.dial({ from: '127.0.0.2', port: node.port })
    await node.link('exact', 'up')
    const second = await RawPeer.dial({ from: '127.0.0.2', port: node.port })
    await second.close()
    expect(await node.rejected(() => true)).toMatchObject({ reason: 'full' })
    expect(node.states('range/1')).toEqual(['awaiting 0'])
    expect(node.states('anyone/1')).toEqual(['awaiting 0'])
  })

  it('the narrower of two ranges counts, even if it is full', async () => {
    const node = await RunningNode.start(`
      listen: { host: 127.0.0.1, port: 0 }
      links:
        - { id: anyone, role: passive, ip: 0.0.0.0 }
        - { id: wide,   role: passive, ip: 127.0.0.0/16 }
        - { id: narrow, role: passive, ip: 127.0.7.0/24 }
    `)
    await RawPeer.dial({ from: '127.0.7.1', port: node.port })
    await node.link('narrow', 'up')
    const second = await RawPeer.dial({ from: '127.0.7.2', port: node.port })
    await second.close()
    expect(await node.rejected(() => true)).toMatchObject({ reason: 'full' })
    await RawPeer.dial({ from: '127.0.8.1', port: node.port })
    await node.link('wide', 'up')
    await RawPeer.dial({ from: '127.9.0.1', port: node.port })
    await node.link('anyone', 'up')
    expect(node.states('narrow')).toEqual(['awaiting 0', 'up 1'])
  })
})

describe('the next peer in a slot never inherits a queue', () => {
  // More than the two kernels buffer for a peer that does not read.
  const messages = 240
  const payloadBytes = 60_000

  it.each([
    ['of several slots', '{ id: cell, role: passive, ip: 127.0.0.2, slots: 2 }', 'cell/1'],
    ['of a CIDR entry', '{ id: cell, role: passive, ip: 127.0.0.0/24 }', 'cell'],
    ['of an anyone entry', '{ id: cell, role: passive, ip: 0.0.0.0 }', 'cell'],
  ])('%s', async (_, entry, link) => {
    const node = await RunningNode.start(`
      listen: { host: 127.0.0.1, port: 0 }
      outbox: 32MiB
      highWaterMark: 32MiB
      links:
        - ${entry}
    `)
    const first = await RawPeer.dial({ from: '127.0.0.2', port: node.port, reading: false })
    await node.link(link, 'up', 1)
    for (let number = 0; number < messages; number++) {
      node.send(numbered(number, payloadBytes), { to: link, id: `first ${String(number)}` })
    }
    await node.outcome('first 0')
    // The node has read the next line of input, so it has accepted all lines before it.
    node.send('', { to: 'nobody', id: 'marker' })
    await node.error(({ id }) => id === 'marker')
    first.reset()
    await node.link(link, 'awaiting', 1)

    const next = await RawPeer.dial({ from: '127.0.0.2', port: node.port })
    await node.link(link, 'up', 2)
    node.send('for the next one', { to: link, id: 'next' })
    await node.outcome('next')
    await next.received(1)
    expect(next.texts).toEqual(['for the next one'])
    expect(next.restBytes).toBe(0)

    const outcomes = node.outcomes().filter(({ id }) => id?.startsWith('first') === true)
    expect(outcomes).toHaveLength(messages)
    const dropped = outcomes.filter(({ outcome }) => outcome === 'dropped')
    expect(dropped.length).toBeGreaterThan(0)
    expect(new Set(dropped.map(({ reason }) => reason))).toEqual(new Set(['peer gone']))
    expect(outcomes.filter(({ outcome }) => outcome === 'written')).toHaveLength(
      messages - dropped.length,
    )
  })

  it('refuses messages while the slot is empty', async () => {
    const node = await RunningNode.start(`
      listen: { host: 127.0.0.1, port: 0 }
      links:
        - { id: cell, role: passive, ip: 127.0.0.0/24 }
    `)
    node.send('for whoever comes', { to: 'cell', id: 'early' })
    expect(await node.error(({ id }) => id === 'early')).toMatchObject({
      code: 'CML_ERR_LINK_DOWN',
      line: 1,
    })
  })
})

describe('IPv4-mapped IPv6 addresses count as IPv4 addresses', () => {
  it.runIf(hasIpv6)('matches an IPv4 entry on a listener for both families', async () => {
    const node = await RunningNode.start(`
      listen: { host: '::', port: 0 }
      links:
        - { id: two,  role: passive, ip: 127.0.0.2 }
        - { id: loop, role: passive, ip: '::1' }
    `)
    const peer = await RawPeer.dial({ from: '127.0.0.2', port: node.port })
    expect((await node.link('two', 'up')).remote).toContain('127.0.0.2')
    await peer.send('over IPv4')
    await node.received('two', 1)
    const six = await RawPeer.dial({ host: '::1', port: node.port })
    await node.link('loop', 'up')
    await six.send('over IPv6')
    await node.received('loop', 1)
    const stranger = await RawPeer.dial({ from: '127.0.0.3', port: node.port })
    await stranger.close()
    expect(await node.rejected(() => true)).toMatchObject({ reason: 'not in the table' })
  })

  it('matches an entry that is written as the mapped form', async () => {
    const node = await RunningNode.start(`
      listen: { host: 127.0.0.1, port: 0 }
      links:
        - { id: two, role: passive, ip: '::ffff:127.0.0.2' }
    `)
    await RawPeer.dial({ from: '127.0.0.2', port: node.port })
    await node.link('two', 'up')
  })

  it.runIf(hasIpv6)('0.0.0.0 matches any address of both families', async () => {
    const node = await RunningNode.start(`
      listen: { host: '::', port: 0 }
      links:
        - { id: anyone, role: passive, ip: 0.0.0.0, slots: 2 }
    `)
    await RawPeer.dial({ host: '::1', port: node.port })
    await node.link('anyone/1', 'up')
    await RawPeer.dial({ from: '127.0.0.2', port: node.port })
    await node.link('anyone/2', 'up')
  })
})

describe('an unknown remote address is refused', () => {
  it('even by an entry for any address: a peer that has reset before it was accepted fills no slot', async () => {
    const node = await RunningNode.start(`
      listen: { host: 127.0.0.1, port: 0 }
      links:
        - { id: anyone, role: passive, ip: 0.0.0.0, slots: 8 }
    `)
    // While the process is stopped, the kernel completes the connections and receives their resets.
    node.process.kill('SIGSTOP')
    const callers = await Promise.all(
      [1, 2, 3].map(() => RawPeer.dial({ from: '127.0.0.2', port: node.port })),
    )
    await Promise.all(callers.map((caller) => caller.write(rawFrame('and gone'))))
    for (const caller of callers) caller.reset()
    await Promise.all(callers.map((caller) => caller.close()))
    const living = await RawPeer.dial({ from: '127.0.0.3', port: node.port })
    node.process.kill('SIGCONT')

    expect(await node.rejected(() => true)).toMatchObject({ reason: 'address unknown' })
    const up = await node.link('anyone/1', 'up')
    expect(up.remote).toBe(`127.0.0.3:${String(living.localPort)}`)
    await living.send('alive')
    await node.received('anyone/1', 1)
    expect(node.texts()).toEqual(['alive'])
    const { rejected } = await node.stop()
    expect(rejected).toEqual({ 'address unknown': 3 })
  })
})
