import type { NetworkPath } from './network-path.js'
import type { NetworkFault } from './network-watcher.js'
import { type Cut, draw } from './path-conditions.js'
import type { PipeEnd } from './pipe-end.js'

const CHUNK_BYTES_MAX = 64 * 1024
const SPLIT_BYTES_MAX = 16

/**
 * One direction of a connection: the bytes that the kernel of the writer has taken and the reader has not yet read.
 *
 *     writer ── fill ─▶ │ chunk │ chunk │ chunk │ FIN ── deliver ─▶ reader
 *                       └───── `bufferBytes` ───┘
 */
export class MemoryPipe {
  readonly #path: NetworkPath
  readonly #writer: PipeEnd
  readonly #reader: PipeEnd
  #chunks: Uint8Array[] = []
  #bytes = 0
  #delivered = 0
  #cut: Cut | undefined
  /** A black hole for this connection only. */
  #blocked = false
  /** The reader does not read, on this connection only. */
  #notRead = false
  /** The network has ended this direction: further bytes are dropped. */
  #cutOff = false
  #fin = false
  #finDelivered = false
  #moving = false

  constructor(path: NetworkPath, writer: PipeEnd, reader: PipeEnd) {
    this.#path = path
    this.#writer = writer
    this.#reader = reader
    path.pipes.add(this)
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Bytes that the reader has received so far. */
  get deliveredBytes(): number {
    return this.#delivered
  }

  get finTold(): boolean {
    return this.#finDelivered
  }

  get open(): boolean {
    return this.#path.open && !this.#blocked
  }

  /** Takes as many bytes as there is room for. @returns the rest */
  fill(chunk: Uint8Array): Uint8Array {
    if (this.#cutOff) {
      // The network answers further bytes with a reset.
      this.#path.travel(() => {
        this.#writer.resetByPeer()
      })
      return chunk.subarray(chunk.byteLength)
    }
    const room = Math.max(0, this.#path.conditions.bufferBytes - this.#bytes)
    const taken = chunk.subarray(0, room)
    if (taken.byteLength > 0) {
      this.#chunks.push(new Uint8Array(taken))
      this.#bytes += taken.byteLength
    }
    if (taken.byteLength < chunk.byteLength) this.#report('full buffer')
    return chunk.subarray(taken.byteLength)
  }

  /** The writer has ended its side. */
  end(): void {
    this.#fin = true
    this.pump()
  }

  // ── faults of this connection only ─────────────────────────────────────────────────────────────────────────

  cutAfter(cut: Cut | undefined): void {
    this.#cut = cut
  }

  block(blocked: boolean): void {
    this.#blocked = blocked
    if (!blocked) this.pump()
  }

  stopReading(stopped: boolean): void {
    this.#notRead = stopped
    if (!stopped) this.pump()
  }

  /** The network ends this direction: the reader receives FIN after the bytes that are on their way. */
  finByNetwork(): void {
    if (this.#fin) return
    this.#report('fin by the network')
    this.#cutOff = true
    this.end()
  }

  // ── moving ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** Delivers one chunk after the other, each after the latency, as long as the reader reads. */
  pump(): void {
    if (this.#moving || !this.#due) return
    this.#moving = true
    const { conditions, services } = this.#path
    const delayMs = draw(conditions.latencyMs, services.random) + this.#coalesceMs()
    services.clock.after(delayMs, () => {
      this.#moving = false
      if (this.#due) this.#deliver()
    })
  }

  get #due(): boolean {
    if (this.#path.conditions.blackHole || this.#blocked) return false
    const { conditions } = this.#path
    if (this.#bytes === 0) return this.#fin && !this.#finDelivered && this.#reader.accepted
    if (this.#reader.closed) return !this.#writer.closed
    return this.#reader.reads && !conditions.notRead && !this.#notRead
  }

  #coalesceMs(): number {
    const { coalesceMs } = this.#path.conditions
    if (coalesceMs > 0 && this.#bytes > 0) this.#report('coalesced')
    return coalesceMs
  }

  #deliver(): void {
    if (this.#reader.closed) {
      this.#foundGone()
      return
    }
    if (this.#bytes === 0) {
      this.#finDelivered = true
      this.#reader.finArrived()
      return
    }
    const chunk = this.#read(this.#chunkBytes())
    this.#delivered += chunk.byteLength
    this.#reader.bytesArrived(chunk)
    this.#writer.roomAgain()
    this.#endAtCut()
    this.pump()
  }

  /** Data for a closed end is answered with a reset, if the answer gets back. */
  #foundGone(): void {
    if (this.#writer.closed) return
    this.#report('found half-open')
    this.#reader.outbound.answer(() => {
      this.#writer.resetByPeer()
    })
  }

  /** Calls back at the far end after the latency, independently of the bytes in the pipe. */
  answer(callback: () => void): void {
    if (this.#blocked) return
    this.#path.travelOnce(callback, () => undefined)
  }

  #endAtCut(): void {
    const cut = this.#cut
    if (cut === undefined || this.#delivered < cut.afterBytes) return
    this.#cut = undefined
    this.#report(`cut by ${cut.by}`)
    if (cut.by === 'silence') this.#blocked = true
    else if (cut.by === 'reset') this.#writer.resetByNetwork()
    else {
      this.#forget()
      this.finByNetwork()
    }
  }

  #chunkBytes(): number {
    const { conditions, services } = this.#path
    let bytes = Math.min(CHUNK_BYTES_MAX, this.#bytes)
    if (conditions.split > 0 && services.random.chance(conditions.split)) {
      this.#report('split')
      bytes = Math.min(bytes, 1 + services.random.int(SPLIT_BYTES_MAX))
    }
    const cut = this.#cut
    return cut === undefined ? bytes : Math.min(bytes, cut.afterBytes - this.#delivered)
  }

  /** Exactly `bytesMax` bytes, in a chunk that is not written to again. */
  #read(bytesMax: number): Uint8Array {
    const [first] = this.#chunks
    if (first !== undefined && first.byteLength >= bytesMax) return this.#take(first, bytesMax)
    const read = new Uint8Array(bytesMax)
    for (let at = 0; at < bytesMax;) {
      const next = this.#chunks[0]
      if (next === undefined) throw new Error('memory: fewer bytes in a pipe than counted')
      const part = this.#take(next, Math.min(next.byteLength, bytesMax - at))
      read.set(part, at)
      at += part.byteLength
    }
    return read
  }

  #take(first: Uint8Array, bytes: number): Uint8Array {
    this.#bytes -= bytes
    if (bytes === first.byteLength) this.#chunks.shift()
    else this.#chunks[0] = first.subarray(bytes)
    return first.subarray(0, bytes)
  }

  /** Takes the bytes that have arrived, for a late callback. */
  steal(): Uint8Array {
    return this.#read(Math.min(CHUNK_BYTES_MAX, this.#bytes))
  }

  #forget(): void {
    this.#chunks = []
    this.#bytes = 0
  }

  /** Both ends are closed. */
  close(): void {
    this.#forget()
    this.#path.pipes.delete(this)
  }

  #report(fault: NetworkFault): void {
    this.#path.services.watcher.occurred(fault, this.#writer.peer)
  }
}
