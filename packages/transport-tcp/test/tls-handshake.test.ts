import { connect as connectTls, type TLSSocket } from 'node:tls'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { TcpTransport } from '../src/index.js'
import { attempt } from './attempt.js'
import {
  CertificateFolder,
  type CertificateWishes,
  type Identity,
  opensslIsMissing,
} from '@commloop/test-support/certificates'
import { Door } from './door.js'
import { Loopback, type Peer, target } from './loopback.js'
import { turns, until } from './until.js'

const DAY_MS = 86_400_000
const HANDSHAKE_MS_MAX = 5000
/** As TLS begins: a record of version 3.1 with 512 bytes, and a ClientHello that never comes to its end. */
const HALF_A_HELLO = Buffer.from('16030102000100', 'hex')

type Tls = Record<string, unknown>
type OpenDoor = Door & { at: NonNullable<Door['at']> }

describe.skipIf(opensslIsMissing('TLS handshakes'))('TLS', () => {
  let folder: CertificateFolder
  let ca: string
  let good: Identity
  let loopback: Loopback

  beforeAll(() => {
    folder = new CertificateFolder()
    ca = folder.authority('authority')
    folder.authority('stranger')
    good = folder.signed('good', 'authority')
  })
  afterAll(() => {
    folder.dispose()
  })
  beforeEach(() => {
    loopback = new Loopback()
  })
  afterEach(async () => {
    vi.restoreAllMocks()
    await loopback.clear()
  })

  function open(tls: Tls = {}, transport?: TcpTransport): Promise<OpenDoor> {
    return Door.open(loopback, { options: { tls: { ...good, ca, ...tls } } }, transport)
  }

  /** Timers of five seconds become due at once when this is called. */
  function heldDeadlines(): () => void {
    const real = globalThis.setTimeout
    const due: (() => void)[] = []
    vi.spyOn(globalThis, 'setTimeout').mockImplementation((run: () => void, ms?: number) => {
      const isDeadline = ms === HANDSHAKE_MS_MAX
      if (isDeadline) due.push(run)
      return real(isDeadline ? () => undefined : run, isDeadline ? 0 : ms)
    })
    return () => {
      expect(due.length).toBeGreaterThan(0)
      for (const run of due.splice(0)) run()
    }
  }

  describe.each(['TLSv1.2', 'TLSv1.3'] as const)('at a listener, by %s', (maxVersion) => {
    /** A foreign client with this certificate or none. */
    async function call(door: OpenDoor, own?: Identity): Promise<Peer> {
      const material = own && { cert: folder.text(own.cert), key: folder.text(own.key) }
      return loopback.callTls(door.at, { ...material, ca: folder.text(ca), maxVersion })
    }

    async function refusal(own?: Identity): Promise<string | undefined> {
      const door = await open()
      const peer = await call(door, own)
      peer.socket.resume()
      await until('refusal', () => door.refusals.length === 1)
      await until('peer cut', () => peer.closed || peer.ended)
      await turns(5)
      expect(door.calls).toEqual(['listening', 'admit', 'refused'])
      expect(door.refusals[0]?.remote).toEqual(door.asked[0])
      return door.refusals[0]?.reason
    }

    it('takes whom the authority has signed, and knows the names', async () => {
      const door = await open()
      const peer = await call(door, good)
      await until('accepted', () => door.taken.length === 1)
      expect(door.calls).toEqual(['listening', 'admit', 'accepted'])
      expect(door.taken[0]?.connection.peer.identities).toEqual([
        'localhost',
        '127.0.0.1',
        '::1',
        folder.fingerprint(good.cert),
      ])
      door.taken[0]?.connection.write([Buffer.from('welcome')])
      peer.socket.resume()
      await until('welcome', () => peer.content.toString() === 'welcome')
    })

    const BAD: readonly [string, CertificateWishes & { readonly authority?: string }, string][] = [
      ['has expired', { toMs: Date.now() - DAY_MS }, 'certificate has expired'],
      ['is not yet valid', { fromMs: Date.now() + DAY_MS }, 'certificate is not yet valid'],
      [
        'is another authority’s',
        { authority: 'stranger' },
        'certificate not signed by any of "ca"',
      ],
      ['is for servers only', { usage: 'serverAuth' }, 'certificate not made for this use'],
    ]
    it.each(BAD)('refuses a certificate that %s', async (_what, wishes, reason) => {
      const own = folder.signed('bad', wishes.authority ?? 'authority', wishes)
      expect(await refusal(own)).toBe(`tls: ${reason}`)
    })

    it('refuses a self-signed certificate, and whoever has none', async () => {
      expect(await refusal(folder.selfSigned('self'))).toBe(
        'tls: self-signed certificate that is not in "ca"',
      )
      expect(await refusal()).toBe('tls: no certificate')
    })

    it('takes a self-signed certificate that is itself in "ca"', async () => {
      const own = folder.selfSigned('pinned')
      const door = await open({ ca: own.cert })
      await call(door, own)
      await until('accepted', () => door.taken.length === 1)
    })

    it('takes anybody where it verifies nobody, and proves nothing', async () => {
      const door = await open({ verifyPeer: false, ca: undefined })
      await call(door)
      await until('accepted', () => door.taken.length === 1)
      await call(door, good)
      await until('accepted', () => door.taken.length === 2)
      expect(door.taken.map(({ connection }) => connection.peer.identities)).toEqual([[], []])
    })

    it('makes each connection prove itself anew', async () => {
      const door = await open()
      const sessions: Buffer[] = []
      const first = await call(door, good)
      first.socket.on('session', (session: Buffer) => sessions.push(session))
      await until('accepted', () => door.taken.length === 1)
      await turns(10)
      const session = sessions.at(-1)
      const material = { cert: folder.text(good.cert), key: folder.text(good.key) }
      const tls = { ...material, ca: folder.text(ca), maxVersion, ...(session && { session }) }
      const second = connectTls({ ...door.at, host: door.at.ip, ...tls })
      second.on('error', () => undefined)
      await until('accepted again', () => door.taken.length === 2)
      expect(second.isSessionReused()).toBe(false)
      second.destroy()
    })
  })

  describe('at a listener', () => {
    it.each([
      ['a frame', Buffer.from('0003616263', 'hex')],
      ['a web request', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
      ['noise', Buffer.alloc(600, 0x81)],
    ])('tells who does not speak TLS: %s', async (_what, bytes) => {
      const door = await open()
      const peer = loopback.call(door.at)
      peer.socket.resume()
      peer.socket.write(bytes)
      await until('refusal', () => door.refusals.length === 1)
      expect(door.refusals[0]?.reason).toBe('tls: the peer does not speak TLS')
      await until('closed', () => peer.closed || peer.ended)
    })

    it('tells who speaks only older TLS', async () => {
      const door = await open({ minVersion: 'TLSv1.3' })
      const tls = { ca: folder.text(ca), maxVersion: 'TLSv1.2' } as const
      const peer = await loopback.callTls(door.at, tls)
      await until('refusal', () => door.refusals.length === 1)
      expect(door.refusals[0]?.reason).toBe('tls: unsupported protocol')
      await until('peer told', () => peer.error !== undefined)
      expect(peer.error?.code).toBe('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION')
    })

    it.each(['end', 'reset'] as const)('hears of a peer that is gone by %s', async (how) => {
      const door = await open()
      const peer = loopback.call(door.at)
      peer.socket.write(HALF_A_HELLO)
      await until('asked', () => door.asked.length === 1)
      await turns(5)
      if (how === 'end') peer.socket.end()
      else peer.reset()
      await until('refusal', () => door.refusals.length === 1)
      expect(door.refusals[0]?.reason).toBe('tls: the peer hung up within the handshake')
      await turns(5)
      expect(door.calls).toEqual(['listening', 'admit', 'refused'])
    })

    it.each([HALF_A_HELLO, Buffer.alloc(0)])(
      'gives a handshake five seconds (%#)',
      async (bytes) => {
        const expire = heldDeadlines()
        const door = await open()
        const peer = loopback.call(door.at)
        peer.socket.resume()
        peer.socket.write(bytes)
        await until('asked', () => door.asked.length === 1)
        await turns(5)
        expect(door.refusals).toEqual([])
        expire()
        expect(door.refusals[0]?.reason).toBe('tls: no handshake within 5s')
        await until('reset', () => peer.closed)
        expect(peer.error?.code).toBe('ECONNRESET')
      },
    )

    it('forgets the deadline once the handshake is done', async () => {
      const expire = heldDeadlines()
      const cleared = vi.spyOn(globalThis, 'clearTimeout')
      const door = await open()
      await loopback.callTls(door.at, { ...textOf(good), ca: folder.text(ca) })
      await until('accepted', () => door.taken.length === 1)
      expect(cleared).toHaveBeenCalled()
      expire()
      await turns(5)
      expect(door.calls).toEqual(['listening', 'admit', 'accepted'])
      expect(door.taken[0]?.reason).toBeUndefined()
    })

    it('has so many handshakes under way at most, and room again when they end', async () => {
      const door = await open({}, new TcpTransport({ handshakes: 2 }))
      const stalled = [loopback.call(door.at), loopback.call(door.at)]
      await until('two under way', () => door.asked.length === 2)
      const third = loopback.call(door.at)
      third.socket.resume()
      await until('third refused', () => third.closed)
      expect(third.error?.code).toBe('ECONNRESET')
      expect(door.refusals.map(({ reason }) => reason)).toEqual([
        'tls: too many handshakes under way',
      ])
      for (const peer of stalled) peer.reset()
      await until('room', () => door.refusals.length === 3)
      await loopback.callTls(door.at, { ...textOf(good), ca: folder.text(ca) })
      await until('accepted', () => door.taken.length === 1)
    })

    it('cuts what is under way when it is closed, and says no more', async () => {
      const door = await open()
      const peer = loopback.call(door.at)
      peer.socket.resume()
      peer.socket.write(HALF_A_HELLO)
      await until('asked', () => door.asked.length === 1)
      door.listener.close()
      await until('reset', () => peer.closed)
      expect(peer.error?.code).toBe('ECONNRESET')
      await turns(5)
      expect(door.calls).toEqual(['listening', 'admit'])
    })

    it('asks for the address before anything of TLS', async () => {
      const door = await open()
      door.admits = () => false
      const peer = loopback.call(door.at)
      peer.socket.resume()
      await until('reset', () => peer.closed)
      expect(peer.receivedBytes).toBe(0)
      expect(door.calls).toEqual(['listening', 'admit'])
    })

    it('destroys who is not wanted after all', async () => {
      const door = await open()
      door.takes = () => false
      const peer = await loopback.callTls(door.at, { ...textOf(good), ca: folder.text(ca) })
      peer.socket.resume()
      await until('gone', () => peer.closed || peer.ended)
      expect(door.calls).toEqual(['listening', 'admit', 'accepted'])
    })
  })

  describe.each(['TLSv1.2', 'TLSv1.3'] as const)('in a dial, by %s', (maxVersion) => {
    /** Names of the peer, or why the dial failed, where a server has this certificate. */
    async function outcomeWith(own: Identity, tls: Tls = {}): Promise<readonly string[] | string> {
      const server = { ...textOf(own), ca: folder.text(ca), maxVersion, requestCert: false }
      const { at } = await loopback.serveTls(server)
      const { opened, errors } = attempt(loopback, target(at, { options: { tls: { ca, ...tls } } }))
      await until('outcome', () => opened.length + errors.length > 0)
      return opened[0]?.connection.peer.identities ?? errors[0]?.message ?? ''
    }

    it('opens where the certificate is for the address, and knows the names', async () => {
      const names = ['localhost', '127.0.0.1', '::1', folder.fingerprint(good.cert)]
      expect(await outcomeWith(good)).toEqual(names)
    })

    const BAD: readonly [string, CertificateWishes & { readonly authority?: string }, string][] = [
      ['has expired', { toMs: Date.now() - DAY_MS }, 'certificate has expired'],
      ['is not yet valid', { fromMs: Date.now() + DAY_MS }, 'certificate is not yet valid'],
      [
        'is another authority’s',
        { authority: 'stranger' },
        'certificate not signed by any of "ca"',
      ],
      ['is for clients only', { usage: 'clientAuth' }, 'certificate not made for this use'],
      [
        'is for somebody else',
        { names: 'DNS:other.example,IP:127.0.0.2' },
        'certificate not for 127.0.0.1, but for DNS:other.example, IP Address:127.0.0.2',
      ],
      [
        'is for nobody but says the address',
        { names: undefined, subject: '127.0.0.1' },
        'certificate not for 127.0.0.1, but for 127.0.0.1',
      ],
    ]
    it.each(BAD)('fails where the certificate %s', async (_what, wishes, reason) => {
      const own = folder.signed('bad', wishes.authority ?? 'authority', wishes)
      expect(await outcomeWith(own)).toBe(`tls: ${reason}`)
    })

    it('fails where the certificate is self-signed, unless it is itself in "ca"', async () => {
      const own = folder.selfSigned('self')
      expect(await outcomeWith(own)).toBe('tls: self-signed certificate that is not in "ca"')
      expect(await outcomeWith(own, { ca: own.cert })).toContain('127.0.0.1')
    })

    it('asks for the name it was given in place of the address', async () => {
      const own = folder.signed('named', 'authority', { names: 'DNS:furnace.example' })
      expect(await outcomeWith(own, { servername: 'furnace.example' })).toContain('furnace.example')
      expect(await outcomeWith(own, { servername: 'other.example' })).toBe(
        'tls: certificate not for other.example, but for DNS:furnace.example',
      )
      expect(await outcomeWith(good, { servername: '127.0.0.1' })).toContain('127.0.0.1')
    })

    it('opens everywhere where it verifies nothing, and proves nothing', async () => {
      const own = folder.selfSigned('self')
      expect(await outcomeWith(own, { verifyPeer: false })).toEqual([])
      expect(await outcomeWith(good, { verifyPeer: false })).toEqual([])
    })

    it('trusts the public authorities where it is told none, and they know nothing of ours', async () => {
      expect(await outcomeWith(good, { ca: undefined })).toMatch(/not signed by any of "ca"/)
    })
  })

  describe('in a dial', () => {
    function dialTls(at: Door['at'], more: Parameters<typeof target>[1] = {}) {
      const options = { tls: { ...good, ca } }
      return attempt(loopback, target(at ?? { ip: '', port: 0 }, { options, ...more }))
    }

    it('asks by name for the host that was dialled', async () => {
      const asked: string[] = []
      const server = {
        ...textOf(good),
        ca: folder.text(ca),
        SNICallback(name: string, done: (error: null) => void) {
          asked.push(name)
          done(null)
        },
      }
      const { at, peers } = await loopback.serveTls(server)
      dialTls({ ip: 'localhost', port: at.port })
      await until('opened', () => peers.length === 1)
      dialTls(at)
      await until('opened', () => peers.length === 2)
      expect(asked).toEqual(['localhost'])
    })

    it.each([
      ['answers with a frame', Buffer.from('000361626300', 'hex')],
      ['answers with a web page', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ])('tells a peer that does not speak TLS: %s', async (_what, bytes) => {
      const { at, peers } = await loopback.serve()
      const { errors } = dialTls(at)
      await until('accepted', () => peers.length === 1)
      peers[0]?.socket.write(bytes)
      await until('failed', () => errors.length === 1)
      expect(errors[0]?.message).toBe('tls: the peer does not speak TLS')
    })

    it.each(['end', 'reset'] as const)('tells a peer that hangs up by %s', async (how) => {
      const { at, peers } = await loopback.serve()
      const { errors } = dialTls(at)
      await until('accepted', () => peers.length === 1)
      const far = peers[0]
      far?.socket.resume()
      await until('hello', () => (far?.receivedBytes ?? 0) > 0)
      if (how === 'end') far?.socket.end()
      else far?.reset()
      await until('failed', () => errors.length === 1)
      expect(errors[0]?.message).toBe(
        'tls: the peer hung up within the handshake: it may not speak TLS, or not accept our certificate',
      )
    })

    it('tells what the peer has against it', async () => {
      const server = { ...textOf(good), ca: folder.text(ca), maxVersion: 'TLSv1.2' as const }
      const { at } = await loopback.serveTls(server)
      const options = { tls: { ca, minVersion: 'TLSv1.3' } }
      const { errors } = dialTls(at, { options })
      await until('failed', () => errors.length === 1)
      expect(errors[0]?.message).toBe('tls: the peer answers: protocol version')
    })

    it('learns only after it has opened, by TLS 1.3, that the peer does not want its certificate', async () => {
      const { at } = await loopback.serveTls({ ...textOf(good), ca: folder.text(ca) })
      const { opened } = dialTls(at, { options: { tls: { ca } } })
      await until('opened', () => opened.length === 1)
      opened[0]?.connection.setReading(true)
      await until('closed', () => opened[0]?.reason !== undefined)
      const error = { message: 'tls: the peer answers: certificate required' }
      expect(opened[0]?.reason).toMatchObject({ kind: 'failed', error })
    })

    it('gives the handshake five seconds', async () => {
      const expire = heldDeadlines()
      const { at, peers } = await loopback.serve()
      const { opened, errors } = dialTls(at)
      await until('accepted', () => peers.length === 1)
      await until('hello', () => (peers[0]?.socket.resume(), peers[0]?.receivedBytes !== 0))
      expire()
      expect(errors[0]).toMatchObject({ code: 'CML_ERR_DIAL_TIMEOUT' })
      expect(errors[0]?.message).toMatch(/did not finish the TLS handshake within 5s$/)
      await until('hung up', () => peers[0]?.closed === true || peers[0]?.ended === true)
      expect([opened.length, errors.length]).toEqual([0, 1])
    })

    it('gives it no more than is left of the whole', async () => {
      const { at, peers } = await loopback.serve()
      const { errors } = dialTls(at, { timeoutMs: 1000 })
      await until('failed', () => errors.length === 1)
      expect(errors[0]?.message).toMatch(/did not finish the TLS handshake within (1s|\d+ms)$/)
      expect(peers.length).toBe(1)
    })

    it('gives up at any moment when it is cancelled', async () => {
      const server = { ...textOf(good), ca: folder.text(ca) }
      for (let wait = 0; wait < 8; wait++) {
        const { at } = await loopback.serveTls(server)
        const { dial, opened, errors } = dialTls(at)
        await turns(wait)
        const known = opened.length
        dial.cancel()
        await turns(20)
        expect([opened.length, errors.length]).toEqual([known, 0])
      }
    })

    it('reads the files anew each time, so that renewed certificates come into use', async () => {
      const { at } = await loopback.serveTls({ ...textOf(good), ca: folder.text(ca) })
      const file = folder.file('trust.pem', folder.text(folder.selfSigned('else').cert))
      const options = { tls: { ...good, ca: file } }
      const first = dialTls(at, { options })
      await until('failed', () => first.errors.length === 1)
      folder.file('trust.pem', folder.text(ca))
      const second = dialTls(at, { options })
      await until('opened', () => second.opened.length === 1)
    })

    it('fails for options that cannot be', async () => {
      const { at } = await loopback.serve()
      const { errors } = dialTls(at, { options: { tls: { caFile: 'x' } } })
      await until('failed', () => errors.length === 1)
      expect(errors[0]).toMatchObject({ code: 'CML_ERR_CONFIG_INVALID' })
    })
  })

  it('lets nobody shake hands a second time on one connection', async () => {
    const door = await open()
    const material = { ...textOf(good), ca: folder.text(ca), maxVersion: 'TLSv1.2' as const }
    const peer = await loopback.callTls(door.at, material)
    const socket = peer.socket as TLSSocket
    let isSecure = false
    socket.on('secureConnect', () => (isSecure = true))
    await until('handshake', () => door.taken.length === 1 && isSecure)
    socket.renegotiate({ rejectUnauthorized: true }, () => undefined)
    await until('answer', () => peer.error !== undefined)
    expect(peer.error).toMatchObject({ code: 'ERR_SSL_NO_RENEGOTIATION' })
  })

  it('joins two transports of ours, both ends with a name', async () => {
    const furnace = folder.signed('furnace', 'authority', { names: 'DNS:furnace.example' })
    const door = await open()
    const options = { tls: { ...furnace, ca } }
    const { opened } = attempt(loopback, target(door.at, { options }))
    await until('both', () => opened.length === 1 && door.taken.length === 1)
    expect(opened[0]?.connection.peer.identities).toContain('127.0.0.1')
    expect(door.taken[0]?.connection.peer.identities).toEqual([
      'furnace.example',
      folder.fingerprint(furnace.cert),
    ])
  })

  it.each(['dialled', 'accepted'] as const)(
    'ends a connection that was %s once a forged record comes',
    async (how) => {
      const { near, far } = await loopback[how](new TcpTransport(), {
        ...textOf(good),
        ca: folder.text(ca),
      })
      near.connection.setReading(true)
      far.socket.write('right')
      await until('right', () => near.content.toString() === 'right')
      // As a record, and with a check sum that cannot be right.
      far.writeBelow(Buffer.from(`1703030020${'00'.repeat(32)}`, 'hex'))
      await until('closed', () => near.reason !== undefined)
      const error = { message: 'tls: decryption failed or bad record mac' }
      expect(near.reason).toMatchObject({ kind: 'failed', error })
      expect(near.calls).toEqual(['received', 'closed'])
      expect(near.content.toString()).toBe('right')
    },
  )

  // Node 20 reports the notice that TLS has for the end, and a FIN that anybody can forge, alike.
  it.each(['dialled', 'accepted'] as const)(
    'takes a bare FIN for the end of a connection that was %s, and still answers',
    async (how) => {
      const material = { ...textOf(good), ca: folder.text(ca) }
      const { near, far } = await loopback[how](new TcpTransport(), material)
      near.connection.setReading(true)
      far.socket.write('last words')
      await until('last words', () => near.receivedBytes === 10)
      far.endBelow()
      await until('ended', () => near.calls.includes('ended'))
      far.socket.resume()
      near.connection.write([Buffer.from('answer')])
      await until('answer', () => far.content.toString() === 'answer')
      near.connection.end()
      await until('closed', () => near.reason !== undefined)
      expect(near.calls).toEqual(['received', 'ended', 'written', 'closed'])
      expect(near.reason).toEqual({ kind: 'ended' })
    },
  )

  it('fails to listen with options that cannot be', async () => {
    const door = new Door(loopback, { options: { tls: { cert: good.cert } } })
    await until('failed', () => door.error !== undefined)
    expect(door.error?.code).toBe('CML_ERR_CONFIG_INVALID')
    expect(door.error?.message).toContain('listen: tls.key: needed where "cert" is given')
  })

  function textOf({ cert, key }: Identity): { cert: string; key: string } {
    return { cert: folder.text(cert), key: folder.text(key) }
  }
})
