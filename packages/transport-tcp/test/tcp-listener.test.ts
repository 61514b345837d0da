import { Server } from 'node:net'
import { networkInterfaces } from 'node:os'
import { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Transport } from '@commloop/core'
import { ConnectionBudget } from '../src/connection-budget.js'
import { TcpTransport } from '../src/index.js'
import { TcpListener } from '../src/tcp-listener.js'
import { tcpSettings } from '../src/tcp-options.js'
import { Door } from './door.js'
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
  it('says where it listens, asks about each address, then hands over the connection', async () => {
    const door = await Door.open(loopback)
    expect(door.at.ip).toBe('127.0.0.1')
    expect(door.at.port).toBeGreaterThan(0)
    const peer = loopback.call(door.at, '127.0.0.2')
    await until('accepted', () => door.taken.length === 1)
    const remote = { ip: '127.0.0.2', port: peer.port }
    expect(door.asked).toEqual([remote])
    expect(door.taken[0]?.connection.peer).toEqual({ local: door.at, remote, identities: [] })
    expect(door.calls).toEqual(['listening', 'admit', 'accepted'])
  })

  it('resets whom it does not admit, and reads nothing', async () => {
    const door = await Door.open(loopback)
    door.admits = () => false
    const peer = loopback.call(door.at)
    peer.socket.write('let me in')
    await reset(peer)
    expect(door.calls).toEqual(['listening', 'admit'])
    expect(peer.receivedBytes).toBe(0)
  })

  it('destroys what is not wanted after all, and forgets it', async () => {
    const door = await Door.open(loopback)
    door.takes = () => false
    const peer = loopback.call(door.at)
    await reset(peer)
    expect(door.calls).toEqual(['listening', 'admit', 'accepted'])
    expect(door.taken[0]?.calls).toEqual([])
  })

  it('lets the connection be used from within accepted', async () => {
    const door = await Door.open(loopback)
    door.takes = ({ connection }) => {
      connection.write([Buffer.from('welcome')])
      connection.setReading(true)
      connection.end()
      return true
    }
    const peer = loopback.call(door.at)
    peer.socket.resume()
    peer.socket.end('thanks')
    await until('closed', () => door.taken[0]?.reason !== undefined)
    expect(peer.content.toString()).toBe('welcome')
    expect(door.taken[0]?.content.toString()).toBe('thanks')
  })

  it('asks about a peer that was gone before it was accepted, and goes no further', async () => {
    const door = await Door.open(loopback)
    // Another thread connects and resets while this one does not look.
    const done = new Int32Array(new SharedArrayBuffer(4))
    const script = `
      const { port, done } = require('node:worker_threads').workerData
      const socket = require('node:net').connect(port, '127.0.0.1', () => socket.resetAndDestroy())
      socket.on('close', () => { Atomics.store(done, 0, 1); Atomics.notify(done, 0) })
    `
    const worker = new Worker(script, { eval: true, workerData: { port: door.at.port, done } })
    expect(Atomics.wait(done, 0, 0, 5000)).toBe('ok')
    await until('asked', () => door.asked.length === 1)
    await turns(5)
    expect(door.asked).toEqual([undefined])
    expect(door.calls).toEqual(['listening', 'admit'])
    await worker.terminate()
    // The door is still open.
    loopback.call(door.at)
    await until('accepted', () => door.taken.length === 1)
  })

  it('at all addresses, tells of each connection to which one it came', async () => {
    const door = await Door.open(loopback, { ip: '0.0.0.0' })
    const { port } = door.at
    for (const ip of ['127.0.0.2', '127.0.0.3']) loopback.call({ ip, port }, '127.0.0.1')
    await until('accepted', () => door.taken.length === 2)
    const locals = door.taken.map(({ connection }) => connection.peer.local)
    expect(new Set(locals.map(({ ip }) => ip))).toEqual(new Set(['127.0.0.2', '127.0.0.3']))
    expect(locals.map((local) => local.port)).toEqual([port, port])
  })

  const hasIpv6 = (networkInterfaces()['lo'] ?? []).some(({ address }) => address === '::1')
  it.skipIf(!hasIpv6)('of both families says addresses as the system does', async () => {
    const door = await Door.open(loopback, { ip: '::' })
    loopback.call({ ip: '127.0.0.1', port: door.at.port })
    await until('IPv4 accepted', () => door.taken.length === 1)
    loopback.call({ ip: '::1', port: door.at.port }, '::1')
    await until('IPv6 accepted', () => door.taken.length === 2)
    expect(door.asked.map((address) => address?.ip)).toEqual(['::ffff:127.0.0.1', '::1'])
  })

  it.runIf(process.platform === 'linux')('turns keep-alive on, unless it is off', async () => {
    const timers: boolean[] = []
    for (const keepAlive of ['10s', 'off']) {
      const door = new Door(loopback, {}, new TcpTransport({ keepAlive }))
      await until('listening', () => door.at !== undefined)
      loopback.call(door.at ?? { ip: '', port: 0 })
      await until('accepted', () => door.taken.length === 1)
      timers.push(hasKeepAliveTimer(door.at?.port ?? 0))
    }
    expect(timers).toEqual([true, false])
  })

  it('hands its backlog to the system', async () => {
    const listen = vi.spyOn(Server.prototype, 'listen')
    const door = new Door(loopback, {}, new TcpTransport({ backlog: 7 }))
    await until('listening', () => door.at !== undefined)
    expect(listen.mock.calls[0]?.[0]).toMatchObject({ backlog: 7 })
  })
})

