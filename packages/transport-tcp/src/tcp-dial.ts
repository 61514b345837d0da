import { isIP, type LookupFunction, Socket } from 'node:net'
import {
  addressText,
  CommloopError,
  type Dial,
  type DialHandler,
  type DialTarget,
  durationText,
  foreignText,
  type PeerInfo,
} from '@commloop/core'
import { beginDialHandshake } from './dial-handshake.js'
import { TcpConnection } from './tcp-connection.js'
import { tlsFor, type TcpSettings } from './tcp-options.js'
import { peerInfo } from './tcp-peer.js'
import type { TlsSettings } from './tls-options.js'

/**
 * How long to wait for one address of a host name before trying the next one (RFC 8305, section 5). Node's default of
 * 250 ms is too short for slow hosts.
 */
const ADDRESS_ATTEMPT_MS = 2000

/** The most time that the TLS handshake of a dial may take. */
const HANDSHAKE_MS_MAX = 5000

/** One dial, from the name look-up to the open connection. */
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
      this.#tls = tlsFor('dial', target.options)
      this.#socket = openSocket(target, settings, lookup)
    } catch (error) {
      // Node throws for errors that it detects immediately, such as a port above 65 535.
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

  /** Never called after the socket was destroyed, so neither after `cancel` nor after the timeout. */
  #connected(socket: Socket): void {
    const peer = peerInfo(socket)
    if (peer === undefined) {
      socket.resetAndDestroy()
      const text = `${this.#address()} reset the connection as soon as it was open`
      this.#failed(Object.assign(new Error(text), { code: 'ECONNRESET' }))
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
    beginDialHandshake(socket, this.#target.ip, tls, {
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

  /** Stays attached to an abandoned socket, because a late error without a listener would end the process. */
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
    this.#failed(new CommloopError('CML_ERR_DIAL_TIMEOUT', `${this.#address()} ${what}`))
  }

  #end(): void {
    this.#over = true
    clearTimeout(this.#timer)
  }

  #address(): string {
    return addressText(this.#target)
  }
}

/** A paused socket that is connecting. @throws Node's error for an invalid address. */
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

/** If every address of a name failed, the message of Node's error is empty: combine those of its parts. */
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
  return error instanceof Error ? error : new Error(foreignText(error))
}
