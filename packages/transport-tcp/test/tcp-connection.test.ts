import { connect, Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { UnacknowledgedBytes } from '@commloop/core'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { TcpTransport } from '../src/index.js'
import { TcpConnection } from '../src/tcp-connection.js'
import { CertificateFolder, opensslIsMissing } from '@commloop/test-support/certificates'
import { Loopback, type Pair, type TlsMaterial } from './loopback.js'
import { Recorder } from './recorder.js'
import { turns, until } from './until.js'

/** More bytes than the kernel buffers for a peer that does not read. */
const STUCK = Buffer.alloc(64 * 2 ** 20)
const MIB = 2 ** 20

function pattern(bytes: number, seed: number): Buffer {
  const content = Buffer.allocUnsafe(bytes)
  for (let at = 0; at < bytes; at++) content[at] = (at * 31 + (at >> 12) + seed) & 0xff
  return content
}

let loopback: Loopback
beforeEach(() => {
  loopback = new Loopback()
})
afterEach(async () => {
  await loopback.clear()
})

describe.each(['dialled', 'accepted'] as const)('a connection that was %s', (how) => {
  promises(() => loopback[how](new TcpTransport()))
})

describe.skipIf(opensslIsMissing('connections by TLS')).each(['dialled', 'accepted'] as const)(
  'a connection by TLS that was %s',
  (how) => {
    let tls: TlsMaterial
    beforeAll(() => {
      const folder = new CertificateFolder()
      const ca = folder.authority('authority')
      const { cert, key } = folder.signed('peer', 'authority')
      tls = { cert: folder.text(cert), key: folder.text(key), ca: folder.text(ca) }
      folder.dispose()
    })
    promises(() => loopback[how](new TcpTransport(), tls))
  },
)

function acknowledged({ connection }: Recorder): Promise<UnacknowledgedBytes | undefined> {
  return new Promise((resolve) => {
    connection.unacknowledged?.(resolve)
  })
}

/** What every connection guarantees, with and without TLS. */
function promises(open: () => Promise<Pair>): void {
  it('has both addresses', async () => {
    const { near, far } = await open()
    const { local, remote, identities } = near.connection.peer
    expect(local).toEqual({ ip: far.socket.remoteAddress, port: far.socket.remotePort })
    expect(remote).toEqual({ ip: far.socket.localAddress, port: far.socket.localPort })
    // A valid certificate proves names; without TLS there are none.
    expect(identities.length > 0).toBe(far.socket instanceof TLSSocket)
  })

  describe.skipIf(process.platform !== 'linux')('what the peer has acknowledged', () => {
    it('is everything soon after a small write', async () => {
      const { near } = await open()
      near.connection.write([Buffer.from('small')])
      await until('acknowledged', () => near.writtenCount === 1)
      let answer = await acknowledged(near)
      while (answer?.unacknowledgedBytes !== 0) answer = await acknowledged(near)
      expect(answer.acknowledgedBytes).toBe(5)
    })

    it('does not contain what waits in this process', async () => {
      const { near } = await open()
      near.connection.write([STUCK])
      await turns(20)
      const answer = await acknowledged(near)
      const { acknowledgedBytes = 0, unacknowledgedBytes = 0 } = answer ?? {}
      expect(unacknowledgedBytes).toBeGreaterThan(0)
      expect(acknowledgedBytes + unacknowledgedBytes).toBeLessThanOrEqual(STUCK.length / 2)
      near.connection.destroy()
    })
  })

  describe('reading', () => {
    it('does not start before setReading(true)', async () => {
      const { near, far } = await open()
      far.socket.resume()
      far.socket.write('early')
      // Once our bytes have reached the peer, its bytes have already arrived here.
      near.connection.write([Buffer.from('question')])
      await until('question', () => far.receivedBytes === 8)
      await turns(5)
      expect(near.calls).toEqual(['written'])
      near.connection.setReading(true)
      expect(near.chunks).toEqual([])
      await until('early bytes', () => near.content.toString() === 'early')
    })

    it('stops immediately, also inside received, and continues without a gap', async () => {
      const { near, far } = await open()
      const sent = pattern(3 * MIB, 1)
      far.socket.end(sent)
      let reading = true
      let breaches = 0
      near.onReceived = () => {
        if (!reading) breaches++
        reading = false
        near.connection.setReading(false)
        setImmediate(() => {
          reading = true
          near.connection.setReading(true)
        })
      }
      near.connection.setReading(true)
      await until('everything', () => near.calls.includes('ended'))
      expect(breaches).toBe(0)
      expect(near.content.equals(sent)).toBe(true)
      expect(near.calls).toEqual(['received', 'ended'])
    })

    it('may be stopped and started many times in one turn', async () => {
      const { near, far } = await open()
      far.socket.write('a')
      for (let count = 0; count < 9; count++) near.connection.setReading(count % 2 === 0)
      near.connection.setReading(false)
      await turns(5)
      expect(near.calls).toEqual([])
      near.connection.setReading(true)
      await until('a', () => near.content.toString() === 'a')
    })

    it('makes the peer wait while it is stopped', async () => {
      const { near, far } = await open()
      near.connection.setReading(true)
      near.onReceived = () => {
        near.connection.setReading(false)
      }
      far.socket.write(STUCK)
      await until('first chunk', () => near.chunks.length === 1)
      await turns(20)
      expect(near.chunks.length).toBe(1)
      expect(far.socket.writableLength).toBe(STUCK.length)
      near.onReceived = undefined
      near.connection.setReading(true)
      await until('the rest', () => near.receivedBytes === STUCK.length)
    })

    it('never overwrites the memory of an earlier chunk', async () => {
      const { near, far } = await open()
      near.connection.setReading(true)
      far.socket.write('first')
      await until('first', () => near.receivedBytes === 5)
      far.socket.write(pattern(MIB, 2))
      await until('second', () => near.receivedBytes === 5 + MIB)
      expect(Buffer.from(near.chunks[0] ?? []).toString()).toBe('first')
    })
  })

  describe('a write', () => {
    it('sends its chunks in order, and is confirmed once, asynchronously', async () => {
      const { near, far } = await open()
      far.socket.resume()
      near.connection.write([Buffer.from('ab'), new TextEncoder().encode('cd'), Buffer.from('ef')])
      expect(near.calls).toEqual([])
      await until('written', () => near.writtenCount === 1)
      near.connection.write([new TextEncoder().encode('gh')])
      expect(near.writtenCount).toBe(1)
      await until('written again', () => near.writtenCount === 2)
      await until('all', () => far.content.toString() === 'abcdefgh')
      await turns(5)
      expect(near.calls).toEqual(['written', 'written'])
    })

    it('may be started inside written', async () => {
      const { near, far } = await open()
      far.socket.resume()
      const sent = pattern(5000, 3)
      let at = 0
      const next = (): void => {
        if (at === sent.length) near.connection.end()
        else near.connection.write([sent.subarray(at, (at += 50))])
      }
      near.onWritten = next
      next()
      await until('all', () => far.ended)
      expect(far.content.equals(sent)).toBe(true)
      expect(near.writtenCount).toBe(100)
    })

    it('may have more chunks than one system call accepts', async () => {
      const { near, far } = await open()
      far.socket.resume()
      const sent = pattern(9000, 4)
      near.connection.write(
        Array.from({ length: 3000 }, (_, at) => sent.subarray(at * 3, at * 3 + 3)),
      )
      await until('all', () => far.content.equals(sent))
      expect(near.writtenCount).toBe(1)
    })

    it('goes to the kernel in one call', async () => {
      const { near } = await open()
      const prototype = Socket.prototype as unknown as { _writev: () => void; _write: () => void }
      const together = vi.spyOn(prototype, '_writev')
      const single = vi.spyOn(prototype, '_write')
      try {
        near.connection.write([Buffer.from('a'), Buffer.from('b'), Buffer.from('c')])
        await until('written', () => near.writtenCount === 1)
        expect([together.mock.calls.length, single.mock.calls.length]).toEqual([1, 0])
      } finally {
        together.mockRestore()
        single.mockRestore()
      }
    })

    it('is confirmed even if it has no bytes', async () => {
      const { near } = await open()
      for (const chunks of [[], [Buffer.alloc(0)], [Buffer.alloc(0), Buffer.alloc(0)]]) {
        const before = near.writtenCount
        near.connection.write(chunks)
        expect(near.writtenCount).toBe(before)
        await until('written', () => near.writtenCount === before + 1)
      }
    })

    it.each([[[STUCK]], [[Buffer.from('head'), STUCK]]])(
      'is not written while the kernel has not taken it all',
      async (chunks) => {
        const { near, far } = await open()
        near.connection.write(chunks)
        await turns(20)
        expect(near.writtenCount).toBe(0)
        far.socket.resume()
        await until('written', () => near.writtenCount === 1)
        const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
        await until('all', () => far.receivedBytes === bytes)
      },
    )

    it('throws on misuse, but not after a failure', async () => {
      const { near } = await open()
      const write = (): void => {
        near.connection.write([STUCK])
      }
      write()
      expect(write).toThrow('write before the previous write has finished')
      near.connection.destroy()
      write()
      await until('closed', () => near.reason !== undefined)
      write()

      const other = await open()
      other.near.connection.end()
      expect(() => {
        other.near.connection.write([Buffer.from('late')])
      }).toThrow('write after end')
    })
  })

  describe('ending', () => {
    it('sends everything that was written, while the other side still sends', async () => {
      const { near, far } = await open()
      const [out, back] = [pattern(4 * MIB, 5), pattern(4 * MIB, 6)]
      near.connection.setReading(true)
      near.connection.write([out])
      near.connection.end()
      // The peer answers each chunk before it reads the next.
      let at = 0
      far.socket.on('data', (chunk: Buffer) => {
        far.socket.write(back.subarray(at, (at += chunk.length)))
      })
      far.socket.resume()
      await until('our FIN', () => far.ended)
      expect(far.content.equals(out)).toBe(true)
      expect(near.writtenCount).toBe(1)
      expect(near.reason).toBeUndefined()
      far.socket.end()
      await until('closed', () => near.reason !== undefined)
      expect(near.content.equals(back)).toBe(true)
      expect(near.reason).toEqual({ kind: 'ended' })
      expect(near.calls.slice(-2)).toEqual(['ended', 'closed'])
    })

    it('keeps our direction open after the FIN of the peer', async () => {
      const { near, far } = await open()
      near.connection.setReading(true)
      far.socket.end('last words')
      await until('ended', () => near.calls.includes('ended'))
      expect(near.calls).toEqual(['received', 'ended'])
      const out = pattern(MIB, 7)
      far.socket.resume()
      near.connection.write([out])
      await until('written', () => near.writtenCount === 1)
      near.connection.end()
      await until('closed', () => near.reason !== undefined)
      await until('all', () => far.ended)
      expect(far.content.equals(out)).toBe(true)
      expect(near.reason).toEqual({ kind: 'ended' })
      expect(near.calls).toEqual(['received', 'ended', 'written', 'closed'])
    })

    it('may be called twice, and inside ended', async () => {
      const { near, far } = await open()
      near.onEnded = () => {
        near.connection.end()
        near.connection.end()
      }
      near.connection.setReading(true)
      far.socket.resume()
      far.socket.end()
      await until('closed', () => near.reason !== undefined)
      expect(near.calls).toEqual(['ended', 'closed'])
      expect(near.reason).toEqual({ kind: 'ended' })
    })
  })

  describe('destroying', () => {
    it('resets', async () => {
      const { near, far } = await open()
      far.socket.resume()
      near.connection.destroy()
      expect(near.calls).toEqual([])
      await until('closed', () => near.reason !== undefined)
      await until('reset', () => far.closed)
      expect(far.error?.code).toBe('ECONNRESET')
      expect(near.reason).toEqual({ kind: 'destroyed' })
      near.connection.destroy()
      near.connection.end()
      near.connection.setReading(true)
      near.connection.setReading(false)
      await turns(5)
      expect(near.calls).toEqual(['closed'])
    })

    it.each([[[STUCK]], [[Buffer.from('head'), STUCK]]])(
      'never reports a write under way as written',
      async (chunks) => {
        const { near, far } = await open()
        near.connection.write(chunks)
        await turns(5)
        near.connection.destroy()
        await until('closed', () => near.reason !== undefined)
        await turns(5)
        expect(near.calls).toEqual(['closed'])
        far.socket.resume()
        // libuv reports data and a reset that arrive together as an end.
        await until('far side gone', () => far.closed || far.ended)
        expect(far.receivedBytes).toBeLessThan(STUCK.length)
      },
    )

    it('never confirms a small write that the kernel has just taken', async () => {
      const { near } = await open()
      near.connection.write([Buffer.from('small')])
      near.connection.destroy()
      await until('closed', () => near.reason !== undefined)
      await turns(5)
      expect(near.calls).toEqual(['closed'])
    })

    it('discards buffered data, also inside received', async () => {
      const { near, far } = await open()
      near.onReceived = () => {
        near.connection.setReading(false)
      }
      near.connection.setReading(true)
      // Small pieces, which Node reads one by one into its buffer while reading is stopped.
      for (let piece = 0; piece < 10; piece++) {
        far.socket.write('piece')
        await turns(3)
      }
      expect(near.content.toString()).toBe('piece')
      near.onReceived = () => {
        near.connection.destroy()
      }
      near.connection.setReading(true)
      await until('closed', () => near.reason !== undefined)
      await turns(5)
      expect(near.chunks.length).toBe(2)
      expect(near.calls).toEqual(['received', 'closed'])
    })

    it("is not followed by the peer's FIN that was read already", async () => {
      const { near, far } = await open()
      near.onReceived = () => {
        near.connection.setReading(false)
      }
      near.connection.setReading(true)
      far.socket.write('first')
      await until('first', () => near.receivedBytes === 5)
      far.socket.end('last')
      await turns(5)
      near.onReceived = () => {
        near.connection.destroy()
      }
      near.connection.setReading(true)
      await until('closed', () => near.reason !== undefined)
      expect(near.content.toString()).toBe('firstlast')
      expect(near.calls).toEqual(['received', 'closed'])
    })

    it('works while our FIN is pending', async () => {
      const { near, far } = await open()
      far.socket.resume()
      near.connection.setReading(true)
      near.connection.end()
      near.connection.destroy()
      near.connection.destroy()
      expect(near.calls).toEqual([])
      await until('closed', () => near.reason !== undefined)
      expect(near.reason).toEqual({ kind: 'destroyed' })
      expect(near.calls).toEqual(['closed'])
      await until('far side', () => far.ended || far.closed)
    })

    it.each(['unread', ''])(
      'is followed by nothing else while our FIN is on its way',
      async (unread) => {
        const { near, far } = await open()
        far.socket.end(unread)
        near.connection.write([Buffer.from('question')])
        await until('written', () => near.writtenCount === 1)
        await turns(5)
        near.connection.setReading(true)
        near.connection.write([Buffer.from('taken at once')])
        near.connection.end()
        near.connection.destroy()
        // TLS may have processed the peer's FIN before reading started.
        const before = [...near.calls]
        expect(before.filter((call) => call !== 'ended')).toEqual(['written'])
        await until('closed', () => near.reason !== undefined)
        expect(near.calls).toEqual([...before, 'closed'])
        expect(near.reason).toEqual({ kind: 'destroyed' })
      },
    )

    it('has no effect once both sides have ended', async () => {
      const { near, far } = await open()
      near.connection.setReading(true)
      near.connection.end()
      far.socket.resume()
      await until('our FIN', () => far.ended)
      near.onEnded = () => {
        process.nextTick(() => {
          near.connection.destroy()
        })
      }
      far.socket.end()
      await until('closed', () => near.reason !== undefined)
      expect(near.reason).toEqual({ kind: 'ended' })
    })

    it('works after end, also while a write delays the FIN', async () => {
      const { near } = await open()
      near.connection.end()
      await turns(5)
      near.connection.destroy()
      await until('closed', () => near.reason !== undefined)
      expect(near.reason).toEqual({ kind: 'destroyed' })

      const stuck = await open()
      stuck.near.connection.write([STUCK])
      stuck.near.connection.end()
      await turns(5)
      stuck.near.connection.destroy()
      await until('closed', () => stuck.near.reason !== undefined)
      expect(stuck.near.calls).toEqual(['closed'])
    })
  })

  describe('a failure', () => {
    it('is reported once, with its error', async () => {
      const { near, far } = await open()
      near.connection.setReading(true)
      far.reset()
      await until('closed', () => near.reason !== undefined)
      expect(near.reason).toMatchObject({ kind: 'failed', error: { code: 'ECONNRESET' } })
      await turns(5)
      expect(near.calls).toEqual(['closed'])
    })

    it('never confirms the write that it interrupted', async () => {
      const { near, far } = await open()
      near.connection.setReading(true)
      near.connection.write([STUCK])
      await turns(5)
      far.reset()
      await until('closed', () => near.reason !== undefined)
      await turns(5)
      expect(near.reason).toMatchObject({ kind: 'failed' })
      expect(near.calls).toEqual(['closed'])
    })

    it('is detected by a write while reading is stopped', async () => {
      const { near, far } = await open()
      far.reset()
      await until('far side gone', () => far.closed)
      const write = (): void => {
        near.connection.write([Buffer.alloc(100)])
      }
      near.onWritten = write
      write()
      await until('closed', () => near.reason !== undefined)
      // TLS continues to read up to the size of its buffer.
      const syscall = far.socket instanceof TLSSocket ? 'read' : 'write'
      expect(near.reason).toMatchObject({ kind: 'failed', error: { syscall } })
      expect(near.calls.at(-1)).toBe('closed')
      write()
      near.connection.destroy()
      await turns(5)
      expect(near.calls.filter((call) => call === 'closed')).toEqual(['closed'])
    })
  })
}

describe('a FIN for which the kernel has no room', () => {
  it('does not delay the reset of a destroyed connection', async () => {
    const { at, peers } = await loopback.serve()
    const socket = connect({ host: at.ip, port: at.port, allowHalfOpen: true })
    socket.pause()
    await until('connected', () => peers.length === 1 && !socket.connecting)
    // As if close_notify, which precedes the FIN, waits for room in the send buffer.
    socket._final = () => undefined
    const connection = new TcpConnection(socket, { local: at, remote: at, identities: [] })
    const recorder = loopback.record(new Recorder(connection))
    connection.attach(recorder)
    connection.end()
    connection.destroy()
    await until('closed', () => recorder.reason !== undefined)
    expect(recorder.calls).toEqual(['closed'])
    expect(recorder.reason).toEqual({ kind: 'destroyed' })
    await until(
      'peer cut',
      () => peers[0]?.socket.resume().closed === true || peers[0]?.ended === true,
    )
  })
})
