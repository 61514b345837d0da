import type { LookupAddress } from 'node:dns'
import { createConnection, type LookupFunction, type Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Address, DialTarget } from '@commloop/core'
import { TcpTransport } from '../src/index.js'
import { type Attempt, attempt, outcome } from './attempt.js'
import { BusyListener } from './busy-listener.js'
import { hasKeepAliveTimer } from './kernel-timer.js'
import { Loopback, target } from './loopback.js'
import { turns, until } from './until.js'

let loopback: Loopback
beforeEach(() => {
  loopback = new Loopback()
})
afterEach(async () => {
  await loopback.clear()
})

function dial(to: DialTarget, transport?: TcpTransport): Attempt {
  return attempt(loopback, to, transport)
}

/** A resolver that returns these addresses in this order, and records its calls. */
function lookupOf(...ips: string[]): LookupFunction & { readonly asked: unknown[] } {
  const asked: unknown[] = []
  const addresses: LookupAddress[] = ips.map((address) => ({
    address,
    family: address.includes(':') ? 6 : 4,
  }))
  const lookup: LookupFunction = (host, options, callback) => {
    asked.push({ host, family: options.family })
    setImmediate(() => {
      const [first] = addresses
      if (options.all === true) callback(null, addresses)
      else callback(null, first?.address ?? '', first?.family)
    })
  }
  return Object.assign(lookup, { asked })
}

describe('a dial', () => {
  it('opens a connection whose handler receives every byte from the first', async () => {
    const { at, peers } = await loopback.serve()
    const attempt = dial(target(at))
    expect(await outcome(attempt)).toBe('opened')
    await until('peer', () => peers.length === 1)
    const [near, far] = [attempt.opened[0], peers[0]]
    far?.socket.write('hello')
    near?.connection.setReading(true)
    await until('hello', () => near?.content.toString() === 'hello')
  })

  it('fails once if no program listens', async () => {
    const attempt = dial(target(await loopback.deserted()))
    expect(await outcome(attempt)).toBe('ECONNREFUSED')
  })

  it('fails if the peer resets before the event loop continues', async () => {
    const done = new Int32Array(new SharedArrayBuffer(4))
    const script = `
      const { workerData, parentPort } = require('node:worker_threads')
      const server = require('node:net').createServer((socket) => {
        socket.resetAndDestroy().on('close', () => {
          Atomics.store(workerData, 0, 1)
          Atomics.notify(workerData, 0)
        })
      })
      server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port))
    `
    const worker = new Worker(script, { eval: true, workerData: done })
    try {
      let port = 0
      worker.on('message', (message: number) => {
        port = message
      })
      await until('server', () => port !== 0)
      const attempt = dial(target({ ip: '127.0.0.1', port }))
      process.nextTick(() => Atomics.wait(done, 0, 0, 5000))
      expect(await outcome(attempt)).toBe('ECONNRESET')
    } finally {
      await worker.terminate()
    }
  })

  it('fails asynchronously, and does not throw, for an invalid target', async () => {
    const at: Address = { ip: '127.0.0.1', port: 1 }
    const attempts = {
      port: dial(target({ ...at, port: 70000 })),
      bind: dial(target(at, { bind: 'not an address' })),
      bindElsewhere: dial(target(at, { bind: '192.0.2.1' })),
      family: dial(target(at, { bind: '::1' })),
      option: dial(target(at, { options: { tsl: {} } })),
      name: dial(target({ ...at, ip: 'does-not-exist.invalid' })),
    }
    expect(await outcome(attempts.port)).toBe('ERR_SOCKET_BAD_PORT')
    expect(await outcome(attempts.bind)).toBe('ERR_INVALID_IP_ADDRESS')
    expect(await outcome(attempts.bindElsewhere)).toBe('EADDRNOTAVAIL')
    expect(await outcome(attempts.family)).toBe('EINVAL')
    expect(await outcome(attempts.option)).toBe('CML_ERR_CONFIG_INVALID')
    expect(attempts.option.errors[0]?.message).toContain(
      'dial: tsl: unknown option. Did you mean "tls"?',
    )
    expect(await outcome(attempts.name)).toMatch(/^(ENOTFOUND|EAI_AGAIN)$/)
  })

  it('uses the given source address', async () => {
    const { at, peers } = await loopback.serve()
    const attempt = dial(target(at, { bind: '127.0.0.2' }))
    expect(await outcome(attempt)).toBe('opened')
    await until('peer', () => peers.length === 1)
    expect(peers[0]?.socket.remoteAddress).toBe('127.0.0.2')
    expect(attempt.opened[0]?.connection.peer.local.ip).toBe('127.0.0.2')
  })

  it('comes from the given source port, also from the same one to two peers', async () => {
    const { at, peers } = await loopback.serve()
    const other = await loopback.serve()
    const bindPort = (await loopback.deserted('127.0.0.2')).port
    const source = { bind: '127.0.0.2', bindPort }
    for (const place of [at, other.at]) {
      expect(await outcome(dial(target(place, source)))).toBe('opened')
    }
    await until('peer', () => peers.length === 1 && other.peers.length === 1)
    for (const peer of [peers[0], other.peers[0]]) expect(peer?.socket.remotePort).toBe(bindPort)
    const again = dial(target(at, source))
    expect(await outcome(again)).toBe('EADDRNOTAVAIL')
    expect(again.errors[0]?.message).toContain(
      `a connection from the source port 127.0.0.2:${String(bindPort)} to this peer is still open`,
    )
  })

  it('says so if a listener has the given source port', async () => {
    const { at } = await loopback.serve()
    const taken = await loopback.serve('127.0.0.2')
    const attempt = dial(target(at, { bind: '127.0.0.2', bindPort: taken.at.port }))
    expect(await outcome(attempt)).toBe('EADDRINUSE')
    expect(attempt.errors[0]?.message).toContain(
      `another socket of this machine has the source port 127.0.0.2:${String(taken.at.port)}`,
    )
  })

  const hasIpv6 = (networkInterfaces()['lo'] ?? []).some(({ address }) => address === '::1')
  it.skipIf(!hasIpv6)('reaches IPv6', async () => {
    const { at } = await loopback.serve('::1')
    const attempt = dial(target(at))
    expect(await outcome(attempt)).toBe('opened')
    expect(attempt.opened[0]?.connection.peer.remote).toEqual(at)
  })

  it.runIf(process.platform === 'linux')('turns keep-alive on, unless it is off', async () => {
    const { at } = await loopback.serve()
    const timers: boolean[] = []
    for (const keepAlive of ['10s', 'off']) {
      const attempt = dial(target(at), new TcpTransport({ keepAlive }))
      expect(await outcome(attempt)).toBe('opened')
      timers.push(hasKeepAliveTimer(attempt.opened[0]?.connection.peer.local.port ?? 0))
    }
    expect(timers).toEqual([true, false])
  })
})

