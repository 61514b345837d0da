import type {
  CloseReason,
  Connection,
  ConnectionHandler,
  PeerInfo,
  Timer,
  UnacknowledgedBytes,
} from '@commloop/core'
import { MemoryPipe } from './memory-pipe.js'
import { networkFailure } from './network-failure.js'
import type { NetworkPath } from './network-path.js'
import { draw } from './path-conditions.js'
import type { PipeEnd } from './pipe-end.js'

/** The handler of an end whose process no longer exists. */
const NO_HANDLER: ConnectionHandler = {
  received: () => undefined,
  written: () => undefined,
  ended: () => undefined,
  closed: () => undefined,
}

/** One end of an in-memory connection. Bytes are copied, so that the ends share no memory, as on a network. */
export class MemoryConnection implements Connection, PipeEnd {
  readonly peer: PeerInfo
  readonly openedMs: number
  readonly #path: NetworkPath
  readonly #gone: (connection: MemoryConnection) => void
  #far: MemoryConnection | undefined
  #outbound: MemoryPipe | undefined
  #handler: ConnectionHandler | undefined
  #pending: Uint8Array[] = []
  #writing = false
  #confirming = false
  #endAsked = false
  #finSent = false
  #finReceived = false
  #reading = false
  #destroyed = false
  #closed = false
  #keepAlive: Timer | undefined
  #writtenBytes = 0
  #wroteAfterFin = false
  #receivedMs: number | undefined

  /** `gone` is called when this end is closed. */
  constructor(peer: PeerInfo, path: NetworkPath, gone: (connection: MemoryConnection) => void) {
    this.peer = peer
    this.#path = path
    this.#gone = gone
    this.openedMs = path.services.clock.now()
  }

  /** Joins the two ends, which may be the same object. Call it before either end is handed out. */
  join(far: MemoryConnection): void {
    this.#far = far
    this.#outbound = new MemoryPipe(this.#path, this, far)
  }

