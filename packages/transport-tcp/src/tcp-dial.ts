import { isIP, Socket } from 'node:net'
import {
  addressText,
  CommloopError,
  type Dial,
  type DialHandler,
  type DialTarget,
  durationText,
  foreignText,
  type PeerInfo,
  type Timer,
} from '@commloop/core'
import { beginDialHandshake } from './dial-handshake.js'
import type { NameResolver } from './name-resolver.js'
import { peerTimer } from './peer-timer.js'
import { withSourcePort } from './source-port-error.js'
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
  readonly #settings: TcpSettings
  /** The socket of the address that is being tried. */
  #socket: Socket | undefined
  /** Addresses that are still to be tried, in order. */
  #untried: readonly string[] = []
  /** Why the addresses tried so far have failed. */
  readonly #errors: Error[] = []
  /** Stops the name look-up; undefined: it is over, or was not needed. */
  #stopLookup: (() => void) | undefined
  #attemptTimer: Timer | undefined
  /** undefined: plain TCP. */
  #tls: TlsSettings | undefined
  #timer: Timer | undefined
  readonly #startedMs = performance.now()
  #over = false

  constructor(
    target: DialTarget,
    handler: DialHandler,
    settings: TcpSettings,
    names: NameResolver,
  ) {
    this.#target = target
    this.#handler = handler
    this.#settings = settings
    this.#timer = peerTimer(target.timeoutMs, this.#timedOut)
    try {
      this.#tls = tlsFor('dial', target.options)
      if (isIP(target.ip) === 0) this.#lookUp(names)
      else this.#socket = this.#attempt(target.ip)
    } catch (error) {
      // Node throws for errors that it detects immediately, such as a port above 65 535.
      process.nextTick(() => {
        this.#failed(asError(error))
      })
    }
  }

  #lookUp(names: NameResolver): void {
    const { ip: name, bind } = this.#target
    // A source address decides which of a name's addresses can be reached from it.
    const family = bind === undefined ? 0 : isIP(bind)
    this.#stopLookup = names.resolve(name, family, (error, addresses) => {
      this.#stopLookup = undefined
      if (error === undefined && addresses.length > 0) {
        this.#untried = this.#target.order?.(addresses) ?? addresses
        this.#next()
      } else this.#failed(error ?? new Error(`the name ${name} has no address`))
    })
  }

  /** Tries the next address of the name. */
  #next(): void {
    const [address, ...rest] = this.#untried
    if (this.#over || address === undefined) return
    this.#untried = rest
    this.#handler.trying?.(address)
    try {
      this.#socket = this.#attempt(address)
    } catch (error) {
      this.#attemptFailed(asError(error))
      return
    }
    if (rest.length === 0) return
    const at = { ip: address, port: this.#target.port }
    this.#attemptTimer = peerTimer(ADDRESS_ATTEMPT_MS, () => {
      const text = `connect ETIMEDOUT ${addressText(at)}`
      this.#attemptFailed(Object.assign(new Error(text), { code: 'ETIMEDOUT' }))
    })
  }

  /** @throws Node's error for an invalid address */
  #attempt(address: string): Socket {
    const socket = openSocket(address, this.#target, this.#settings)
    socket.once('connect', () => {
      this.#attemptTimer?.cancel()
      this.#connected(socket)
    })
    socket.on('error', this.#attemptFailed)
    return socket
  }

  readonly #attemptFailed = (error: Error): void => {
    if (this.#over) return
    this.#attemptTimer?.cancel()
    this.#abandon()
    this.#errors.push(withSourcePort(error, this.#target))
    if (this.#untried.length > 0) this.#next()
    else {
      const [first = error, ...more] = this.#errors
      this.#failed(more.length === 0 ? first : new AggregateError(this.#errors))
    }
  }

  #abandon(): void {
    this.#socket?.off('error', this.#attemptFailed)
    // A late error without a listener would end the process.
    this.#socket?.on('error', () => undefined)
    this.#socket?.destroy()
    this.#socket = undefined
  }

  cancel(): void {
    if (this.#over) return
    this.#end()
    this.#socket?.destroy()
  }

  /** Never called after the socket was destroyed, so neither after `cancel` nor after the timeout. */
  #connected(socket: Socket): void {
    // The address has answered: from here on, an error ends the dial.
    this.#untried = []
    const peer = peerInfo(socket)
    if (peer === undefined) {
      socket.resetAndDestroy()
      const text = `${this.#address()} reset the connection as soon as it was open`
      this.#failed(Object.assign(new Error(text), { code: 'ECONNRESET' }))
      return
    }
    if (this.#tls === undefined) {
      const connection = new TcpConnection(socket, peer)
      // The listener would keep this dial in memory as long as the connection.
      socket.off('error', this.#attemptFailed)
      this.#opened(connection)
    } else this.#shakeHands(socket, peer, this.#tls)
  }

  #shakeHands(socket: Socket, peer: PeerInfo, tls: TlsSettings): void {
    this.#timer?.cancel()
    const leftMs = this.#target.timeoutMs - (performance.now() - this.#startedMs)
    const handshakeMs = Math.max(0, Math.min(HANDSHAKE_MS_MAX, leftMs))
    this.#timer = peerTimer(handshakeMs, () => {
      this.#gaveUp(`did not finish the TLS handshake within ${durationText(handshakeMs)}`)
    })
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

  #failed(error: Error): void {
    if (this.#over) return
    this.#end()
    this.#handler.failed(withMessage(error))
  }

  readonly #timedOut = (): void => {
    const { ip, timeoutMs } = this.#target
    const within = durationText(timeoutMs)
    if (this.#stopLookup === undefined) this.#gaveUp(`did not answer within ${within}`)
    else {
      const text = `the name service did not answer for ${ip} within ${within}`
      this.#failed(new CommloopError('CML_ERR_DIAL_TIMEOUT', text))
    }
  }

  #gaveUp(what: string): void {
    this.#socket?.destroy()
    this.#failed(new CommloopError('CML_ERR_DIAL_TIMEOUT', `${this.#address()} ${what}`))
  }

  #end(): void {
    this.#over = true
    this.#timer?.cancel()
    this.#attemptTimer?.cancel()
    this.#stopLookup?.()
  }

  #address(): string {
    return addressText(this.#target)
  }
}

/** A paused socket that is connecting to an IP address. @throws Node's error for an invalid address. */
function openSocket(address: string, target: DialTarget, settings: TcpSettings): Socket {
  const { port, bind, bindPort } = target
  const socket = new Socket({ allowHalfOpen: true })
  socket.pause()
  socket.setNoDelay(settings.noDelay)
  socket.setKeepAlive(settings.keepAliveMs > 0, settings.keepAliveMs)
  try {
    return socket.connect({
      host: address,
      port,
      ...(bind === undefined ? {} : { localAddress: bind, family: isIP(bind) }),
      ...(bindPort === undefined ? {} : { localPort: bindPort }),
    })
  } catch (error) {
    socket.destroy()
    throw error
  }
}

/** The message of an error that stands for several is empty: combines those of its parts. */
function withMessage(error: Error): Error {
  if (!(error instanceof AggregateError)) return error
  const errors: readonly unknown[] = error.errors
  const text = errors.map((each) => asError(each).message).join('; ')
  const code = codeOf(error) ?? codeOf(asError(errors[0]))
  return Object.assign(new Error(text, { cause: error }), { code })
}

function codeOf(error: Error): unknown {
  return 'code' in error ? error.code : undefined
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(foreignText(error))
}