describe('the time allowed for a dial', () => {
  const silent: LookupFunction = () => {
    /* never answers */
  }

  it('includes the name look-up', async () => {
    const attempt = dial(
      target({ ip: 'peer.example', port: 1 }, { timeoutMs: 30 }),
      new TcpTransport({}, silent),
    )
    expect(await outcome(attempt)).toBe('CML_ERR_DIAL_TIMEOUT')
    expect(attempt.errors[0]?.message).toBe(
      'the name service did not answer for peer.example within 30ms',
    )
  })

  it('ends when the connection is open', async () => {
    const { at, peers } = await loopback.serve()
    const attempt = dial(target(at, { timeoutMs: 60 }))
    expect(await outcome(attempt)).toBe('opened')
    const longer = dial(
      target({ ip: 'peer.example', port: 1 }, { timeoutMs: 120 }),
      new TcpTransport({}, silent),
    )
    expect(await outcome(longer)).toBe('CML_ERR_DIAL_TIMEOUT')
    attempt.opened[0]?.connection.write([Buffer.from('still here')])
    peers[0]?.socket.resume()
    await until('bytes', () => peers[0]?.content.toString() === 'still here')
  })

  it('is final: a late result of the look-up has no effect', async () => {
    const { at, peers } = await loopback.serve()
    let answer: (() => void) | undefined
    const late: LookupFunction = (_host, _options, callback) => {
      answer = () => {
        callback(null, [{ address: at.ip, family: 4 }])
      }
    }
    const attempt = dial(
      target({ ...at, ip: 'peer.example' }, { timeoutMs: 20 }),
      new TcpTransport({}, late),
    )
    expect(await outcome(attempt)).toBe('CML_ERR_DIAL_TIMEOUT')
    answer?.()
    await turns(10)
    expect(attempt.opened).toEqual([])
    expect(peers).toEqual([])
  })

  describe('with a peer that does not answer', () => {
    let busy: BusyListener
    const crowd: Socket[] = []
    beforeEach(async () => {
      busy = await BusyListener.start()
      // A connection that does not fit into the backlog does not get an answer.
      let open = 0
      for (let count = 0; count < 8; count++) {
        const socket = createConnection(busy.at.port, busy.at.ip, () => open++)
        crowd.push(socket.on('error', () => undefined))
      }
      await until('backlog full', () => open >= 2)
    })
    afterEach(async () => {
      for (const socket of crowd.splice(0)) socket.destroy()
      await busy.stop()
    })

    it('includes the TCP handshake', async () => {
      const attempt = dial(target(busy.at, { timeoutMs: 100 }))
      expect(await outcome(attempt)).toBe('CML_ERR_DIAL_TIMEOUT')
    })

    it('is not shortened by another address of the same name', async () => {
      const { ip, port } = busy.at
      const lookup = lookupOf(ip, '127.0.0.3')
      const attempt = dial(target({ ip: 'peer.example', port }), new TcpTransport({}, lookup))
      // The first SYN is lost, so the connection opens with the next one, after a second.
      await until('look-up', () => lookup.asked.length === 1)
      await turns(10)
      busy.wake()
      expect(await outcome(attempt)).toBe('opened')
      expect(attempt.opened[0]?.connection.peer.remote).toEqual(busy.at)
    })
  })
})

