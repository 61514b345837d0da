import {
  CommloopError,
  isLoopback,
  type Logger,
  type Node,
  parseIp,
  SystemClock,
} from '@commloop/core'
import { EventLoopDelay, metricsText, type OutputStatus } from '@commloop/metrics'
import type { MessageFields } from '../json/message-fields.js'
import { CONTROL_LIMITS } from '../app/control-limits.js'
import type { ServedOnTcp } from '../app/request-handlers.js'
import { Availability } from '../status/availability.js'
import type { NodeFacts } from '../status/node-status.js'
import { KeptSocket, type SocketEvents } from './kept-socket.js'
import { LazyHandlers } from './lazy-handlers.js'
import { chosenLocation, type SocketLocation } from './socket-location.js'
import { TcpListener } from './tcp-listener.js'
import { UnixSocketListener } from './unix-socket-listener.js'

/** The largest payload of the codec len16. */
const PAYLOAD_BYTES_MAX_DEFAULT = 65_535
const HOST_DEFAULT = '127.0.0.1'
/** A shorter token could be guessed. */
const TOKEN_LENGTH_MIN = 16

const SILENT: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
}

/** The node, and what the API shows and does besides it. */
export interface ControlServerOptions {
  readonly node: Node
  /** Facts that the node itself does not know, for `GET /v1/status`. */
  readonly facts: NodeFacts
  /** Receives a line for each operation on a link, and for each unexpected error. Default: no log. */
  readonly logger?: Logger
  /**
   * The largest payload that any link accepts now, in bytes. The body of `POST /v1/send` may be six times as long, plus
   * 64 KiB. Default: 65 535, the most that the codec len16 accepts.
   */
  readonly payloadBytesMax?: () => number
  /**
   * Writes the header of a message that is sent by its fields, and reads the fields of messages. Default: such a message is
   * refused, and events contain whole payloads.
   */
  readonly fields?: MessageFields
  /**
   * Handles `POST /v1/reload`: applies a changed configuration and resolves with the changes, which the client receives
   * as JSON. Reject with a CommloopError to refuse. Default: the request is refused with 409.
   */
  readonly reload?: () => Promise<object>
  /** Where received messages go, if another program reads them. Part of the status and of the metrics. Default: none. */
  readonly output?: () => OutputStatus
}

/** Options of `listenOnTcp`. */
export interface TcpListenerOptions {
  /** The IP address to listen on. Default: 127.0.0.1. */
  readonly host?: string
  /** 0: the system chooses a free port; the `url` of the listener contains it. */
  readonly port: number
  /**
   * Each request must contain `Authorization: Bearer <token>`. At least 16 characters. Required if `host` is not a
   * loopback address, or if `serves` is `api`. Default: none; the `Host` header must then be an IP address or
   * `localhost`.
   */
  readonly token?: string | undefined
  /** `metrics`: only `GET /metrics`. `api`: the whole control API, and `GET /metrics`. Default: `metrics`. */
  readonly serves?: ServedOnTcp
}

/** An open listener of a ControlServer. */
export interface ControlListener {
  /** Stops listening. A request that is running gets up to 500 ms to end. */
  close(): Promise<void>
}

/**
 * Serves the HTTP API of one node, described in `docs/control-api.md`, on Unix sockets and TCP ports. The server loads
 * the code of the API one second after it was made, or when the first request arrives.
 *
 * @example
 * const server = new ControlServer({ node, facts: { version: '1.0.0', config: 'app.mjs', startedAt: new Date() } })
 * await server.listenOnSocket('/run/app/control.sock')
 * await server.listenOnTcp({ port: 9464 }) // GET /metrics, for this machine only
 * // …
 * await node.stop()
 * await server.close()
 */
export class ControlServer {
  readonly #handlers: LazyHandlers
  readonly #availability: Availability
  readonly #delay = new EventLoopDelay()
  readonly #logger: Logger
  readonly #listeners = new Set<ControlListener>()

