import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach } from 'vitest'
import { DEADLINE_MS } from './cli-process.js'

const open = new Set<FramedPeer | PeerServer>()

/**
 * The other end of a link, on a raw socket: two bytes of length, big endian, then the payload. It shares no code with
 * commloop, and does only what the test calls: it can stop reading, or disappear.
 */
export class FramedPeer {
  readonly #socket: Socket
  readonly received: Buffer[] = []
  #bytes: Buffer = Buffer.alloc(0)
  #look: () => void = () => undefined
  #ended = false
  #closed = false

  constructor(socket: Socket) {
    this.#socket = socket
    open.add(this)
    socket.on('data', (chunk: Buffer) => {
      this.#push(chunk)
      this.#look()
    })
    socket.on('end', () => {
      this.#ended = true
      this.#look()
    })
    // Many tests reset the connection; they see it as `closed`.
    socket.on('error', () => undefined)
    socket.on('close', () => {
      this.#closed = true
      open.delete(this)
      this.#look()
    })
  }

  static async connect(port: number, host = '127.0.0.1', from?: string): Promise<FramedPeer> {
    const socket = connect({ port, host, allowHalfOpen: true, ...(from && { localAddress: from }) })
    const peer = new FramedPeer(socket)
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('error', (error: NodeJS.ErrnoException) => {
        // Connected, and reset before this process noticed it.
        if (error.code === 'ECONNRESET') resolve()
        else reject(error)
      })
    })
    return peer
  }

  #push(chunk: Buffer): void {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk])
    let at = 0
    while (this.#bytes.length - at >= 2) {
      const end = at + 2 + this.#bytes.readUInt16BE(at)
      if (end > this.#bytes.length) break
      this.received.push(this.#bytes.subarray(at + 2, end))
      at = end
    }
    this.#bytes = this.#bytes.subarray(at)
  }

  /** @returns false if the buffer of the socket is full */
  send(...payloads: readonly (string | Uint8Array)[]): boolean {
    const frames = payloads.map((payload) => {
      const body = Buffer.from(payload)
      const head = Buffer.alloc(2)
      head.writeUInt16BE(body.length)
      return Buffer.concat([head, body])
    })
    return this.#socket.write(Buffer.concat(frames))
  }

  /** Bytes as they are, framed or not. */
  sendRaw(bytes: Uint8Array): void {
    this.#socket.write(bytes)
  }

  /** Bytes that the kernel has not taken yet. */
  get unsentBytes(): number {
    return this.#socket.writableLength
  }

  get texts(): string[] {
    return this.received.map((payload) => payload.toString())
  }

  /** The node has sent its FIN. */
  get hasEnded(): boolean {
    return this.#ended
  }

  get hasClosed(): boolean {
    return this.#closed
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  /** Sends FIN. */
  end(): void {
    this.#socket.end()
  }

  reset(): void {
    this.#socket.resetAndDestroy()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  /** Resolves when the condition holds. It is checked whenever something has arrived. */
  until(condition: (peer: this) => boolean, deadlineMs = DEADLINE_MS): Promise<void> {
    return new Promise((resolve, reject) => {
      const expired = (): void => {
        const count = String(this.received.length)
        reject(new Error(`peer: not so in ${String(deadlineMs)} ms; ${count} payloads received`))
      }
      const timer = setTimeout(expired, deadlineMs)
      this.#look = () => {
        if (!condition(this)) return
        clearTimeout(timer)
        this.#look = () => undefined
        resolve()
      }
      this.#look()
    })
  }
}

/** A listener for connections of the node. */
export class PeerServer {
  readonly #server: Server
  readonly #accepted: FramedPeer[] = []
  #waiting: ((peer: FramedPeer) => void)[] = []

  private constructor() {
    this.#server = createServer({ allowHalfOpen: true }, (socket) => {
      const peer = new FramedPeer(socket)
      const next = this.#waiting.shift()
      if (next === undefined) this.#accepted.push(peer)
      else next(peer)
    })
    open.add(this)
  }

  /** @param port 0 for any free port */
  static async listen(port = 0, host = '127.0.0.1'): Promise<PeerServer> {
    const server = new PeerServer()
    server.#server.listen(port, host)
    await once(server.#server, 'listening')
    return server
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** The next connection, which may have arrived before this call. */
  accepted(): Promise<FramedPeer> {
    const peer = this.#accepted.shift()
    if (peer !== undefined) return Promise.resolve(peer)
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  destroy(): void {
    open.delete(this)
    this.#server.close()
  }
}

/** Call this once at the top of a test file: it closes all sockets after each test. */
export function closePeersAfterEach(): void {
  afterEach(() => {
    for (const peer of [...open]) peer.destroy()
  })
}
