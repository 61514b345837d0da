import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { type Address, messageText } from '@commloop/core'

/** Opens the connections of a fault peer. */
export interface ConnectionSource {
  /** Whether the node dials the peer, or the peer the node. */
  readonly nodeDials: boolean
  /** The port on which the peer listens; 0 if it dials. */
  readonly port: number
  /** How often the node has dialled so far; 0 if the peer dials. */
  readonly dials: number
  /** How long a step waits for the next connection unless it says otherwise, in milliseconds. */
  readonly nextMsDefault: number
  /**
   * The next connection. The node may have reset it already.
   *
   * @throws Error if there is none in time
   */
  next(withinMs: number, signal: AbortSignal): Promise<Socket>
  close(): Promise<void>
}

/** How many accepted connections wait for a step that opens them. Further connections are reset. */
const WAITING_MAX = 256
/** A connection that has waited longer is reset: the node may have closed it, which is not visible before reading. */
const WAITING_MS_MAX = 1_000

interface Waiting {
  readonly socket: Socket
  readonly sinceMs: number
}

const DIAL_MS_DEFAULT = 5_000
/** A node may wait this long before it dials again: the longest delay of the default backoff, and a margin. */
const DIALLED_MS_DEFAULT = 35_000

/** The peer dials the node. */
export class DialledConnections implements ConnectionSource {
  readonly nodeDials = false
  readonly port = 0
  readonly dials = 0
  readonly nextMsDefault = DIAL_MS_DEFAULT
  readonly #node: Address
  readonly #from: string | undefined

  /** @param from the local address of the peer; if undefined, the system chooses it */
  constructor(node: Address, from: string | undefined) {
    this.#node = node
    this.#from = from
  }

  async next(withinMs: number, signal: AbortSignal): Promise<Socket> {
    const { ip, port } = this.#node
    const bound = this.#from === undefined ? {} : { localAddress: this.#from }
    const socket = connect({ host: ip, port, allowHalfOpen: true, ...bound })
    const timer = setTimeout(() => {
      socket.destroy(new Error(`no answer within ${String(withinMs)} ms`))
    }, withinMs)
    try {
      await once(socket, 'connect', { signal })
    } catch (error) {
      if (signal.aborted) socket.destroy()
      // The connection was opened, and the node reset it immediately.
      if (codeOf(error) !== 'ECONNRESET') {
        const why = messageText(error)
        throw new Error(`the node cannot be dialled: ${why}`, { cause: error })
      }
    } finally {
      clearTimeout(timer)
    }
    return socket
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

/** The node dials the peer. */
export class AcceptedConnections implements ConnectionSource {
  readonly nodeDials = true
  readonly nextMsDefault = DIALLED_MS_DEFAULT
  dials = 0
  readonly #server: Server
  #waiting: Waiting[] = []
  #wake: () => void = () => undefined

  private constructor() {
    this.#server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
      this.dials++
      // No other listener for errors exists until a step opens the connection.
      socket.on('error', () => undefined)
      if (this.#waiting.length === WAITING_MAX) socket.resetAndDestroy()
      else this.#waiting.push({ socket, sinceMs: performance.now() })
      this.#wake()
    })
  }

  /** @throws Error if it cannot listen there */
  static async listen({ ip, port }: Address): Promise<AcceptedConnections> {
    const source = new AcceptedConnections()
    source.#server.listen({ host: ip, port, exclusive: true })
    await once(source.#server, 'listening')
    return source
  }

  get port(): number {
    const address = this.#server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  async next(withinMs: number, signal: AbortSignal): Promise<Socket> {
    this.#forgetOld()
    const socket = this.#waiting.shift()?.socket ?? (await this.#arrived(withinMs, signal))
    if (socket === undefined) {
      throw new Error(`the node has not dialled within ${String(withinMs)} ms`)
    }
    return socket
  }

  #forgetOld(): void {
    const oldestMs = performance.now() - WAITING_MS_MAX
    for (const { socket, sinceMs } of this.#waiting) {
      if (sinceMs < oldestMs) socket.resetAndDestroy()
    }
    this.#waiting = this.#waiting.filter(({ sinceMs }) => sinceMs >= oldestMs)
  }

  #arrived(withinMs: number, signal: AbortSignal): Promise<Socket | undefined> {
    return new Promise((resolve) => {
      const answer = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', answer)
        this.#wake = () => undefined
        resolve(this.#waiting.shift()?.socket)
      }
      const timer = setTimeout(answer, withinMs)
      signal.addEventListener('abort', answer, { once: true })
      this.#wake = answer
    })
  }

  async close(): Promise<void> {
    this.#wake()
    for (const { socket } of this.#waiting.splice(0)) socket.resetAndDestroy()
    if (!this.#server.listening) return
    const closed = once(this.#server, 'close')
    this.#server.close()
    await closed
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