describe('a host name', () => {
  it('is resolved by the system', async () => {
    const { at } = await loopback.serve()
    expect(await outcome(dial(target({ ...at, ip: 'localhost' })))).toBe('opened')
  })

  it('is resolved for every dial', async () => {
    const { at } = await loopback.serve()
    const lookup = lookupOf('127.0.0.1')
    const transport = new TcpTransport({}, lookup)
    for (let count = 1; count <= 3; count++) {
      const attempt = dial(target({ ...at, ip: 'peer.example' }), transport)
      expect(await outcome(attempt)).toBe('opened')
      expect(lookup.asked.length).toBe(count)
      expect(attempt.opened[0]?.connection.peer.remote).toEqual(at)
    }
  })

  it('leads to its next address if the first one refuses', async () => {
    const { at } = await loopback.serve('127.0.0.1')
    const transport = new TcpTransport({}, lookupOf('127.0.0.3', '127.0.0.4', '127.0.0.1'))
    const attempt = dial(target({ ...at, ip: 'peer.example' }), transport)
    expect(await outcome(attempt)).toBe('opened')
    expect(attempt.opened[0]?.connection.peer.remote.ip).toBe('127.0.0.1')
  })

  it('is dialled in the order that the caller gives, which is told each address that is tried', async () => {
    const { at } = await loopback.serve('127.0.0.1')
    const transport = new TcpTransport({}, lookupOf('127.0.0.1', '127.0.0.3', '127.0.0.4'))
    const known: (readonly string[])[] = []
    const order = (addresses: readonly string[]): string[] => {
      known.push(addresses)
      return [...addresses].reverse()
    }
    const attempt = dial(target({ ...at, ip: 'peer.example' }, { order }), transport)
    expect(await outcome(attempt)).toBe('opened')
    expect(known).toEqual([['127.0.0.1', '127.0.0.3', '127.0.0.4']])
    expect(attempt.tried).toEqual(['127.0.0.4', '127.0.0.3', '127.0.0.1'])
  })

  it('is looked up once for all dials that need it at the same time', async () => {
    const { at } = await loopback.serve()
    const lookup = lookupOf('127.0.0.1')
    const transport = new TcpTransport({}, lookup)
    const attempts = [0, 1, 2].map(() => dial(target({ ...at, ip: 'peer.example' }), transport))
    attempts[1]?.dial.cancel()
    for (const attempt of [attempts[0], attempts[2]]) {
      expect(attempt && (await outcome(attempt))).toBe('opened')
    }
    expect(lookup.asked.length).toBe(1)
    expect(attempts[1]?.opened).toEqual([])
  })

  it('is not looked up again if the answer came after the last dial had given up', async () => {
    const { at, peers } = await loopback.serve()
    const answers: (() => void)[] = []
    const slow: LookupFunction = (_host, _options, callback) => {
      answers.push(() => {
        callback(null, [{ address: at.ip, family: 4 }])
      })
    }
    const transport = new TcpTransport({}, slow)
    const to = { ...at, ip: 'peer.example' }
    expect(await outcome(dial(target(to, { timeoutMs: 20 }), transport))).toBe(
      'CML_ERR_DIAL_TIMEOUT',
    )
    expect(await outcome(dial(target(to, { timeoutMs: 20 }), transport))).toBe(
      'CML_ERR_DIAL_TIMEOUT',
    )
    expect(answers.length, 'the second dial joins the look-up of the first').toBe(1)
    answers[0]?.()
    expect(await outcome(dial(target(to), transport))).toBe('opened')
    expect(answers.length).toBe(1)
    await until('peer', () => peers.length === 1)
  })

  it('fails with the errors of all its addresses', async () => {
    const { port } = await loopback.deserted('127.0.0.1')
    const transport = new TcpTransport({}, lookupOf('127.0.0.1', '127.0.0.3'))
    const attempt = dial(target({ ip: 'peer.example', port }), transport)
    expect(await outcome(attempt)).toBe('ECONNREFUSED')
    const { message } = attempt.errors[0] ?? new Error()
    expect(message).toContain(`ECONNREFUSED 127.0.0.1:${String(port)}`)
    expect(message).toContain(`ECONNREFUSED 127.0.0.3:${String(port)}`)
  })

  it('fails with any error of a custom resolver', async () => {
    const lookup: LookupFunction = (_host, _options, callback) => {
      const errors = [new Error('no such zone'), 'and a text']
      process.nextTick(() => {
        callback(new AggregateError(errors, 'several'), [])
      })
    }
    const attempt = dial(target({ ip: 'peer.example', port: 1 }), new TcpTransport({}, lookup))
    await until('failed', () => attempt.errors.length === 1)
    expect(attempt.errors[0]?.message).toBe('no such zone; and a text')
    expect(attempt.errors[0]?.cause).toBeInstanceOf(AggregateError)
  })

  it('is resolved in the family of the source address', async () => {
    const { at } = await loopback.serve()
    const lookup = lookupOf('127.0.0.1')
    const attempt = dial(
      target({ ...at, ip: 'peer.example' }, { bind: '127.0.0.2' }),
      new TcpTransport({}, lookup),
    )
    expect(await outcome(attempt)).toBe('opened')
    expect(lookup.asked).toEqual([{ host: 'peer.example', family: 4 }])
  })
})

