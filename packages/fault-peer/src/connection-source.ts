import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

export interface Place {
  readonly ip: string
  readonly port: number
}

/** Where a fault peer's connections come from. */
export interface ConnectionSource {
  /** How often the node has dialled so far; 0 where it is dialled. */
  readonly dials: number
  /** The next connection, also one that the other side has reset already. @throws Error where there is none in time. */
  next(withinMs: number, signal: AbortSignal): Promise<Socket>
  close(): Promise<void>
}

/** Connections that the node has made and nobody has asked for; more are reset. */
const WAITING_MAX = 256
/** One that has waited longer may be one that the node has given up meanwhile, which cannot be seen unread. */
const WAITING_MS_MAX = 1_000

interface Waiting {
  readonly socket: Socket
  readonly sinceMs: number
}

/** Dials the node. */
export class DialledConnections implements ConnectionSource {
  readonly dials = 0
  readonly #node: Place
  readonly #from: string | undefined

  /** @param from the address that the node is to see; undefined: the system chooses */
  constructor(node: Place, from: string | undefined) {
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
      // Refused so fast that the reset came with the connection: it was one, and it is over.
      if (codeOf(error) !== 'ECONNRESET') {
        const why = error instanceof Error ? error.message : String(error)
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

/** Is dialled by the node. */
export class AcceptedConnections implements ConnectionSource {
  dials = 0
  readonly #server: Server
  #waiting: Waiting[] = []
  #wake: () => void = () => undefined

  private constructor() {
    this.#server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
      this.dials++
      // Until somebody asks for it, nobody else hears that it failed.
      socket.on('error', () => undefined)
      if (this.#waiting.length === WAITING_MAX) socket.resetAndDestroy()
      else this.#waiting.push({ socket, sinceMs: performance.now() })
      this.#wake()
    })
  }

  /** @throws Error where it cannot listen there. */
  static async listen({ ip, port }: Place): Promise<AcceptedConnections> {
    const source = new AcceptedConnections()
    source.#server.listen({ host: ip, port, exclusive: true })
    await once(source.#server, 'listening')
    return source
  }

  /** Where it listens: the port, where any was asked for. */
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
