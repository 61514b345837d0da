import { Server } from 'node:net'
import { networkInterfaces } from 'node:os'
import { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Transport } from '@commloop/core'
import { ConnectionBudget } from '../src/connection-budget.js'
import { TcpTransport } from '../src/index.js'
import { TcpListener } from '../src/tcp-listener.js'
import { tcpSettings } from '../src/tcp-options.js'
import { TestListener } from './test-listener.js'
import { hasKeepAliveTimer } from './kernel-timer.js'
import { Loopback, type Peer } from './loopback.js'
import { turns, until } from './until.js'

let loopback: Loopback
beforeEach(() => {
  loopback = new Loopback()
})
afterEach(async () => {
  vi.restoreAllMocks()
  await loopback.clear()
})

async function reset(peer: Peer): Promise<void> {
  peer.socket.resume()
  await until('reset', () => peer.closed)
  expect(peer.error?.code).toBe('ECONNRESET')
}

describe('a listener', () => {
  it('reports its address, calls admit, then passes the connection', async () => {
    const listener = await TestListener.open(loopback)
    expect(listener.at.ip).toBe('127.0.0.1')
    expect(listener.at.port).toBeGreaterThan(0)
    const peer = loopback.call(listener.at, '127.0.0.2')
    await until('accepted', () => listener.taken.length === 1)
    const remote = { ip: '127.0.0.2', port: peer.port }
    expect(listener.asked).toEqual([remote])
    expect(listener.taken[0]?.connection.peer).toEqual({
      local: listener.at,
      remote,
      identities: [],
    })
    expect(listener.calls).toEqual(['listening', 'admit', 'accepted'])
  })

  it('resets a connection that is not admitted, without reading', async () => {
    const listener = await TestListener.open(loopback)
    listener.admits = () => false
    const peer = loopback.call(listener.at)
    peer.socket.write('let me in')
    await reset(peer)
    expect(listener.calls).toEqual(['listening', 'admit'])
    expect(peer.receivedBytes).toBe(0)
  })

  it('destroys a connection that accepted rejects, and releases it', async () => {
    const listener = await TestListener.open(loopback)
    listener.takes = () => false
    const peer = loopback.call(listener.at)
    await reset(peer)
    expect(listener.calls).toEqual(['listening', 'admit', 'accepted'])
    expect(listener.taken[0]?.calls).toEqual([])
  })

  it('allows using the connection inside accepted', async () => {
    const listener = await TestListener.open(loopback)
    listener.takes = ({ connection }) => {
      connection.write([Buffer.from('welcome')])
      connection.setReading(true)
      connection.end()
      return true
    }
    const peer = loopback.call(listener.at)
    peer.socket.resume()
    peer.socket.end('thanks')
    await until('closed', () => listener.taken[0]?.reason !== undefined)
    expect(peer.content.toString()).toBe('welcome')
    expect(listener.taken[0]?.content.toString()).toBe('thanks')
  })

  it('calls only admit for a peer that closed before it was accepted', async () => {
    const listener = await TestListener.open(loopback)
    // Another thread connects and resets while this one is blocked.
    const done = new Int32Array(new SharedArrayBuffer(4))
    const script = `
      const { port, done } = require('node:worker_threads').workerData
      const socket = require('node:net').connect(port, '127.0.0.1', () => socket.resetAndDestroy())
      socket.on('close', () => { Atomics.store(done, 0, 1); Atomics.notify(done, 0) })
    `
    const worker = new Worker(script, { eval: true, workerData: { port: listener.at.port, done } })
    expect(Atomics.wait(done, 0, 0, 5000)).toBe('ok')
    await until('asked', () => listener.asked.length === 1)
    await turns(5)
    expect(listener.asked).toEqual([undefined])
    expect(listener.calls).toEqual(['listening', 'admit'])
    await worker.terminate()
    // The listener still accepts connections.
    loopback.call(listener.at)
    await until('accepted', () => listener.taken.length === 1)
  })

  it('on all addresses, reports the local address of each connection', async () => {
    const listener = await TestListener.open(loopback, { ip: '0.0.0.0' })
    const { port } = listener.at
    for (const ip of ['127.0.0.2', '127.0.0.3']) loopback.call({ ip, port }, '127.0.0.1')
    await until('accepted', () => listener.taken.length === 2)
    const locals = listener.taken.map(({ connection }) => connection.peer.local)
    expect(new Set(locals.map(({ ip }) => ip))).toEqual(new Set(['127.0.0.2', '127.0.0.3']))
    expect(locals.map((local) => local.port)).toEqual([port, port])
  })

  const hasIpv6 = (networkInterfaces()['lo'] ?? []).some(({ address }) => address === '::1')
  it.skipIf(!hasIpv6)('on both families, reports addresses as the system does', async () => {
    const listener = await TestListener.open(loopback, { ip: '::' })
    loopback.call({ ip: '127.0.0.1', port: listener.at.port })
    await until('IPv4 accepted', () => listener.taken.length === 1)
    loopback.call({ ip: '::1', port: listener.at.port }, '::1')
    await until('IPv6 accepted', () => listener.taken.length === 2)
    expect(listener.asked.map((address) => address?.ip)).toEqual(['::ffff:127.0.0.1', '::1'])
  })

  it.runIf(process.platform === 'linux')('turns keep-alive on, unless it is off', async () => {
    const timers: boolean[] = []
    for (const keepAlive of ['10s', 'off']) {
      const listener = new TestListener(loopback, {}, new TcpTransport({ keepAlive }))
      await until('listening', () => listener.at !== undefined)
      loopback.call(listener.at ?? { ip: '', port: 0 })
      await until('accepted', () => listener.taken.length === 1)
      timers.push(hasKeepAliveTimer(listener.at?.port ?? 0))
    }
    expect(timers).toEqual([true, false])
  })

  it('passes its backlog to the system', async () => {
    const listen = vi.spyOn(Server.prototype, 'listen')
    const listener = new TestListener(loopback, {}, new TcpTransport({ backlog: 7 }))
    await until('listening', () => listener.at !== undefined)
    expect(listen.mock.calls[0]?.[0]).toMatchObject({ backlog: 7 })
  })
})

