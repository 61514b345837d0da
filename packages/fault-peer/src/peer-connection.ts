import type { Socket } from 'node:net'
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises'
import type { ConnectionEnd } from './fault-step.js'
import { WireReader, type WireShape } from './wire-shape.js'

/** What the peer observed on one connection. */
export interface ConnectionReport {
  readonly number: number
  /** When the connection was opened, in milliseconds since the script began. */
  readonly openedMs: number
  /** When the node ended it, in milliseconds since the script began; undefined if it did not. */
  readonly endedMs: number | undefined
  /** How the node ended it; undefined if it did not. */
  readonly end: ConnectionEnd | undefined
  readonly sentBytes: number
  readonly receivedBytes: number
  readonly receivedFrames: number
  /** The first payloads received: at most 1,000 payloads and 1 MiB. */
  readonly payloads: readonly Buffer[]
  /** Received bytes of an incomplete frame at the end. */
  readonly restBytes: number
}

/** Limits of the payloads that a report keeps. Further payloads are only counted. */
export const PAYLOADS_KEPT_MAX = 1_000
export const PAYLOAD_BYTES_KEPT_MAX = 1024 * 1024

/** If a socket is written and reset in the same turn, Linux may send FIN instead of RST. After this pause it sends RST. */
const BEFORE_RESET_MS = 2

/** One connection of a fault peer. Its socket must be open and must allow half-open connections. */
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

  /** `changed` is called when bytes arrive, and when the node ends the connection. */
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

  /** The peer has not reset the connection, and the node has not ended it. */
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
   * Resolves when the kernel has taken the bytes, or when the connection is closed. It does not reject: scripts expect
   * the node to end connections.
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

  /** Sends each byte in a separate write, so that it usually is a separate segment. Stops when the connection ends. */
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
      // `read` emits the bytes as `data`. It returns null if fewer bytes have arrived; then take those.
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

  /** Resets the connection immediately, when a script is over. */
  cut(): void {
    this.#resetByUs = true
    clearInterval(this.#slowly)
    if (!this.#socket.destroyed) this.#socket.resetAndDestroy()
  }
}
