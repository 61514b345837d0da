import { connect as connectTls, type TLSSocket } from 'node:tls'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  CertificateFolder,
  type Identity,
  opensslIsMissing,
} from '@commloop/test-support/certificates'
import { TcpTransport } from '../src/index.js'
import { Loopback, type Peer } from './loopback.js'
import { TestListener } from './test-listener.js'
import { turns, until } from './until.js'

const TOO_MANY = 'tls: too many unfinished handshakes'
const DISPLACED = 'tls: its unfinished handshake gave way to another connection'
const SILENT_MS_MAX = 2_000
/** A record of 512 bytes, and a ClientHello that is never completed. */
const HALF_A_HELLO = Buffer.from('16030102000100', 'hex')

type OpenListener = TestListener & { at: NonNullable<TestListener['at']> }

describe.skipIf(opensslIsMissing('shares of TLS handshakes'))('unfinished TLS handshakes', () => {
  let folder: CertificateFolder
  let ca: string
  let good: Identity
  let loopback: Loopback

  beforeAll(() => {
    folder = new CertificateFolder()
    ca = folder.authority('authority')
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

  function open(handshakes: number, more: Record<string, unknown> = {}): Promise<OpenListener> {
    const options = { tls: { ...good, ca }, ...more }
    return TestListener.open(loopback, { options }, new TcpTransport({ handshakes }))
  }

  /** Silent connections of one address, all of them accepted. */
  async function silent(listener: OpenListener, from: string, count: number): Promise<Peer[]> {
    const before = listener.asked.length
    const peers = Array.from({ length: count }, () => loopback.call(listener.at, from))
    for (const { socket } of peers) socket.resume()
    await until('all accepted', () => listener.asked.length === before + count)
    await turns(2)
    return peers
  }

  function own(): Record<string, string> {
    return { cert: folder.text(good.cert), key: folder.text(good.key), ca: folder.text(ca) }
  }

  /** A handshake of this address that completes if the listener lets it. */
  function shake(listener: OpenListener, from: string): TLSSocket {
    const below = loopback.call(listener.at, from).socket
    return connectTls({ ...own(), socket: below, host: '127.0.0.1' }).on('error', () => undefined)
  }

  it('of one address give way to those of another one, the oldest first', async () => {
    const listener = await open(8)
    const flood = await silent(listener, '127.0.0.2', 12)
    const refused = listener.refusals.length
    const port = flood[0]?.port
    expect(listener.refusals.every(({ reason }) => reason === TOO_MANY)).toBe(true)
    shake(listener, '127.0.0.3')
    await until('another address accepted', () => listener.taken.length === 1)
    expect(listener.refusals.slice(refused)).toEqual([
      { remote: { ip: '127.0.0.2', port }, reason: DISPLACED },
    ])
    await until('the oldest reset', () => flood[0]?.closed === true)
    expect(flood[1]?.closed).toBe(false)
  })

  it('of an entry give way to those of another one, however many addresses it has', async () => {
    const listener = await open(8)
    listener.shareOf = ({ ip }) => (ip === '127.0.9.1' ? 'single' : 'range')
    for (let at = 1; at <= 7; at++) await silent(listener, `127.0.8.${String(at)}`, 1)
    shake(listener, '127.0.8.20')
    await until('an address of the range refused', () => listener.refusals.length === 1)
    shake(listener, '127.0.9.1')
    await until('the other entry accepted', () => listener.taken.length === 1)
    expect(listener.refusals.map(({ reason }) => reason)).toEqual([TOO_MANY, DISPLACED])
  })

  it('of silent peers give way to other peers behind the same address after 2 s', async () => {
    const listener = await open(4)
    const flood = await silent(listener, '127.0.0.2', 6)
    const refused = listener.refusals.length
    const now = performance.now.bind(performance)
    vi.spyOn(performance, 'now').mockImplementation(() => now() + SILENT_MS_MAX)
    shake(listener, '127.0.0.2')
    await until('accepted', () => listener.taken.length === 1)
    expect(listener.refusals.slice(refused).map(({ reason }) => reason)).toEqual([DISPLACED])
    await until('the oldest reset', () => flood[0]?.closed === true)
  })

  it('of peers that have sent a byte are not silent', async () => {
    const listener = await open(4)
    const flood = await silent(listener, '127.0.0.2', 4)
    for (const peer of flood) peer.socket.write(HALF_A_HELLO)
    await turns(20)
    const now = performance.now.bind(performance)
    vi.spyOn(performance, 'now').mockImplementation(() => now() + SILENT_MS_MAX)
    const late = shake(listener, '127.0.0.2')
    await until('refused', () => late.destroyed)
    expect(flood.some(({ closed }) => closed)).toBe(false)
    expect(listener.refusals.map(({ reason }) => reason)).toEqual([TOO_MANY])
  })

  it('that failed leave an address half of the places', async () => {
    const listener = await open(8)
    const [failing] = await silent(listener, '127.0.0.2', 1)
    failing?.reset()
    await until('failed', () => listener.refusals.length === 1)
    await silent(listener, '127.0.0.2', 8)
    await until('half refused', () => listener.refusals.length === 5)
    await silent(listener, '127.0.0.3', 3)
    expect(listener.refusals).toHaveLength(5)
  })

  it('that succeeded put an address before others', async () => {
    const listener = await open(8)
    shake(listener, '127.0.0.2')
    await until('accepted', () => listener.taken.length === 1)
    for (let at = 1; at <= 7; at++) await silent(listener, `127.0.8.${String(at)}`, 1)
    await silent(listener, '127.0.8.20', 1)
    expect(listener.refusals.map(({ reason }) => reason)).toEqual([TOO_MANY])
    shake(listener, '127.0.0.2')
    await until('accepted again', () => listener.taken.length === 2)
    expect(listener.refusals).toHaveLength(1)
  })

  it('are free again after any number of peers that came and went', async () => {
    const listener = await open(3)
    for (let round = 0; round < 5; round++) {
      const peers = await silent(listener, `127.0.0.${String(2 + round)}`, 6)
      for (const peer of peers) peer.reset()
      await turns(20)
    }
    shake(listener, '127.0.0.200')
    await until('accepted', () => listener.taken.length === 1)
  })

  describe('behind a header of the PROXY protocol', () => {
    const HEADER = 'PROXY TCP4 203.0.113.7 127.0.0.1 40000 8000\r\n'

    /** Sends the header, and then the handshake over the same connection. */
    async function behind(listener: OpenListener, header: string): Promise<TLSSocket> {
      const below = loopback.call(listener.at, '127.0.0.9').socket
      below.write(header)
      await turns(1)
      return connectTls({ ...own(), socket: below, host: '127.0.0.1' }).on('error', () => undefined)
    }

    it('have the address of the peer, and carry bytes both ways', async () => {
      const listener = await open(4, { proxyProtocol: { from: ['127.0.0.9'] } })
      const client = await behind(listener, HEADER)
      await until('accepted', () => listener.taken.length === 1)
      const taken = listener.taken[0]
      expect(taken?.connection.peer).toMatchObject({
        remote: { ip: '203.0.113.7', port: 40_000 },
        proxy: { ip: '127.0.0.9' },
      })
      expect(taken?.connection.peer.identities).toContain('localhost')
      taken?.connection.setReading(true)
      client.write('to the node')
      await until('received', () => taken?.content.toString() === 'to the node')
    })

    it('are shared by the address that the header tells', async () => {
      const listener = await open(8, { proxyProtocol: { from: ['127.0.0.9'] } })
      const flood = Array.from({ length: 7 }, () => loopback.call(listener.at, '127.0.0.9'))
      for (const { socket } of flood) socket.resume().write(HEADER)
      await until('all told', () => listener.asked.length === 7)
      await behind(listener, HEADER.replace('203.0.113.7', '203.0.113.8'))
      await until('accepted', () => listener.taken.length === 1)
      expect(listener.refusals).toMatchObject([
        { remote: { ip: '203.0.113.7' }, reason: DISPLACED },
      ])
    })

    it('are refused with the reason of TLS if the peer does not speak it', async () => {
      const listener = await open(4, { proxyProtocol: { from: ['127.0.0.9'] } })
      const peer = loopback.call(listener.at, '127.0.0.9')
      peer.socket.resume().write(`${HEADER}plain text, and more of it`)
      await until('refused', () => listener.refusals.length === 1)
      expect(listener.refusals[0]).toMatchObject({
        remote: { ip: '203.0.113.7' },
        reason: 'tls: the peer does not speak TLS',
      })
    })
  })
})

describe('connections of balancers without a header', () => {
  let loopback: Loopback

  beforeEach(() => {
    loopback = new Loopback()
  })
  afterEach(async () => {
    vi.restoreAllMocks()
    await loopback.clear()
  })

  const open = (handshakes: number): Promise<OpenListener> =>
    TestListener.open(
      loopback,
      { options: { proxyProtocol: { from: ['127.0.0.8/31'] } } },
      new TcpTransport({ handshakes }),
    )

  it('give way to those of another balancer, the oldest first', async () => {
    const listener = await open(4)
    const flood: Peer[] = []
    for (let at = 0; at < 4; at++) {
      const peer = loopback.call(listener.at, '127.0.0.8')
      peer.socket.resume()
      flood.push(peer)
      await until('connected', () => peer.port > 0)
      await turns(2)
    }
    const other = loopback.call(listener.at, '127.0.0.9')
    other.socket.resume().write('PROXY TCP4 203.0.113.7 127.0.0.1 40000 8000\r\n')
    await until('opened', () => listener.taken.length === 1)
    await until('one displaced', () => flood.filter(({ closed }) => closed).length === 1)
    expect(listener.refusals).toMatchObject([
      {
        remote: { ip: '127.0.0.8' },
        reason: 'PROXY protocol: its connection without a header gave way to another one',
      },
    ])
  })

  it('give way to others of the same balancer if they were silent for 2 s', async () => {
    const listener = await open(2)
    const flood = [loopback.call(listener.at, '127.0.0.8'), loopback.call(listener.at, '127.0.0.8')]
    for (const { socket } of flood) socket.resume()
    await until('both connected', () => flood.every(({ port }) => port > 0))
    await turns(5)
    const late = loopback.call(listener.at, '127.0.0.8')
    late.socket.resume()
    await until('refused', () => listener.refusals.length === 1)
    const now = performance.now.bind(performance)
    vi.spyOn(performance, 'now').mockImplementation(() => now() + SILENT_MS_MAX)
    const other = loopback.call(listener.at, '127.0.0.8')
    other.socket.resume().write('PROXY TCP4 203.0.113.7 127.0.0.1 40000 8000\r\n')
    await until('opened', () => listener.taken.length === 1)
  })
})
