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
import { TestListener } from './test-listener.js'
import { Loopback, type Peer, target } from './loopback.js'
import { turns, until } from './until.js'

const DAY_MS = 86_400_000
const HANDSHAKE_MS_MAX = 5000
/** The start of TLS: a record of version 3.1 with 512 bytes, and a ClientHello that is never completed. */
const HALF_A_HELLO = Buffer.from('16030102000100', 'hex')

type Tls = Record<string, unknown>
type OpenListener = TestListener & { at: NonNullable<TestListener['at']> }

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

  function open(tls: Tls = {}, transport?: TcpTransport): Promise<OpenListener> {
    return TestListener.open(loopback, { options: { tls: { ...good, ca, ...tls } } }, transport)
  }

  /** Holds timers of five seconds, and returns a function that runs them. */
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
    /** A client with this certificate, or without one. */
    async function call(listener: OpenListener, own?: Identity): Promise<Peer> {
      const material = own && { cert: folder.text(own.cert), key: folder.text(own.key) }
      return loopback.callTls(listener.at, { ...material, ca: folder.text(ca), maxVersion })
    }

    async function refusal(own?: Identity): Promise<string | undefined> {
      const listener = await open()
      const peer = await call(listener, own)
      peer.socket.resume()
      await until('refusal', () => listener.refusals.length === 1)
      await until('peer cut', () => peer.closed || peer.ended)
      await turns(5)
      expect(listener.calls).toEqual(['listening', 'admit', 'refused'])
      expect(listener.refusals[0]?.remote).toEqual(listener.asked[0])
      return listener.refusals[0]?.reason
    }

    it('accepts a certificate that the authority has signed, and reads its names', async () => {
      const listener = await open()
      const peer = await call(listener, good)
      await until('accepted', () => listener.taken.length === 1)
      expect(listener.calls).toEqual(['listening', 'admit', 'accepted'])
      expect(listener.taken[0]?.connection.peer.identities).toEqual([
        'localhost',
        '127.0.0.1',
        '::1',
        folder.fingerprint(good.cert),
      ])
      listener.taken[0]?.connection.write([Buffer.from('welcome')])
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
      ['is for servers only', { usage: 'serverAuth' }, 'certificate is not valid for this purpose'],
    ]
    it.each(BAD)('rejects a certificate that %s', async (_what, wishes, reason) => {
      const own = folder.signed('bad', wishes.authority ?? 'authority', wishes)
      expect(await refusal(own)).toBe(`tls: ${reason}`)
    })

    it('rejects a self-signed certificate, and a peer without one', async () => {
      expect(await refusal(folder.selfSigned('self'))).toBe(
        'tls: self-signed certificate that is not in "ca"',
      )
      expect(await refusal()).toBe('tls: no certificate')
    })

    it('accepts a self-signed certificate that is in "ca"', async () => {
      const own = folder.selfSigned('pinned')
      const listener = await open({ ca: own.cert })
      await call(listener, own)
      await until('accepted', () => listener.taken.length === 1)
    })

    it('accepts any peer without verifyPeer, and proves no name', async () => {
      const listener = await open({ verifyPeer: false, ca: undefined })
      await call(listener)
      await until('accepted', () => listener.taken.length === 1)
      await call(listener, good)
      await until('accepted', () => listener.taken.length === 2)
      expect(listener.taken.map(({ connection }) => connection.peer.identities)).toEqual([[], []])
    })

    it('verifies every connection, without resuming sessions', async () => {
      const listener = await open()
      const sessions: Buffer[] = []
      const first = await call(listener, good)
      first.socket.on('session', (session: Buffer) => sessions.push(session))
      await until('accepted', () => listener.taken.length === 1)
      await turns(10)
      const session = sessions.at(-1)
      const material = { cert: folder.text(good.cert), key: folder.text(good.key) }
      const tls = { ...material, ca: folder.text(ca), maxVersion, ...(session && { session }) }
      const second = connectTls({ ...listener.at, host: listener.at.ip, ...tls })
      second.on('error', () => undefined)
      await until('accepted again', () => listener.taken.length === 2)
      expect(second.isSessionReused()).toBe(false)
      second.destroy()
    })
  })

  describe('at a listener', () => {
    it.each([
      ['a frame', Buffer.from('0003616263', 'hex')],
      ['a web request', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
      ['noise', Buffer.alloc(600, 0x81)],
    ])('reports a peer that does not speak TLS: %s', async (_what, bytes) => {
      const listener = await open()
      const peer = loopback.call(listener.at)
      peer.socket.resume()
      peer.socket.write(bytes)
      await until('refusal', () => listener.refusals.length === 1)
      expect(listener.refusals[0]?.reason).toBe('tls: the peer does not speak TLS')
      await until('closed', () => peer.closed || peer.ended)
    })

    it('reports a peer that speaks only older TLS', async () => {
      const listener = await open({ minVersion: 'TLSv1.3' })
      const tls = { ca: folder.text(ca), maxVersion: 'TLSv1.2' } as const
      const peer = await loopback.callTls(listener.at, tls)
      await until('refusal', () => listener.refusals.length === 1)
      expect(listener.refusals[0]?.reason).toBe('tls: unsupported protocol')
      await until('peer told', () => peer.error !== undefined)
      expect(peer.error?.code).toBe('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION')
    })

    it.each(['end', 'reset'] as const)('reports a peer that leaves by %s', async (how) => {
      const listener = await open()
      const peer = loopback.call(listener.at)
      peer.socket.write(HALF_A_HELLO)
      await until('asked', () => listener.asked.length === 1)
      await turns(5)
      if (how === 'end') peer.socket.end()
      else peer.reset()
      await until('refusal', () => listener.refusals.length === 1)
      expect(listener.refusals[0]?.reason).toBe(
        'tls: the peer closed the connection during the handshake',
      )
      await turns(5)
      expect(listener.calls).toEqual(['listening', 'admit', 'refused'])
    })

    it.each([HALF_A_HELLO, Buffer.alloc(0)])(
      'gives a handshake five seconds (%#)',
      async (bytes) => {
        const expire = heldDeadlines()
        const listener = await open()
        const peer = loopback.call(listener.at)
        peer.socket.resume()
        peer.socket.write(bytes)
        await until('asked', () => listener.asked.length === 1)
        await turns(5)
        expect(listener.refusals).toEqual([])
        expire()
        await until('refused', () => listener.refusals.length === 1)
        expect(listener.refusals[0]?.reason).toBe('tls: no handshake within 5s')
        await until('reset', () => peer.closed)
        expect(peer.error?.code).toBe('ECONNRESET')
      },
    )

    it('stops the timeout once the handshake is complete', async () => {
      const expire = heldDeadlines()
      const cleared = vi.spyOn(globalThis, 'clearTimeout')
      const listener = await open()
      await loopback.callTls(listener.at, { ...textOf(good), ca: folder.text(ca) })
      await until('accepted', () => listener.taken.length === 1)
      expect(cleared).toHaveBeenCalled()
      expire()
      await turns(5)
      expect(listener.calls).toEqual(['listening', 'admit', 'accepted'])
      expect(listener.taken[0]?.reason).toBeUndefined()
    })

    it('limits unfinished handshakes, and accepts again when they end', async () => {
      const listener = await open({}, new TcpTransport({ handshakes: 2 }))
      const stalled = [loopback.call(listener.at), loopback.call(listener.at)]
      await until('two under way', () => listener.asked.length === 2)
      const third = loopback.call(listener.at)
      third.socket.resume()
      await until('third refused', () => third.closed)
      expect(third.error?.code).toBe('ECONNRESET')
      expect(listener.refusals.map(({ reason }) => reason)).toEqual([
        'tls: too many unfinished handshakes',
      ])
      for (const peer of stalled) peer.reset()
      await until('room', () => listener.refusals.length === 3)
      await loopback.callTls(listener.at, { ...textOf(good), ca: folder.text(ca) })
      await until('accepted', () => listener.taken.length === 1)
    })

    it('resets unfinished handshakes when it is closed, without reporting them', async () => {
      const listener = await open()
      const peer = loopback.call(listener.at)
      peer.socket.resume()
      peer.socket.write(HALF_A_HELLO)
      await until('asked', () => listener.asked.length === 1)
      listener.listener.close()
      await until('reset', () => peer.closed)
      expect(peer.error?.code).toBe('ECONNRESET')
      await turns(5)
      expect(listener.calls).toEqual(['listening', 'admit'])
    })

    it('calls admit before the handshake', async () => {
      const listener = await open()
      listener.admits = () => false
      const peer = loopback.call(listener.at)
      peer.socket.resume()
      await until('reset', () => peer.closed)
      expect(peer.receivedBytes).toBe(0)
      expect(listener.calls).toEqual(['listening', 'admit'])
    })

    it('destroys a connection that accepted rejects', async () => {
      const listener = await open()
      listener.takes = () => false
      const peer = await loopback.callTls(listener.at, { ...textOf(good), ca: folder.text(ca) })
      peer.socket.resume()
      await until('gone', () => peer.closed || peer.ended)
      expect(listener.calls).toEqual(['listening', 'admit', 'accepted'])
    })
  })

  describe.each(['TLSv1.2', 'TLSv1.3'] as const)('in a dial, by %s', (maxVersion) => {
    /** Dials a server with this certificate: the names of the peer, or why the dial failed. */
    async function outcomeWith(own: Identity, tls: Tls = {}): Promise<readonly string[] | string> {
      const server = { ...textOf(own), ca: folder.text(ca), maxVersion, requestCert: false }
      const { at } = await loopback.serveTls(server)
      const { opened, errors } = attempt(loopback, target(at, { options: { tls: { ca, ...tls } } }))
      await until('outcome', () => opened.length + errors.length > 0)
      return opened[0]?.connection.peer.identities ?? errors[0]?.message ?? ''
    }

    it('opens if the certificate is for the address, and reads its names', async () => {
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
      ['is for clients only', { usage: 'clientAuth' }, 'certificate is not valid for this purpose'],
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
    it.each(BAD)('fails if the certificate %s', async (_what, wishes, reason) => {
      const own = folder.signed('bad', wishes.authority ?? 'authority', wishes)
      expect(await outcomeWith(own)).toBe(`tls: ${reason}`)
    })

    it('fails if the certificate is self-signed and not in "ca"', async () => {
      const own = folder.selfSigned('self')
      expect(await outcomeWith(own)).toBe('tls: self-signed certificate that is not in "ca"')
      expect(await outcomeWith(own, { ca: own.cert })).toContain('127.0.0.1')
    })

    it('requires the given name instead of the address', async () => {
      const own = folder.signed('named', 'authority', { names: 'DNS:furnace.example' })
      expect(await outcomeWith(own, { servername: 'furnace.example' })).toContain('furnace.example')
      expect(await outcomeWith(own, { servername: 'other.example' })).toBe(
        'tls: certificate not for other.example, but for DNS:furnace.example',
      )
      expect(await outcomeWith(good, { servername: '127.0.0.1' })).toContain('127.0.0.1')
    })

    it('opens to any server without verifyPeer, and proves no name', async () => {
      const own = folder.selfSigned('self')
      expect(await outcomeWith(own, { verifyPeer: false })).toEqual([])
      expect(await outcomeWith(good, { verifyPeer: false })).toEqual([])
    })

    it('trusts the public authorities by default, and these did not sign ours', async () => {
      expect(await outcomeWith(good, { ca: undefined })).toMatch(/not signed by any of "ca"/)
    })
  })

  describe('in a dial', () => {
    function dialTls(at: TestListener['at'], more: Parameters<typeof target>[1] = {}) {
      const options = { tls: { ...good, ca } }
      return attempt(loopback, target(at ?? { ip: '', port: 0 }, { options, ...more }))
    }

    it('sends the dialled host as the server name', async () => {
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
    ])('reports a peer that does not speak TLS: %s', async (_what, bytes) => {
      const { at, peers } = await loopback.serve()
      const { errors } = dialTls(at)
      await until('accepted', () => peers.length === 1)
      peers[0]?.socket.write(bytes)
      await until('failed', () => errors.length === 1)
      expect(errors[0]?.message).toBe('tls: the peer does not speak TLS')
    })

    it.each(['end', 'reset'] as const)('reports a peer that leaves by %s', async (how) => {
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
        'tls: the peer closed the connection during the handshake: it may not speak TLS, or not accept our certificate',
      )
    })

    it('reports the alert of the peer', async () => {
      const server = { ...textOf(good), ca: folder.text(ca), maxVersion: 'TLSv1.2' as const }
      const { at } = await loopback.serveTls(server)
      const options = { tls: { ca, minVersion: 'TLSv1.3' } }
      const { errors } = dialTls(at, { options })
      await until('failed', () => errors.length === 1)
      expect(errors[0]?.message).toBe('tls: the peer sent an alert: protocol version')
    })

    it('learns with TLS 1.3 only after it has opened that the peer rejects its certificate', async () => {
      const { at } = await loopback.serveTls({ ...textOf(good), ca: folder.text(ca) })
      const { opened } = dialTls(at, { options: { tls: { ca } } })
      await until('opened', () => opened.length === 1)
      opened[0]?.connection.setReading(true)
      await until('closed', () => opened[0]?.reason !== undefined)
      const error = { message: 'tls: the peer sent an alert: certificate required' }
      expect(opened[0]?.reason).toMatchObject({ kind: 'failed', error })
    })

    it('allows five seconds for the handshake', async () => {
      const expire = heldDeadlines()
      const { at, peers } = await loopback.serve()
      const { opened, errors } = dialTls(at)
      await until('accepted', () => peers.length === 1)
      await until('hello', () => (peers[0]?.socket.resume(), peers[0]?.receivedBytes !== 0))
      expire()
      await until('failed', () => errors.length === 1)
      expect(errors[0]).toMatchObject({ code: 'CML_ERR_DIAL_TIMEOUT' })
      expect(errors[0]?.message).toMatch(/did not finish the TLS handshake within 5s$/)
      await until('hung up', () => peers[0]?.closed === true || peers[0]?.ended === true)
      expect([opened.length, errors.length]).toEqual([0, 1])
    })

    it('allows no more than the rest of the timeout', async () => {
      const { at, peers } = await loopback.serve()
      const { errors } = dialTls(at, { timeoutMs: 1000 })
      await until('failed', () => errors.length === 1)
      expect(errors[0]?.message).toMatch(/did not finish the TLS handshake within (1s|\d+ms)$/)
      expect(peers.length).toBe(1)
    })

    it('can be cancelled at any moment', async () => {
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

    it('reads the files for each dial, so that renewed certificates are used', async () => {
      const { at } = await loopback.serveTls({ ...textOf(good), ca: folder.text(ca) })
      const file = folder.file('trust.pem', folder.text(folder.selfSigned('else').cert))
      const options = { tls: { ...good, ca: file } }
      const first = dialTls(at, { options })
      await until('failed', () => first.errors.length === 1)
      folder.file('trust.pem', folder.text(ca))
      const second = dialTls(at, { options })
      await until('opened', () => second.opened.length === 1)
    })

    it('fails for invalid options', async () => {
      const { at } = await loopback.serve()
      const { errors } = dialTls(at, { options: { tls: { caFile: 'x' } } })
      await until('failed', () => errors.length === 1)
      expect(errors[0]).toMatchObject({ code: 'CML_ERR_CONFIG_INVALID' })
    })
  })

  it('does not allow renegotiation', async () => {
    const listener = await open()
    const material = { ...textOf(good), ca: folder.text(ca), maxVersion: 'TLSv1.2' as const }
    const peer = await loopback.callTls(listener.at, material)
    const socket = peer.socket as TLSSocket
    let isSecure = false
    socket.on('secureConnect', () => (isSecure = true))
    await until('handshake', () => listener.taken.length === 1 && isSecure)
    socket.renegotiate({ rejectUnauthorized: true }, () => undefined)
    await until('answer', () => peer.error !== undefined)
    expect(peer.error).toMatchObject({ code: 'ERR_SSL_NO_RENEGOTIATION' })
  })

  it('connects two of these transports, both with a name', async () => {
    const furnace = folder.signed('furnace', 'authority', { names: 'DNS:furnace.example' })
    const listener = await open()
    const options = { tls: { ...furnace, ca } }
    const { opened } = attempt(loopback, target(listener.at, { options }))
    await until('both', () => opened.length === 1 && listener.taken.length === 1)
    expect(opened[0]?.connection.peer.identities).toContain('127.0.0.1')
    expect(listener.taken[0]?.connection.peer.identities).toEqual([
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
      // A record whose checksum cannot be right.
      far.writeBelow(Buffer.from(`1703030020${'00'.repeat(32)}`, 'hex'))
      await until('closed', () => near.reason !== undefined)
      const error = { message: 'tls: decryption failed or bad record mac' }
      expect(near.reason).toMatchObject({ kind: 'failed', error })
      expect(near.calls).toEqual(['received', 'closed'])
      expect(near.content.toString()).toBe('right')
    },
  )

  // Node 20 does not distinguish close_notify from a FIN, which can be forged.
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

  it('fails to listen with invalid options', async () => {
    const listener = new TestListener(loopback, { options: { tls: { cert: good.cert } } })
    await until('failed', () => listener.error !== undefined)
    expect(listener.error?.code).toBe('CML_ERR_CONFIG_INVALID')
    expect(listener.error?.message).toContain('listen: tls.key: required because "cert" is set')
  })

  function textOf({ cert, key }: Identity): { cert: string; key: string } {
    return { cert: folder.text(cert), key: folder.text(key) }
  }
})
