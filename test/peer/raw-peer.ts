import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach } from 'vitest'
import { eventually } from './eventually.js'
import { type LengthShape, RawFrameReader, rawFrame } from './raw-frames.js'

export interface RawPeerOptions {
  /** false: the peer takes nothing out of its socket until `resumeReading`. */
  readonly reading?: boolean
  readonly shape?: LengthShape
}

export interface RawDial extends RawPeerOptions {
  /** The address of the machine that this peer plays, such as 127.0.0.2. */
  readonly from?: string
  /** Where the node listens; default 127.0.0.1. */
  readonly host?: string
  readonly port: number
}

const open = new Set<RawPeer>()

/**
 * The far end of one connection, controlled by the test: a plain socket without any code of commloop. It sends and
 * closes, one direction at a time, only when the test calls it, and records what it receives.
 */
export class RawPeer {
  readonly #socket: Socket
  readonly #reader: RawFrameReader
  readonly #shape: LengthShape
  /** Everything received so far, by number. */
  receivedBytes = 0
  /** The other side's FIN has come, after everything that it sent. */
  finSeen = false
  closed = false
  /** Why the connection failed, such as `ECONNRESET`; undefined: it has not. */
  errorCode: string | undefined
  /** Hears the bytes as they come. */
  onBytes: (chunk: Buffer) => void = () => undefined
  /** Hears the other side's FIN. */
  onFin: () => void = () => undefined
  #notFrames: unknown

  constructor(socket: Socket, options: RawPeerOptions = {}) {
    this.#socket = socket
    this.#shape = options.shape ?? {}
    this.#reader = new RawFrameReader(this.#shape)
    open.add(this)
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => {
      this.#received(chunk)
    })
    socket.on('end', () => {
      this.finSeen = true
      this.onFin()
    })
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.errorCode ??= error.code ?? error.message
    })
    socket.on('close', () => {
      this.closed = true
      open.delete(this)
    })
    if (options.reading === false) socket.pause()
    else socket.resume()
  }

  /** Dials and waits for the connection; that the other side keeps it is not known then. */
  static async dial(dial: RawDial): Promise<RawPeer> {
    const peer = RawPeer.dialing(dial)
    try {
      if (peer.#socket.connecting) await once(peer.#socket, 'connect')
    } catch (error) {
      // Refused so fast that the reset came with the connection: it was one, and it is over.
      if (!(error instanceof Error && 'code' in error && error.code === 'ECONNRESET')) throw error
    }
    return peer
  }

  /** The same, without waiting: bytes written now are there before the other side has accepted. */
  static dialing({ from, host = '127.0.0.1', port, ...options }: RawDial): RawPeer {
    const localAddress = from === undefined ? {} : { localAddress: from }
    const socket = connect({ host, port, allowHalfOpen: true, ...localAddress })
    return new RawPeer(socket, options)
  }

  #received(chunk: Buffer): void {
    this.receivedBytes += chunk.length
    this.onBytes(chunk)
    if (this.#notFrames !== undefined) return
    try {
      this.#reader.push(chunk)
    } catch (error) {
      this.#notFrames = error
    }
  }

  // ── what it has received ────────────────────────────────────────────────────────────────────────────────────

  /** Payloads of the whole frames received. @throws what was wrong with the stream. */
  get payloads(): readonly Buffer[] {
    if (this.#notFrames !== undefined) throw this.#notFrames as Error
    return this.#reader.payloads
  }

  get texts(): string[] {
    return this.payloads.map((payload) => payload.toString())
  }

  /** Bytes of a frame that has begun and is not whole. */
  get restBytes(): number {
    return this.#reader.restBytes
  }

  /** Waits for that many payloads, and answers all that are there then. */
  async received(count: number): Promise<readonly Buffer[]> {
    await eventually(
      `${String(count)} frames at the raw peer`,
      () => this.payloads.length >= count,
      () => this.state,
    )
    return this.payloads
  }

  /** Waits for the FIN of the other side. @throws Error if the connection is reset first */
  async fin(): Promise<void> {
    await eventually(
      'FIN at the raw peer',
      () => this.finSeen || this.closed,
      () => this.state,
    )
    if (!this.finSeen) throw new Error(`reset instead of FIN: ${this.state}`)
  }

  async close(): Promise<void> {
    await eventually(
      'the end of the connection at the raw peer',
      () => this.closed,
      () => this.state,
    )
  }

  get localPort(): number {
    return this.#socket.localPort ?? 0
  }

  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress
  }

  /** For messages of failed tests. */
  get state(): string {
    const { receivedBytes, finSeen, closed, errorCode } = this
    const frames = this.#reader.payloads.length
    return `raw peer: ${JSON.stringify({ receivedBytes, frames, finSeen, closed, errorCode })}`
  }

  // ── what it does ────────────────────────────────────────────────────────────────────────────────────────────

  /** Resolves when the kernel has taken all the bytes, or the connection has failed. */
  write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      this.#socket.write(bytes, () => {
        resolve()
      })
    })
  }

  send(...payloads: readonly (Uint8Array | string)[]): Promise<void> {
    return this.write(Buffer.concat(payloads.map((payload) => rawFrame(payload, this.#shape))))
  }

  /** Sends each byte in a separate write, so that it usually is a separate segment. */
  async writeByteByByte(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at++) {
      await this.write(bytes.subarray(at, at + 1))
      await nextTurn()
    }
  }

  /** Bytes handed to the socket that the kernel has not taken, because the other side does not read. */
  get unsentBytes(): number {
    return this.#socket.writableLength
  }

  stopReading(): void {
    this.#socket.pause()
  }

  resumeReading(): void {
    this.#socket.resume()
  }

  /** FIN. What comes from the other side is still received. */
  finish(): void {
    this.#socket.end()
  }

  /** RST. */
  reset(): void {
    this.#socket.resetAndDestroy()
  }

  destroy(): void {
    this.#socket.destroy()
  }
}

/** Once at the top of a test file: no socket outlives the test that opened it. */
export function closeRawPeersAfterEach(): void {
  afterEach(() => {
    for (const peer of [...open]) peer.destroy()
  })
}