describe('a listener of a process that is short of descriptors', () => {
  /** Room for one connection beside what is kept back. */
  const crowded: Transport = {
    dial: (target, handler) => new TcpTransport().dial(target, handler),
    listen: (options, handler) =>
      new TcpListener(options, handler, tcpSettings({}), new ConnectionBudget(33)),
  }

  it('resets whom it has no room for, says so, and has room again when one has left', async () => {
    const door = await Door.open(loopback, {}, crowded)
    const first = loopback.call(door.at)
    await until('accepted', () => door.taken.length === 1)
    await reset(loopback.call(door.at, '127.0.0.3'))
    expect(door.taken).toHaveLength(1)
    expect(door.refusals).toMatchObject([
      { remote: { ip: '127.0.0.3' }, reason: 'no descriptors left' },
    ])
    first.reset()
    door.taken[0]?.connection.destroy()
    await until('closed', () => door.taken[0]?.reason !== undefined)
    loopback.call(door.at)
    await until('room again', () => door.taken.length === 2)
  })
})

describe('a listener that cannot begin', () => {
  it.each([
    ['a port that is in use', {}, 'EADDRINUSE'],
    ['a port that cannot be', { port: 70000 }, 'ERR_SOCKET_BAD_PORT'],
    ['an address of somebody else', { ip: '192.0.2.1', port: 0 }, 'EADDRNOTAVAIL'],
    ['an option that does not exist', { options: { backlogg: 5 } }, 'CML_ERR_CONFIG_INVALID'],
  ])('says so once: %s', async (_what, options, code) => {
    const { at } = await loopback.serve()
    const door = new Door(loopback, { ...at, ...options })
    await until('failed', () => door.error !== undefined)
    await turns(5)
    expect(door.calls).toEqual(['failed'])
    expect(door.error?.code).toBe(code)
    door.listener.close()
  })

  it('says nothing when it was closed first', async () => {
    const { at } = await loopback.serve()
    const doors = [
      new Door(loopback, at),
      new Door(loopback, { port: 70000 }),
      new Door(loopback),
      new Door(loopback, { ip: 'localhost' }),
    ]
    for (const door of doors) {
      door.listener.close()
      door.listener.close()
    }
    await turns(20)
    expect(doors.map((door) => door.calls)).toEqual([[], [], [], []])
  })
})

describe('a listener that ends by itself', () => {
  it('fails once, and the door is shut', async () => {
    const listen = vi.spyOn(Server.prototype, 'listen')
    const door = await Door.open(loopback)
    const peer = loopback.call(door.at)
    await until('accepted', () => door.taken.length === 1)
    const server = listen.mock.contexts[0] as Server
    server.emit('error', new Error('accept ENFILE'))
    server.emit('error', new Error('accept ENFILE'))
    const late = loopback.call(door.at)
    await until('refused', () => late.closed)
    expect(late.error?.code).toBe('ECONNREFUSED')
    expect(door.calls).toEqual(['listening', 'admit', 'accepted', 'failed'])
    // What is open goes on.
    door.taken[0]?.connection.write([Buffer.from('still here')])
    peer.socket.resume()
    await until('bytes', () => peer.content.toString() === 'still here')
  })
})

describe('close', () => {
  it('lets nobody in any more, and leaves open connections alone', async () => {
    const door = await Door.open(loopback)
    const peer = loopback.call(door.at)
    await until('accepted', () => door.taken.length === 1)
    door.listener.close()
    const late = loopback.call(door.at)
    await until('refused', () => late.closed)
    expect(late.error?.code).toBe('ECONNREFUSED')
    door.taken[0]?.connection.write([Buffer.from('still here')])
    peer.socket.resume()
    await until('bytes', () => peer.content.toString() === 'still here')
    expect(door.calls).toEqual(['listening', 'admit', 'accepted'])
  })

  it('counts for those too that wait at the door', async () => {
    const door = await Door.open(loopback)
    door.admits = () => {
      door.listener.close()
      return true
    }
    const peers = [1, 2, 3, 4].map(() => loopback.call(door.at))
    for (const peer of peers) peer.socket.resume()
    await until('all refused', () => peers.every((peer) => peer.closed))
    expect(door.calls).toEqual(['listening', 'admit'])
  })
})
