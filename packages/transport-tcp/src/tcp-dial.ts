import { isIP, type LookupFunction, Socket } from 'node:net'
import {
  CommloopError,
  type Dial,
  type DialHandler,
  type DialTarget,
  durationText,
  type PeerInfo,
} from '@commloop/core'
import { beginDialHandshake } from './dial-handshake.js'
import { TcpConnection } from './tcp-connection.js'
import { callTls, type TcpSettings } from './tcp-options.js'
import { peerInfo } from './tcp-peer.js'
import type { TlsSettings } from './tls-options.js'

/**
 * How long one address of a host name is given before the next one is tried (RFC 8305, section 5). Node's own 250 ms
 * fail hosts that are merely slow.
 */
const ADDRESS_ATTEMPT_MS = 2000

/** How much of a dial's time TLS may take. */
const HANDSHAKE_MS_MAX = 5000

/** One dial, from look-up to open connection. */
export class TcpDial implements Dial {
  readonly #target: DialTarget
  readonly #handler: DialHandler
  #socket: Socket | undefined
  /** undefined: plain TCP. */
  #tls: TlsSettings | undefined
  #timer: NodeJS.Timeout | undefined
  readonly #startedMs = performance.now()
  #over = false

  constructor(
    target: DialTarget,
    handler: DialHandler,
    settings: TcpSettings,
    lookup: LookupFunction,
  ) {
    this.#target = target
    this.#handler = handler
    try {
      this.#tls = callTls('dial', target.options)
      this.#socket = openSocket(target, settings, lookup)
    } catch (error) {
      // Node throws at once what it can see at once, such as a port beyond 65 535.
      process.nextTick(() => {
        this.#failed(asError(error))
      })
      return
    }
    const socket = this.#socket
    socket.once('connect', () => {
      this.#connected(socket)
    })
    socket.on('error', this.#failed)
    this.#timer = setTimeout(this.#timedOut, target.timeoutMs)
  }

  cancel(): void {
    if (this.#over) return
    this.#end()
    this.#socket?.destroy()
  }

  /** Never comes once the socket was destroyed, hence neither after `cancel` nor after the time was up. */
  #connected(socket: Socket): void {
    const peer = peerInfo(socket)
    if (peer === undefined) {
      socket.resetAndDestroy()
      this.#failed(new Error(`${this.#place()} reset the connection as soon as it was open`))
      return
    }
    if (this.#tls === undefined) {
      const connection = new TcpConnection(socket, peer)
      socket.off('error', this.#failed)
      this.#opened(connection)
    } else this.#shakeHands(socket, peer, this.#tls)
  }

  #shakeHands(socket: Socket, peer: PeerInfo, tls: TlsSettings): void {
    clearTimeout(this.#timer)
    const leftMs = this.#target.timeoutMs - (performance.now() - this.#startedMs)
    const handshakeMs = Math.max(0, Math.min(HANDSHAKE_MS_MAX, leftMs))
    this.#timer = setTimeout(() => {
      this.#gaveUp(`did not finish the TLS handshake within ${durationText(handshakeMs)}`)
    }, handshakeMs)
    const { ip: place } = this.#target
    beginDialHandshake(socket, place, tls, {
      shaken: (tlsSocket, identities) => {
        if (this.#over) return
        this.#opened(new TcpConnection(tlsSocket, { ...peer, identities }, socket))
      },
      failed: (error) => {
        socket.destroy()
        this.#failed(error)
      },
    })
  }

  #opened(connection: TcpConnection): void {
    this.#end()
    connection.attach(this.#handler.opened(connection))
  }

  /** Hears late errors too, of a socket that was given up: nobody else would. */
  readonly #failed = (error: Error): void => {
    if (this.#over) return
    this.#end()
    this.#handler.failed(withMessage(error))
  }

  readonly #timedOut = (): void => {
    this.#gaveUp(`did not answer within ${durationText(this.#target.timeoutMs)}`)
  }

  #gaveUp(what: string): void {
    this.#socket?.destroy()
    this.#failed(new CommloopError('CML_ERR_DIAL_TIMEOUT', `${this.#place()} ${what}`))
  }

  #end(): void {
    this.#over = true
    clearTimeout(this.#timer)
  }

  #place(): string {
    const { ip, port } = this.#target
    return ip.includes(':') ? `[${ip}]:${String(port)}` : `${ip}:${String(port)}`
  }
}

/** A paused socket on its way. @throws what Node throws about an address that cannot be. */
function openSocket(target: DialTarget, settings: TcpSettings, lookup: LookupFunction): Socket {
  const { ip, port, bind } = target
  const socket = new Socket({ allowHalfOpen: true })
  socket.pause()
  socket.setNoDelay(settings.noDelay)
  socket.setKeepAlive(settings.keepAliveMs > 0, settings.keepAliveMs)
  try {
    return socket.connect({
      host: ip,
      port,
      lookup,
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: ADDRESS_ATTEMPT_MS,
      // A source address decides which of a name's addresses can be reached from it.
      ...(bind === undefined ? {} : { localAddress: bind, family: isIP(bind) }),
    })
  } catch (error) {
    socket.destroy()
    throw error
  }
}

/** Where every address of a name failed, Node's error says only what failed, not how. */
function withMessage(error: Error): Error {
  if (!(error instanceof AggregateError)) return error
  const errors: readonly unknown[] = error.errors
  const text = errors.map((each) => asError(each).message).join('; ')
  return Object.assign(new Error(text, { cause: error }), { code: codeOf(error) })
}

function codeOf(error: Error): unknown {
  return 'code' in error ? error.code : undefined
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
