import { createServer, type Server, type Socket } from 'node:net'
import {
  type Address,
  foreignText,
  type Listener,
  type ListenHandler,
  type ListenOptions,
} from '@commloop/core'
import { type ConnectionBudget, processBudget } from './connection-budget.js'
import { ListenerHandshakes } from './listener-handshakes.js'
import { TcpConnection } from './tcp-connection.js'
import { ProxiedOpenings } from './proxied-openings.js'
import { ProxySources } from './proxy-sources.js'
import { tlsFor, type TcpSettings } from './tcp-options.js'
import { peerInfo, remoteAddress } from './tcp-peer.js'

/** Operator error: the table allows more connections than the process's file-descriptor limit. */
const NO_DESCRIPTORS = 'no descriptors left'

const EVERYWHERE: ReadonlySet<string> = new Set(['0.0.0.0', '::', '::ffff:0.0.0.0'])

interface Proxied {
  readonly sources: ProxySources
  readonly openings: ProxiedOpenings
}

/** Listens on one address. */
export class TcpListener implements Listener {
  readonly #handler: ListenHandler
  readonly #server: Server
  readonly #budget: ConnectionBudget
  /** undefined: plain TCP. */
  #handshakes: ListenerHandshakes | undefined
  /** undefined: no connection begins with a header of the PROXY protocol. */
  #proxied: Proxied | undefined
  /** The local address of every connection; undefined: each has its own, because we listen on all addresses. */
  #local: Address | undefined
  #closed = false

  constructor(
    options: ListenOptions,
    handler: ListenHandler,
    settings: TcpSettings,
    budget = processBudget,
  ) {
    this.#handler = handler
    this.#budget = budget
    this.#server = createServer({
      allowHalfOpen: true,
      pauseOnConnect: true,
      noDelay: settings.noDelay,
      keepAlive: settings.keepAliveMs > 0,
      keepAliveInitialDelay: settings.keepAliveMs,
    })
    this.#server.on('listening', this.#listening)
    this.#server.on('connection', this.#connected)
    this.#server.on('error', this.#failed)
    try {
      this.#handshakes = this.#openHandshakes(options, settings)
      this.#proxied = this.#openProxied(options, settings)
      this.#server.listen({ host: options.ip, port: options.port, backlog: settings.backlog })
    } catch (error) {
      // Node throws for errors that it detects immediately, such as a port above 65 535.
      process.nextTick(() => {
        this.#failed(error instanceof Error ? error : new Error(foreignText(error)))
      })
    }
  }

  #openHandshakes(options: ListenOptions, settings: TcpSettings): ListenerHandshakes | undefined {
    const tls = tlsFor('listen', options.options)
    if (tls === undefined) return undefined
    return new ListenerHandshakes(tls, settings.handshakesMax, {
      shaken: (socket, tcp, peer) => {
        this.#accepted(new TcpConnection(socket, peer, tcp))
      },
      refused: (remote, reason) => {
        this.#handler.refused?.(remote, reason)
      },
      shareOf: (remote) => this.#handler.shareOf?.(remote) ?? remote.ip,
    })
  }

  #openProxied({ options }: ListenOptions, settings: TcpSettings): Proxied | undefined {
    const { proxyProtocol } = options
    if (proxyProtocol === undefined) return undefined
    const openings = new ProxiedOpenings(settings.handshakesMax, {
      opened: (socket, source) => {
        this.#openedBehind(socket, source)
      },
      probed: (proxy) => {
        this.#handler.probed?.(proxy)
      },
      refused: (proxy, reason) => {
        this.#handler.refused?.(proxy, reason)
      },
    })
    return { sources: new ProxySources(proxyProtocol), openings }
  }

  close(): void {
    this.#closed = true
    this.#server.close()
    this.#handshakes?.close()
    this.#proxied?.openings.close()
  }

  readonly #listening = (): void => {
    const at = this.#server.address()
    if (this.#closed) {
      // `close` was called while the host name was looked up, which does not stop Node from listening.
      this.#server.close()
    } else if (at !== null && typeof at === 'object') {
      const here = { ip: at.address, port: at.port }
      if (!EVERYWHERE.has(at.address)) this.#local = here
      this.#handler.listening(here)
    }
  }

  readonly #connected = (socket: Socket): void => {
    const remote = remoteAddress(socket)
    const proxied = remote !== undefined && this.#proxied?.sources.has(remote.ip) === true
    const admitted = !this.#closed && (proxied || this.#handler.admit(remote))
    // Without both addresses, the peer has already reset the connection.
    const peer = admitted ? peerInfo(socket, this.#local) : undefined
    if (peer === undefined || this.#isClosed()) {
      refuse(socket)
      return
    }
    if (!this.#budget.take()) {
      refuse(socket)
      this.#handler.refused?.(peer.remote, NO_DESCRIPTORS)
      return
    }
    if (proxied) {
      socket.on('close', this.#left)
      this.#proxied?.openings.begin(socket, peer.remote)
    } else if (this.#handshakes === undefined) {
      this.#accepted(new TcpConnection(socket, peer, socket, this.#left))
    } else {
      socket.on('close', this.#left)
      this.#handshakes.begin(socket, peer)
    }
  }

  /** A balancer has told the address of its peer. Only now it is known whether the table has it. */
  #openedBehind(socket: Socket, source: Address): void {
    const direct = peerInfo(socket, this.#local)
    if (direct === undefined || this.#closed || !this.#handler.admit(source) || this.#isClosed()) {
      refuse(socket)
      return
    }
    const peer = { ...direct, remote: source, proxy: direct.remote }
    if (this.#handshakes === undefined) this.#accepted(new TcpConnection(socket, peer))
    else this.#handshakes.begin(socket, peer)
  }

  /** One function for all sockets: `once`, or a function for each, would be most of what a listener adds to a socket. */
  readonly #left = (): void => {
    this.#budget.release()
  }

  #accepted(connection: TcpConnection): void {
    const handler = this.#handler.accepted(connection)
    if (handler === undefined) connection.destroy()
    else connection.attach(handler)
  }

  /** Checked again, because `admit` may have closed this listener. */
  #isClosed(): boolean {
    return this.#closed
  }

  /** Listening could not begin or has ended. Closing makes sure that no further event follows. */
  readonly #failed = (error: Error): void => {
    if (this.#closed) return
    this.close()
    this.#handler.failed(error)
  }
}

function refuse(socket: Socket): void {
  socket.on('error', () => {
    /* the socket is closing in any case */
  })
  socket.resetAndDestroy()
}