  constructor({ node, facts, ...options }: ControlServerOptions) {
    const { version, startedAt } = facts
    const { output } = options
    this.#availability = new Availability(node)
    this.#logger = options.logger ?? SILENT
    this.#handlers = new LazyHandlers({
      node,
      facts,
      availability: this.#availability,
      logger: this.#logger,
      payloadBytesMax: options.payloadBytesMax ?? (() => PAYLOAD_BYTES_MAX_DEFAULT),
      ...(options.fields === undefined ? {} : { fields: options.fields }),
      metrics: () =>
        metricsText({ node, version, startedAt, delay: this.#delay, output: output?.() }),
      output: () => output?.(),
      reload: options.reload ?? noReload,
    })
  }

  /**
   * Opens a Unix domain socket that only the user of this process (and root) can reach. It serves the whole API without
   * a token. The socket of a process that has ended is replaced. If the socket is removed later, it is opened again.
   *
   * @param location a path whose folder is created if it is missing, or the result of `defaultLocation`
   * @throws SocketProblem if the socket cannot be opened, or if other users could replace it
   * @throws SocketTaken if another process listens on the path
   */
  async listenOnSocket(
    location: string | SocketLocation,
  ): Promise<ControlListener & { readonly path: string }> {
    const socket = this.#keptSocket(location, {
      opened: (path, again) => {
        if (again) this.#logger.info({ control: path }, `control socket again: ${path}`)
      },
      failed: (problem) => {
        this.#logger.warn({ err: problem }, `the control socket is lost: ${problem.message}`)
      },
    })
    await socket.open()
    return this.#added(socket)
  }

  /**
   * As `listenOnSocket`, but a socket that cannot be opened now is opened when that is possible. Never rejects: `events`
   * receives every change.
   */
  async keepSocket(
    location: string | SocketLocation,
    events: SocketEvents,
  ): Promise<ControlListener & { readonly path: string }> {
    const socket = this.#added(this.#keptSocket(location, events))
    await socket.keep()
    return socket
  }

  #keptSocket(location: string | SocketLocation, events: SocketEvents): KeptSocket {
    const chosen = typeof location === 'string' ? chosenLocation(location) : location
    const listener = new UnixSocketListener(this.#handlers.listener(({ forSocket }) => forSocket))
    return new KeptSocket(listener, chosen, new SystemClock(), events)
  }

  /**
   * Opens a TCP port. Traffic is not encrypted, and neither is the token.
   *
   * @throws CommloopError CML_ERR_CONFIG_INVALID if the options would expose the node
   * @throws the error of the operating system, such as EADDRINUSE, if the port cannot be opened
   */
  async listenOnTcp(
    options: TcpListenerOptions,
  ): Promise<ControlListener & { readonly url: string }> {
    const { host = HOST_DEFAULT, port, token, serves = 'metrics' } = options
    refuseExposure(host, token, serves)
    const { connections, metricsConnections } = CONTROL_LIMITS
    const connectionsMax = serves === 'api' ? connections : metricsConnections
    const listener = this.#handlers.listener((handlers) => handlers.forTcp(serves, token))
    return this.#added(await TcpListener.open({ host, port }, listener, connectionsMax))
  }

  #added<Listener extends ControlListener>(listener: Listener): Listener {
    this.#listeners.add(listener)
    return listener
  }

  /** Ends event streams with the event `end` and closes every listener. Call it after the node has stopped. */
  async close(): Promise<void> {
    this.#handlers.end()
    await Promise.all([...this.#listeners].map((listener) => listener.close()))
    this.#listeners.clear()
    this.#availability.close()
    this.#delay.close()
  }
}

function refuseExposure(host: string, token: string | undefined, serves: ServedOnTcp): void {
  const ip = parseIp(host)
  if (ip === undefined) throw invalid(`host: expected an IP address, found ${JSON.stringify(host)}`)
  if (token !== undefined && token.length < TOKEN_LENGTH_MIN)
    throw invalid(`token: expected at least ${String(TOKEN_LENGTH_MIN)} characters`)
  if (token !== undefined) return
  if (serves === 'api') throw invalid('token: required to serve the control API over TCP')
  if (!isLoopback(host)) throw invalid(`token: required, because other machines can reach ${host}`)
}

function noReload(): Promise<never> {
  const text = 'this node does not have a configuration that can be reloaded'
  return Promise.reject(new CommloopError('CML_ERR_CONTROL_REFUSED', text))
}

function invalid(text: string): CommloopError {
  return new CommloopError('CML_ERR_CONFIG_INVALID', text)
}
