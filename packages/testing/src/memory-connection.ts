import type { CloseReason, Connection, ConnectionHandler, PeerInfo } from '@commloop/core'
import type { MemoryWire } from './memory-wire.js'
import { MemoryPipe } from './memory-pipe.js'

/** One end of a connection within the process. Bytes are copied, so that the ends share nothing, as on a wire. */
export class MemoryConnection implements Connection {
  readonly peer: PeerInfo
  readonly #wire: MemoryWire
  readonly #inbound = new MemoryPipe()
  #far: MemoryConnection | undefined
  #handler: ConnectionHandler | undefined
  #pending: Uint8Array[] = []
  #writing = false
  #confirming = false
  #endAsked = false
  #finSent = false
  #finArrived = false
  #finTold = false
  #reading = false
  #pumping = false
  #destroyed = false
  #closed = false

  constructor(peer: PeerInfo, wire: MemoryWire) {
    this.peer = peer
    this.#wire = wire
  }

  /** Joins the two ends. Before either is shown to anybody. */
  join(far: MemoryConnection): void {
    this.#far = far
  }

  /** Names who hears of it; undefined: nobody wanted it. */
  attach(handler: ConnectionHandler | undefined): void {
    this.#handler = handler
    if (handler === undefined) this.destroy()
  }

  get closed(): boolean {
    return this.#closed
  }

  write(chunks: readonly Uint8Array[]): void {
    if (this.#destroyed || this.#closed) return
    if (this.#writing) throw new Error('memory: write while another write is under way')
    if (this.#endAsked) throw new Error('memory: write after end')
    this.#writing = true
    this.#pending = [...chunks]
    this.#move()
  }

  /** Moves what is being written into the other end's pipe, as far as there is room. */
  #move(): void {
    const far = this.#far
    if (far === undefined || this.#closed || this.#destroyed) return
    while (this.#pending.length > 0) {
      const [first] = this.#pending
      if (first === undefined) break
      const left = this.#wire.carries(this.peer) ? far.#inbound.fill(first) : first
      if (left.byteLength > 0) {
        this.#pending[0] = left
        break
      }
      this.#pending.shift()
    }
    far.#pump()
    if (this.#pending.length === 0) this.#moved()
  }

  #moved(): void {
    if (this.#writing && !this.#confirming) {
      this.#confirming = true
      this.#wire.later(() => {
        this.#confirmed()
      })
    } else if (!this.#writing) this.#sendFin()
  }

  #confirmed(): void {
    this.#confirming = false
    if (this.#closed || this.#destroyed) return
    this.#writing = false
    this.#handler?.written()
    this.#sendFinWhenIdle()
  }

  end(): void {
    if (this.#endAsked || this.#destroyed || this.#closed) return
    this.#endAsked = true
    this.#sendFinWhenIdle()
  }

  #sendFinWhenIdle(): void {
    if (!this.#writing) this.#sendFin()
  }

  #sendFin(): void {
    if (!this.#endAsked || this.#finSent || this.#closed) return
    this.#finSent = true
    this.#wire.travel(this.peer, () => {
      if (this.#far !== undefined) {
        this.#far.#finArrived = true
        this.#far.#pump()
      }
    })
    this.#endedBothWays()
  }

  setReading(on: boolean): void {
    this.#reading = on
    if (on) this.#pump()
  }

  /** Delivers one chunk after the other, each after its travel, for as long as somebody reads. */
  #pump(): void {
    if (this.#pumping || this.#closed || this.#destroyed) return
    const due = (this.#inbound.bytes > 0 && this.#reading) || this.#finDue
    if (!due) return
    this.#pumping = true
    this.#wire.travel(this.peer, () => {
      this.#pumping = false
      this.#deliver()
    })
  }

  get #finDue(): boolean {
    return this.#inbound.bytes === 0 && this.#finArrived && !this.#finTold
  }

  #deliver(): void {
    if (this.#closed || this.#destroyed) return
    if (this.#inbound.bytes > 0) {
      if (!this.#reading) return
      const chunk = this.#inbound.read(this.#wire.chunkBytes())
      this.#handler?.received(chunk)
      const far = this.#far
      if (far !== undefined) far.#move()
    } else if (this.#finDue) {
      this.#finTold = true
      this.#handler?.ended()
      this.#endedBothWays()
    }
    this.#pump()
  }

  #endedBothWays(): void {
    if (!this.#finSent || !this.#finTold) return
    this.#wire.later(() => {
      this.#close({ kind: 'ended' })
    })
  }

  destroy(): void {
    if (this.#destroyed || this.#closed) return
    this.#destroyed = true
    this.#wire.later(() => {
      this.#close({ kind: 'destroyed' })
    })
    const far = this.#far
    this.#wire.travel(this.peer, () => {
      far?.resetByPeer()
    })
  }

  /** What the network or the other end does to it: unread bytes are gone. */
  resetByPeer(): void {
    if (this.#destroyed) return
    const error = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })
    this.#close({ kind: 'failed', error })
  }

  #close(reason: CloseReason): void {
    if (this.#closed) return
    this.#closed = true
    this.#pending = []
    this.#inbound.clear()
    this.#wire.gone(this)
    this.#handler?.closed(reason)
  }
}
