import { connect, createServer, type Server, type Socket } from 'node:net'
import {
  connect as connectTls,
  type ConnectionOptions,
  createServer as createTlsServer,
  type TlsOptions,
} from 'node:tls'
import type { Address, DialTarget, Listener, Transport } from '@commloop/core'
import { Recorder } from './recorder.js'
import { turns, until } from './until.js'

/**
 * After a handshake the accepting side sends tickets. libuv reports a reset that arrives together with them as an end, so
 * tests of resets let the tickets pass first.
 */
const TICKET_TURNS = 5

/** A plain Node socket at the other side, with or without TLS, and what it received. */
export class Peer {
  readonly socket: Socket
  readonly #tcp: Socket
  readonly chunks: Buffer[] = []
  ended = false
  closed = false
  error: NodeJS.ErrnoException | undefined

  constructor(socket: Socket, tcp = socket) {
    this.socket = socket
    this.#tcp = tcp
    socket.pause()
    socket.on('data', (chunk: Buffer) => {
      this.chunks.push(chunk)
    })
    socket.on('end', () => {
      this.ended = true
    })
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.error = error
    })
    socket.on('close', () => {
      this.closed = true
    })
  }

  reset(): void {
    this.#tcp.resetAndDestroy()
  }

  /** Sends bytes without TLS. */
  writeBelow(bytes: Uint8Array): void {
    this.#tcp.write(bytes)
  }

  /** Ends the connection without close_notify. */
  endBelow(): void {
    this.#tcp.end()
  }

  get content(): Buffer {
    return Buffer.concat(this.chunks)
  }

  get receivedBytes(): number {
    return this.chunks.reduce((sum, chunk) => sum + chunk.length, 0)
  }

  get port(): number {
    return this.socket.localPort ?? 0
  }
}

/** TLS material for both sides: PEM text, and options of the transport. */
export interface TlsMaterial {
  readonly cert: string
  readonly key: string
  readonly ca: string
}

/** A recorder and the plain socket that it is connected to. */
export interface Pair {
  readonly near: Recorder
  readonly far: Peer
}

/** Sockets, servers and listeners of one test, all of them closed by `clear`. */
export class Loopback {
  readonly #servers: Server[] = []
  readonly #sockets: Socket[] = []
  readonly #listeners: Listener[] = []
  readonly #near: Recorder[] = []

  /** A plain server that accepts every connection. */
  async serve(host = '127.0.0.1', port = 0): Promise<{ at: Address; peers: Peer[] }> {
    const peers: Peer[] = []
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
      this.#sockets.push(socket)
      peers.push(new Peer(socket))
    })
    this.#servers.push(server)
    server.listen(port, host)
    await until('plain server listening', () => server.listening)
    const at = server.address()
    if (at === null || typeof at === 'string') throw new Error('no address')
    return { at: { ip: at.address, port: at.port }, peers }
  }

  /** An address of this machine where no program listens, and none will. */
  async deserted(ip = '127.0.0.1'): Promise<Address> {
    const { at } = await this.serve(ip)
    const server = this.#servers.at(-1)
    server?.close()
    await until('plain server closed', () => server?.listening === false)
    return at
  }

  /** A plain socket that dials. */
  call(at: Address, localAddress = '127.0.0.1'): Peer {
    const socket = connect({ host: at.ip, port: at.port, localAddress, allowHalfOpen: true })
    this.#sockets.push(socket)
    return new Peer(socket)
  }

  keep(listener: Listener): Listener {
    this.#listeners.push(listener)
    return listener
  }

  record(recorder: Recorder): Recorder {
    this.#near.push(recorder)
    return recorder
  }

  /** A plain TLS server that accepts every connection; `peers` are those with a complete handshake. */
  async serveTls(tls: TlsOptions): Promise<{ at: Address; peers: Peer[] }> {
    const peers: Peer[] = []
    const below = new Map<number | undefined, Socket>()
    const handshakes = createTlsServer({ requestCert: true, ...tls }, (socket) => {
      const tcp = below.get(socket.remotePort)
      if (tcp !== undefined) peers.push(new Peer(socket, tcp))
    })
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (tcp) => {
      this.#sockets.push(tcp)
      tcp.setNoDelay()
      tcp.on('error', () => undefined)
      below.set(tcp.remotePort, tcp)
      handshakes.emit('connection', tcp)
    })
    this.#servers.push(server)
    server.listen(0, '127.0.0.1')
    await until('TLS server listening', () => server.listening)
    const at = server.address()
    if (at === null || typeof at === 'string') throw new Error('no address')
    return { at: { ip: at.address, port: at.port }, peers }
  }

  /** A plain socket that dials and speaks TLS. */
  async callTls(at: Address, tls: ConnectionOptions): Promise<Peer> {
    const tcp = connect({ host: at.ip, port: at.port, allowHalfOpen: true })
    tcp.setNoDelay()
    tcp.pause()
    this.#sockets.push(tcp)
    await until('TCP connection', () => !tcp.connecting)
    return new Peer(connectTls({ socket: tcp, host: at.ip, ...tls }), tcp)
  }

  /** A connection that the transport dialled, with TLS if material is given. */
  async dialled(transport: Transport, tls?: TlsMaterial): Promise<Pair> {
    const { at, peers } = await (tls === undefined ? this.serve() : this.serveTls(tls))
    let near: Recorder | undefined
    transport.dial(target(at, { options: tls === undefined ? {} : { tls } }), {
      opened: (connection) => (near = this.record(new Recorder(connection))),
      failed(error) {
        throw error
      },
    })
    await until('dialled pair', () => near !== undefined && peers.length === 1)
    if (tls !== undefined) await turns(TICKET_TURNS)
    return pairOf(near, peers[0])
  }

  /** A connection that the transport accepted, with TLS if material is given. */
  async accepted(transport: Transport, tls?: TlsMaterial): Promise<Pair> {
    let near: Recorder | undefined
    let at: Address | undefined
    const listener = transport.listen(
      { ip: '127.0.0.1', port: 0, options: tls === undefined ? {} : { tls } },
      {
        listening(address) {
          at = address
        },
        admit: () => true,
        accepted: (connection) => (near = this.record(new Recorder(connection))),
        failed(error) {
          throw error
        },
      },
    )
    this.keep(listener)
    await until('listening', () => at !== undefined)
    const place = at ?? { ip: '', port: 0 }
    const far = tls === undefined ? this.call(place) : await this.callTls(place, tls)
    await until('accepted pair', () => near !== undefined && !far.socket.connecting)
    if (tls !== undefined) await turns(TICKET_TURNS)
    return pairOf(near, far)
  }

  /** Closes everything and waits until the process has no TCP handle. */
  async clear(): Promise<void> {
    for (const listener of this.#listeners) listener.close()
    for (const server of this.#servers) server.close()
    for (const recorder of this.#near) recorder.connection.destroy()
    for (const socket of this.#sockets) socket.destroy()
    await until('no TCP handle, timer or look-up left', () => resources().length === 0)
    await until('every connection closed', () => this.#near.every(({ reason }) => reason))
  }
}

export function target(at: Address, more: Partial<DialTarget> = {}): DialTarget {
  return { ...at, bind: undefined, timeoutMs: 10_000, options: {}, ...more }
}

/** TCP handles that keep this process alive. */
function resources(): string[] {
  return process.getActiveResourcesInfo().filter((name) => /^(TCP|GetAddrInfo)/.test(name))
}

function pairOf(near: Recorder | undefined, far: Peer | undefined): Pair {
  if (near === undefined || far === undefined) throw new Error('no pair')
  return { near, far }
}
