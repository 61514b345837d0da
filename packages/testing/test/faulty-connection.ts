import type { CloseReason, Connection, ConnectionHandler, PeerInfo } from '@commloop/core'
import type { TransportFault } from './transport-fault.js'

const LARGE_BYTES = 100_000

/** A sound connection with one fault between it and its user. */
export class FaultyConnection implements Connection, ConnectionHandler {
  readonly peer: PeerInfo
  readonly #sound: Connection
  readonly #fault: TransportFault
  /** Of the same transport, in the order in which they were opened. */
  readonly #all: FaultyConnection[]
  #handler: ConnectionHandler | undefined
  #chunks: readonly Uint8Array[] = []
  #writing = false
  #destroyed = false
  #endAsked = false
  #closed = false
  #writtenTo = false
  #readingCount = 0
  readonly #memory = new Uint8Array(2 ** 16)

  constructor(connection: Connection, fault: TransportFault, all: FaultyConnection[]) {
    this.#all = all
    all.push(this)
    this.#sound = connection
    this.#fault = fault
    const { local } = connection.peer
    const same = fault === 'reports the same address for both ends'
    this.peer = same ? { ...connection.peer, remote: local } : connection.peer
    if (fault === 'reads at first') connection.setReading(true)
  }

  attach(handler: ConnectionHandler): this {
    this.#handler = handler
    return this
  }

  // ── from the user ───────────────────────────────────────────────────────────────────────────────────────────

  write(chunks: readonly Uint8Array[]): boolean {
    this.#writing = true
    const bytes = chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0)
    if (bytes === 0 && this.#fault === 'never confirms writes without bytes') return false
    if (this.#fault === 'keeps the chunks after written') {
      this.#chunks = chunks
      this.#sound.write([])
      return false
    }
    if (this.#fault === 'releases chunks before it has copied them') {
      queueMicrotask(() => {
        this.#sound.write(chunks)
      })
      return true
    }
    this.#sound.write(this.#changed(chunks, bytes))
    if (this.#fault === 'confirms within write') this.#handler?.written()
    if (this.#fault === 'confirms writes that are only queued')
      queueMicrotask(() => {
        this.#confirm()
      })
    return false
  }

  #changed(chunks: readonly Uint8Array[], bytes: number): readonly Uint8Array[] {
    if (this.#fault === 'sends the chunks of a write in reverse') return [...chunks].reverse()
    if (this.#fault === 'loses the last byte of large writes' && bytes > LARGE_BYTES) {
      return [Buffer.concat(chunks).subarray(0, bytes - 1)]
    }
    if (this.#fault === 'changes the chunks of a write') {
      const copies = chunks.map((chunk) => new Uint8Array(chunk))
      for (const chunk of chunks) chunk.fill(0)
      return copies
    }
    return chunks
  }

  #confirm(): void {
    if (!this.#writing || this.#destroyed) return
    this.#writing = false
    this.#handler?.written()
  }

  setReading(on: boolean): void {
    if (!on && this.#fault === 'reads during a pause') return
    this.#readingCount += on ? 1 : -1
    const counts = this.#fault === 'counts the calls of setReading'
    this.#sound.setReading(counts ? this.#readingCount > 0 : on)
  }

  end(): void {
    this.#endAsked = true
    if (this.#fault === 'ends before the write in progress' && this.#writing) this.destroy()
    else this.#sound.end()
  }

  destroy(): void {
    if (this.#fault === 'ignores destroy until opened has returned' && this.#handler === undefined)
      return
    if (this.#fault === 'closes again when destroy is called again' && this.#closed) {
      this.#handler?.closed({ kind: 'destroyed' })
    }
    if (this.#destroyed) return
    this.#destroyed = true
    if (this.#fault === 'closes within destroy') this.#handler?.closed({ kind: 'destroyed' })
    this.#sound.destroy()
    if (this.#fault === 'confirms after destroy' && this.#writing) {
      queueMicrotask(() => this.#handler?.written())
    }
    const hadMore = this.#fault === 'delivers what it had buffered after destroy' && this.#writtenTo
    if (this.#fault === 'delivers after destroy' || hadMore) {
      queueMicrotask(() => this.#handler?.received(new Uint8Array(1)))
    }
  }

  // ── from the network ────────────────────────────────────────────────────────────────────────────────────────

  received(chunk: Uint8Array): void {
    this.#writtenTo = true
    const latest = this.#all.at(-1)
    if (this.#fault === 'delivers to its latest connection' && latest !== undefined) {
      latest.#handler?.received(chunk)
      return
    }
    if (this.#fault === 'drops bytes that arrive after its own FIN' && this.#endAsked) return
    if (this.#fault !== 'reuses the memory of its chunks') this.#handler?.received(chunk)
    else {
      this.#memory.set(chunk)
      this.#handler?.received(this.#memory.subarray(0, chunk.byteLength))
    }
  }

  written(): void {
    if (this.#fault === 'keeps the chunks after written' && this.#chunks.length > 0) {
      const chunks = this.#chunks
      this.#chunks = []
      this.#handler?.written()
      this.#sound.write(chunks)
      return
    }
    if (this.#fault === 'confirms writes that are only queued') return
    if (this.#fault === 'confirms within write') return
    this.#writing = false
    this.#handler?.written()
    if (this.#fault === 'confirms twice') this.#handler?.written()
  }

  ended(): void {
    if (this.#fault === 'does not report the end of the other side') return
    this.#handler?.ended()
    if (this.#fault === 'ends twice') this.#handler?.ended()
  }

  closed(reason: CloseReason): void {
    this.#closed = true
    if (this.#fault === 'never closes') return
    if (this.#fault === 'closes within destroy' && this.#destroyed) return
    if (this.#fault === 'confirms a write that a reset cut off' && this.#writing)
      this.#handler?.written()
    const reported = this.#fault === 'reports a reset as an orderly end' && reason.kind === 'failed'
    this.#handler?.closed(reported ? { kind: 'ended' } : reason)
    if (this.#fault === 'closes twice') this.#handler?.closed(reason)
  }
}
