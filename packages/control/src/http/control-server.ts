import { createServer, type RequestListener, type Server } from 'node:http'
import type { ControlApi, ControlledNode } from '../app/control-api.js'
import { CONTROL_LIMITS } from '../app/control-limits.js'
import type { ControlPlace } from './socket-location.js'
import { ControlSocket } from './control-socket.js'

/** Routes and streams are loaded this long after the start, or for the first client: traffic goes first. */
const LOAD_AFTER_MS = 1_000
/** How long clients may take to read their last words. */
const CLOSE_MS_MAX = 500

/** The control API at its socket, from the start of a node to its end. */
export class ControlServer {
  readonly path: string
  readonly #server: Server
  readonly #socket: ControlSocket
  readonly #requests: LazyRequests

  private constructor(server: Server, socket: ControlSocket, requests: LazyRequests) {
    this.#server = server
    this.#socket = socket
    this.#requests = requests
    this.path = socket.path
    process.once('exit', this.#removeSocket)
  }

  /** @throws SocketProblem; SocketTaken where a node of the same configuration runs */
  static async open(place: ControlPlace, controlled: ControlledNode): Promise<ControlServer> {
    const requests = new LazyRequests(controlled)
    const server = createServer(
      {
        maxHeaderSize: CONTROL_LIMITS.headerBytes,
        headersTimeout: CONTROL_LIMITS.requestMs,
        requestTimeout: CONTROL_LIMITS.requestMs,
        keepAliveTimeout: CONTROL_LIMITS.requestMs,
        connectionsCheckingInterval: 1_000,
      },
      requests.listener,
    )
    server.maxConnections = CONTROL_LIMITS.connections
    server.setTimeout(CONTROL_LIMITS.idleMs)
    const socket = await ControlSocket.open(server, place.path())
    return new ControlServer(server, socket, requests)
  }

  /** After the node has stopped: its last events are still told. */
  async close(): Promise<void> {
    this.#requests.end()
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        this.#server.closeAllConnections()
      }, CLOSE_MS_MAX)
      this.#server.close(() => {
        clearTimeout(timer)
        resolve()
      })
      this.#server.closeIdleConnections()
    })
    process.off('exit', this.#removeSocket)
    this.#removeSocket()
  }

  /** However the process ends, as long as it can still do something. */
  readonly #removeSocket = (): void => {
    this.#socket.remove()
  }
}

/**
 * Loads the routes, and the library that they stand on, only when they are wanted or when the node has begun its work:
 * what is loaded before the first message makes it late. Not later than that, because a node that has run out of
 * descriptors has to answer too.
 */
class LazyRequests {
  readonly #controlled: ControlledNode
  readonly #timer: NodeJS.Timeout
  #loading: Promise<{ api: ControlApi; listener: RequestListener }> | undefined
  #api: ControlApi | undefined

  constructor(controlled: ControlledNode) {
    this.#controlled = controlled
    this.#timer = setTimeout(() => {
      this.#load().catch((error: unknown) => {
        this.#controlled.logger.warn({ err: error }, 'control: the API cannot be loaded')
      })
    }, LOAD_AFTER_MS).unref()
  }

  readonly listener: RequestListener = (request, response) => {
    this.#load().then(
      ({ listener }) => {
        listener(request, response)
      },
      () => {
        response.writeHead(500).end('{"error":{"message":"the control API cannot be loaded"}}')
      },
    )
  }

  #load(): Promise<{ api: ControlApi; listener: RequestListener }> {
    this.#loading ??= this.#imported()
    return this.#loading
  }

  async #imported(): Promise<{ api: ControlApi; listener: RequestListener }> {
    clearTimeout(this.#timer)
    const [{ controlApi }, { getRequestListener }] = await Promise.all([
      import('../app/control-api.js'),
      import('@hono/node-server'),
    ])
    const api = controlApi(this.#controlled)
    this.#api = api
    const fetch = getRequestListener((request, bindings) => api.app.fetch(request, bindings), {
      overrideGlobalObjects: false,
    })
    return { api, listener: (request, response) => void fetch(request, response) }
  }

  end(): void {
    clearTimeout(this.#timer)
    this.#api?.end()
  }
}
