import type { Socket } from 'node:net'
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises'
import type { ConnectionEnd } from './fault-step.js'
import { WireReader, type WireShape } from './wire-shape.js'

/** What one connection has seen, from the peer's side of it. */
export interface ConnectionReport {
  readonly number: number
  /** When it was opened and when the node ended it, in milliseconds since the script began. */
  readonly openedMs: number
  readonly endedMs: number | undefined
  /** How the node ended it; undefined: it has not. */
  readonly end: ConnectionEnd | undefined
  readonly sentBytes: number
  readonly receivedBytes: number
  readonly receivedFrames: number
  /** The first payloads received, up to `PAYLOADS_KEPT_MAX` and `PAYLOAD_BYTES_KEPT_MAX`. */
  readonly payloads: readonly Buffer[]
  /** Bytes received of a frame that is not whole. */
  readonly restBytes: number
}

/** What a report keeps of what was received; beyond that it only counts. */
export const PAYLOADS_KEPT_MAX = 1_000
export const PAYLOAD_BYTES_KEPT_MAX = 1024 * 1024

/** Written and reset in one turn, Linux sends FIN where RST was asked for; after these milliseconds it is RST. */
const BEFORE_RESET_MS = 2

/** One connection of a fault peer. Its socket is open and allows half-open connections. */
export class PeerConnection {
  readonly number: number
  readonly #socket: Socket
  readonly #nowMs: () => number
  readonly #changed: () => void
  readonly #reader: WireReader
  readonly #payloads: Buffer[] = []
  readonly #openedMs: number
  #keptBytes = 0
  #receivedFrames = 0
  #receivedBytes = 0
  #sentBytes = 0
  #end: ConnectionEnd | undefined
  #endedMs: number | undefined
  #resetByUs = false
  #slowly: NodeJS.Timeout | undefined

  /** `changed` is called whenever something has come, and when the node has ended the connection. */
  constructor(
    number: number,
    socket: Socket,
    shape: WireShape,
    nowMs: () => number,
    changed: () => void,
  ) {
    this.number = number
    this.#socket = socket
    this.#nowMs = nowMs
    this.#changed = changed
    this.#openedMs = nowMs()
    this.#reader = new WireReader(shape, (payload) => {
      this.#took(payload)
    })
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => {
      this.#receivedBytes += chunk.length
      this.#reader.push(chunk)
      this.#changed()
    })
    socket.on('end', () => {
      this.#ended('FIN')
    })
    socket.on('error', () => {
      this.#ended('RST')
    })
    socket.on('close', (failed) => {
      clearInterval(this.#slowly)
      if (failed) this.#ended('RST')
    })
  }

  #took(payload: Buffer): void {
    this.#receivedFrames++
    if (this.#payloads.length === PAYLOADS_KEPT_MAX) return
    if (this.#keptBytes + payload.length > PAYLOAD_BYTES_KEPT_MAX) return
    this.#keptBytes += payload.length
    this.#payloads.push(Buffer.from(payload))
  }

  #ended(how: ConnectionEnd): void {
    if (this.#end !== undefined || this.#resetByUs) return
    this.#end = how
    this.#endedMs = this.#nowMs()
    this.#changed()
  }

  get end(): ConnectionEnd | undefined {
    return this.#end
  }

  get receivedFrames(): number {
    return this.#receivedFrames
  }

  get receivedBytes(): number {
    return this.#receivedBytes
  }

  /** Neither side has cut it, and the node has not ended its own. */
  get isOpen(): boolean {
    return this.#end === undefined && !this.#resetByUs && !this.#socket.destroyed
  }

  get report(): ConnectionReport {
    return {
      number: this.number,
      openedMs: this.#openedMs,
      endedMs: this.#endedMs,
      end: this.#end,
      sentBytes: this.#sentBytes,
      receivedBytes: this.#receivedBytes,
      receivedFrames: this.#receivedFrames,
      payloads: this.#payloads,
      restBytes: this.#reader.restBytes,
    }
  }

  /**
   * Resolves when the kernel has taken the bytes, or the connection is over: a node that ends it meanwhile is what
   * scripts are for.
   */
  async send(bytes: Uint8Array): Promise<void> {
    if (!this.#socket.writable) return
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.#socket.off('close', done)
        resolve()
      }
      this.#socket.once('close', done)
      this.#socket.write(bytes, done)
    })
    this.#sentBytes += bytes.length
  }

  /** Each byte is a segment of its own, as far as a sender can make it so. Stops when the connection is over. */
  async sendByteByByte(bytes: Uint8Array, paceMs: number, signal: AbortSignal): Promise<void> {
    for (let at = 0; at < bytes.length && this.#socket.writable && this.isOpen; at++) {
      await this.send(bytes.subarray(at, at + 1))
      await (paceMs > 0 ? delay(paceMs, undefined, { signal }) : nextTurn())
    }
  }

  stopReading(): void {
    clearInterval(this.#slowly)
    this.#socket.pause()
  }

  readSlowly(bytes: number, everyMs: number): void {
    this.stopReading()
    this.#slowly = setInterval(() => {
      // Told as data like everything else; null where there are not that many.
      if (this.#socket.read(bytes) === null) this.#socket.read()
    }, everyMs)
  }

  readOn(): void {
    clearInterval(this.#slowly)
    this.#socket.resume()
  }

  sendFin(): void {
    this.#socket.end()
  }

  async reset(): Promise<void> {
    await delay(BEFORE_RESET_MS)
    this.cut()
  }

  /** RST at once, for what is left when a script is over. */
  cut(): void {
    this.#resetByUs = true
    clearInterval(this.#slowly)
    if (!this.#socket.destroyed) this.#socket.resetAndDestroy()
  }
}
