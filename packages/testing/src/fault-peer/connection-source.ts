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
  next(withinMs: number): Promise<Socket>
  close(): Promise<void>
}

/** Connections that the node has made and nobody has asked for; more are reset. */
const WAITING_MAX = 256

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

  async next(withinMs: number): Promise<Socket> {
    const { ip, port } = this.#node
    const bound = this.#from === undefined ? {} : { localAddress: this.#from }
    const socket = connect({ host: ip, port, allowHalfOpen: true, ...bound })
    const timer = setTimeout(() => {
      socket.destroy(new Error(`no answer within ${String(withinMs)} ms`))
    }, withinMs)
    try {
      await once(socket, 'connect')
    } catch (error) {
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
  readonly #waiting: Socket[] = []
  #wake: () => void = () => undefined

  private constructor() {
    this.#server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
      this.dials++
      // Until somebody asks for it, nobody else hears that it failed.
      socket.on('error', () => undefined)
      if (this.#waiting.length < WAITING_MAX) this.#waiting.push(socket)
      else socket.resetAndDestroy()
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

  async next(withinMs: number): Promise<Socket> {
    const socket = this.#waiting.shift() ?? (await this.#arrived(withinMs))
    if (socket === undefined) {
      throw new Error(`the node has not dialled within ${String(withinMs)} ms`)
    }
    return socket
  }

  #arrived(withinMs: number): Promise<Socket | undefined> {
    return new Promise((resolve) => {
      const answer = (): void => {
        clearTimeout(timer)
        this.#wake = () => undefined
        resolve(this.#waiting.shift())
      }
      const timer = setTimeout(answer, withinMs)
      this.#wake = answer
    })
  }

  async close(): Promise<void> {
    this.#wake()
    for (const socket of this.#waiting.splice(0)) socket.resetAndDestroy()
    if (!this.#server.listening) return
    const closed = once(this.#server, 'close')
    this.#server.close()
    await closed
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