  get far(): MemoryConnection {
    if (this.#far === undefined) throw new Error('memory: the connection has one end only')
    return this.#far
  }

  get outbound(): MemoryPipe {
    if (this.#outbound === undefined) throw new Error('memory: the connection has one end only')
    return this.#outbound
  }

  get closed(): boolean {
    return this.#closed
  }

  /** A handler is attached. */
  get accepted(): boolean {
    return this.#handler !== undefined
  }

  get reads(): boolean {
    return this.#reading && !this.#destroyed
  }

  get destroyed(): boolean {
    return this.#destroyed
  }

  /** It has written after the FIN of the other end. */
  get wroteAfterFin(): boolean {
    return this.#wroteAfterFin
  }

  /** Bytes passed to `write`. */
  get writtenBytes(): number {
    return this.#writtenBytes
  }

  /** When this end last received bytes, by the clock; undefined if it never did. */
  get receivedMs(): number | undefined {
    return this.#receivedMs
  }

  /** Sets the handler. undefined: the connection is refused, and is destroyed. */
  attach(handler: ConnectionHandler | undefined): void {
    this.#handler = handler
    if (handler === undefined) this.destroy()
  }

  // ── writing ─────────────────────────────────────────────────────────────────────────────────────────────────

  write(chunks: readonly Uint8Array[]): void {
    for (const { byteLength } of chunks) this.#writtenBytes += byteLength
    if (this.#finReceived) this.#wroteAfterFin = true
    if (this.#destroyed || this.#closed) return
    if (this.#writing) throw new Error('memory: write while another write is in progress')
    if (this.#endAsked) throw new Error('memory: write after end')
    this.#writing = true
    this.#pending = [...chunks]
    this.roomAgain()
  }

  /** Moves the bytes that are being written into the pipe, as far as there is room. */
  roomAgain(): void {
    if (this.#closed || this.#destroyed || !this.#writing) return
    for (let first = this.#pending[0]; first !== undefined; first = this.#pending[0]) {
      const left = this.outbound.fill(first)
      if (left.byteLength > 0) {
        this.#pending[0] = left
        break
      }
      this.#pending.shift()
    }
    this.outbound.pump()
    if (this.#pending.length === 0 && !this.#confirming) this.#confirm()
  }

  #confirm(): void {
    this.#confirming = true
    const { conditions, services } = this.#path
    const delayMs = draw(conditions.confirmMs, services.random)
    if (conditions.confirmMs.max > 0) services.watcher.occurred('slow confirmation', this.peer)
    services.clock.after(delayMs, () => {
      this.#confirming = false
      if (this.#closed || this.#destroyed) return
      this.#writing = false
      this.#handler?.written()
      this.#sendFin()
    })
  }

  /** What the kernel knows: bytes that wait because the reader does not read are not acknowledged, but it answers. */
  unacknowledged(answer: (bytes: UnacknowledgedBytes | undefined) => void): void {
    this.#later(() => {
      if (this.#closed || this.#destroyed) return
      const unacknowledgedBytes = this.outbound.bytes
      const pendingBytes = this.#pending.reduce((sum, { byteLength }) => sum + byteLength, 0)
      answer({
        unacknowledgedBytes,
        acknowledgedBytes: this.#writtenBytes - pendingBytes - unacknowledgedBytes,
        isPeerFull: unacknowledgedBytes > 0 && this.reachesPeer,
      })
    })
  }

  /** The network carries bytes to the other end and its answers back, and the other end exists. */
  get reachesPeer(): boolean {
    return this.outbound.open && this.far.outbound.open && !this.far.closed
  }

  end(): void {
    if (this.#endAsked || this.#destroyed || this.#closed) return
    this.#endAsked = true
    this.#sendFin()
  }

  #sendFin(): void {
    if (!this.#endAsked || this.#writing || this.#finSent || this.#closed) return
    this.#finSent = true
    this.outbound.end()
    this.#endedBothWays()
  }

  // ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────

  setReading(on: boolean): void {
    this.#reading = on
    if (on) this.far.outbound.pump()
  }

  bytesArrived(chunk: Uint8Array): void {
    this.#receivedMs = this.#path.services.clock.now()
    this.#handler?.received(chunk)
  }

  finArrived(): void {
    if (this.#closed || this.#destroyed) return
    this.#finReceived = true
    this.#handler?.ended()
    this.#endedBothWays()
  }

  #endedBothWays(): void {
    if (!this.#finSent || !this.#finReceived) return
    this.#later(() => {
      this.#close({ kind: 'ended' })
    })
  }

  // ── ending ──────────────────────────────────────────────────────────────────────────────────────────────────

  destroy(): void {
    if (this.#destroyed || this.#closed) return
    this.#destroyed = true
    this.#later(() => {
      if (this.#closed) return
      this.#callLate()
      this.#close({ kind: 'destroyed' })
    })
    this.outbound.answer(() => {
      this.far.resetByPeer()
    })
  }

  /** Calls back after `destroy`, as a faulty transport does. */
  #callLate(): void {
    const { conditions, services } = this.#path
    if (conditions.lateCallbacks === 0 || !services.random.chance(conditions.lateCallbacks)) return
    services.watcher.occurred('late callback', this.peer)
    if (this.far.outbound.bytes > 0) this.#handler?.received(this.far.outbound.steal())
    if (this.#writing) this.#handler?.written()
  }

  /** The other end or the network has reset the connection: unread bytes are lost. */
  resetByPeer(): void {
    if (this.#destroyed) return
    this.#close({ kind: 'failed', error: networkFailure('ECONNRESET', 'read') })
  }

  /** The network resets both ends. */
  resetByNetwork(): void {
    this.#path.services.watcher.occurred('reset', this.peer)
    this.resetByPeer()
    this.far.resetByPeer()
  }

  /** Closes this end; the other end does not notice. */
  halfOpen(): void {
    if (this.#closed) return
    this.#path.services.watcher.occurred('half-open', this.peer)
    this.#close({ kind: 'failed', error: networkFailure('ETIMEDOUT', 'read') })
  }

  /** The process of this end has died: the kernel resets the other end. */
  abandon(): void {
    this.#handler = NO_HANDLER
    this.destroy()
  }

  /** The machine of this end has lost power: the other end does not notice. */
  powerOff(): void {
    this.#handler = NO_HANDLER
    this.halfOpen()
  }

  #close(reason: CloseReason): void {
    if (this.#closed) return
    this.#closed = true
    this.#pending = []
    this.#keepAlive?.cancel()
    if (this.far.closed) {
      this.outbound.close()
      this.far.outbound.close()
    } else {
      this.far.#watchPeer()
    }
    this.#gone(this)
    this.#handler?.closed(reason)
  }

  /** The other end is closed. This end notices it when it writes, or by the keep-alive probes of the kernel. */
  #watchPeer(): void {
    this.outbound.pump()
    const { clock, keepAliveMs, watcher } = this.#path.services
    this.#keepAlive = clock.after(keepAliveMs, () => {
      if (this.outbound.open && this.far.outbound.open) {
        watcher.occurred('keep-alive', this.peer)
        this.resetByPeer()
      } else {
        this.#watchPeer()
      }
    })
  }

  #later(callback: () => void): void {
    this.#path.services.clock.after(0, callback)
  }
}