describe('cancel', () => {
  it('prevents any further callback, at any moment', async () => {
    const { at } = await loopback.serve()
    const nobody = await loopback.deserted()
    const attempts = [0, 1, 2, 3].map(() => dial(target(at)))
    const refused = dial(target(nobody))
    const impossible = dial(target({ ...at, port: 70000 }))
    const lookedUp = dial(
      target({ ...at, ip: 'peer.example' }),
      new TcpTransport({}, lookupOf('127.0.0.1')),
    )
    const late = dial(target(at, { timeoutMs: 1 }))
    const all = [...attempts, refused, impossible, lookedUp, late]
    for (const attempt of all) {
      attempt.dial.cancel()
      attempt.dial.cancel()
    }
    await turns(20)
    for (const attempt of all) expect([attempt.opened, attempt.errors]).toEqual([[], []])
  })

  it('has no effect on an open connection', async () => {
    const { at, peers } = await loopback.serve()
    const attempt = dial(target(at))
    expect(await outcome(attempt)).toBe('opened')
    attempt.dial.cancel()
    await until('peer', () => peers.length === 1)
    peers[0]?.socket.resume()
    attempt.opened[0]?.connection.write([Buffer.from('still here')])
    await until('bytes', () => peers[0]?.content.toString() === 'still here')
  })

  it('does not leave a connection behind', async () => {
    const { at, peers } = await loopback.serve()
    const attempt = dial(target(at))
    // The kernel has completed the handshake, and the event loop has not reported it.
    process.nextTick(() => {
      attempt.dial.cancel()
    })
    await until('peer', () => peers.length === 1)
    for (const peer of peers) peer.socket.resume()
    await until('peer gone', () => peers.every((peer) => peer.ended || peer.closed))
    expect(attempt.opened).toEqual([])
  })
})