describe('a listener of a process with few descriptors', () => {
  /** Enough descriptors for one connection beside the reserved ones. */
  const crowded: Transport = {
    dial: (target, handler) => new TcpTransport().dial(target, handler),
    listen: (options, handler) =>
      new TcpListener(options, handler, tcpSettings({}), new ConnectionBudget(33)),
  }

  it('resets and reports connections above the limit, until one has closed', async () => {
    const listener = await TestListener.open(loopback, {}, crowded)
    const first = loopback.call(listener.at)
    await until('accepted', () => listener.taken.length === 1)
    await reset(loopback.call(listener.at, '127.0.0.3'))
    expect(listener.taken).toHaveLength(1)
    expect(listener.refusals).toMatchObject([
      { remote: { ip: '127.0.0.3' }, reason: 'no descriptors left' },
    ])
    first.reset()
    listener.taken[0]?.connection.destroy()
    await until('closed', () => listener.taken[0]?.reason !== undefined)
    loopback.call(listener.at)
    await until('room again', () => listener.taken.length === 2)
  })
})

describe('a listener that cannot listen', () => {
  it.each([
    ['a port that is in use', {}, 'EADDRINUSE'],
    ['a port that cannot be', { port: 70000 }, 'ERR_SOCKET_BAD_PORT'],
    ['an address of somebody else', { ip: '192.0.2.1', port: 0 }, 'EADDRNOTAVAIL'],
    ['an option that does not exist', { options: { backlogg: 5 } }, 'CML_ERR_CONFIG_INVALID'],
  ])('reports that once: %s', async (_what, options, code) => {
    const { at } = await loopback.serve()
    const listener = new TestListener(loopback, { ...at, ...options })
    await until('failed', () => listener.error !== undefined)
    await turns(5)
    expect(listener.calls).toEqual(['failed'])
    expect(listener.error?.code).toBe(code)
    listener.listener.close()
  })

  it('reports nothing if it was closed before', async () => {
    const { at } = await loopback.serve()
    const listeners = [
      new TestListener(loopback, at),
      new TestListener(loopback, { port: 70000 }),
      new TestListener(loopback),
      new TestListener(loopback, { ip: 'localhost' }),
    ]
    for (const listener of listeners) {
      listener.listener.close()
      listener.listener.close()
    }
    await turns(20)
    expect(listeners.map((listener) => listener.calls)).toEqual([[], [], [], []])
  })
})

describe('a listener that fails while it listens', () => {
  it('reports the failure once, and accepts no further connection', async () => {
    const listen = vi.spyOn(Server.prototype, 'listen')
    const listener = await TestListener.open(loopback)
    const peer = loopback.call(listener.at)
    await until('accepted', () => listener.taken.length === 1)
    const server = listen.mock.contexts[0] as Server
    server.emit('error', new Error('accept ENFILE'))
    server.emit('error', new Error('accept ENFILE'))
    const late = loopback.call(listener.at)
    await until('refused', () => late.closed)
    expect(late.error?.code).toBe('ECONNREFUSED')
    expect(listener.calls).toEqual(['listening', 'admit', 'accepted', 'failed'])
    // Open connections continue.
    listener.taken[0]?.connection.write([Buffer.from('still here')])
    peer.socket.resume()
    await until('bytes', () => peer.content.toString() === 'still here')
  })
})

describe('close', () => {
  it('accepts no further connection, and keeps open ones', async () => {
    const listener = await TestListener.open(loopback)
    const peer = loopback.call(listener.at)
    await until('accepted', () => listener.taken.length === 1)
    listener.listener.close()
    const late = loopback.call(listener.at)
    await until('refused', () => late.closed)
    expect(late.error?.code).toBe('ECONNREFUSED')
    listener.taken[0]?.connection.write([Buffer.from('still here')])
    peer.socket.resume()
    await until('bytes', () => peer.content.toString() === 'still here')
    expect(listener.calls).toEqual(['listening', 'admit', 'accepted'])
  })

  it('also applies to connections in the backlog', async () => {
    const listener = await TestListener.open(loopback)
    listener.admits = () => {
      listener.listener.close()
      return true
    }
    const peers = [1, 2, 3, 4].map(() => loopback.call(listener.at))
    for (const peer of peers) peer.socket.resume()
    await until('all refused', () => peers.every((peer) => peer.closed))
    expect(listener.calls).toEqual(['listening', 'admit'])
  })
})
