import type {
  Clock,
  CloseReason,
  Connection,
  ConnectionHandler,
  Dial,
  DialHandler,
  DialTarget,
  Listener,
  ListenHandler,
  ListenOptions,
  PeerInfo,
  Transport,
} from '@commloop/core'

/** What a transport can get wrong; each is a sentence that begins with "a transport that". */
export type TransportFault =
  | 'fails a dial before dial has returned'
  | 'opens a dial that was cancelled'
  | 'fails a dial that it has opened'
  | 'never gives a dial up'
  | 'ends connections at the time limit of their dial'
  | 'closes the connection when its dial is cancelled late'
  | 'tells the same address for both ends'
  | 'dials from where it likes'
  | 'ignores options'
  | 'tells port 0'
  | 'listens in silence where the port is taken'
  | 'accepts without asking'
  | 'accepts whom nobody admits'
  | 'keeps connections that nobody wants'
  | 'accepts after close'
  | 'closes connections with their listener'
  | 'is born reading'
  | 'reads on through a pause'
  | 'reuses the memory of its chunks'
  | 'keeps the chunks after written'
  | 'changes the chunks of a write'
  | 'confirms what it has only queued'
  | 'confirms within write'
  | 'confirms twice'
  | 'confirms writes without bytes never'
  | 'confirms after destroy'
  | 'confirms what a reset cut off'
  | 'sends the chunks of a write in reverse'
  | 'loses the last byte of large writes'
  | 'loses what comes after a FIN of its own'
  | 'ends before the write under way'
  | 'hides the end of the other side'
  | 'ends twice'
  | 'closes twice'
  | 'closes within destroy'
  | 'never closes'
  | 'tells a reset as an orderly end'
  | 'delivers after destroy'

const LARGE_BYTES = 100_000

/** A sound transport with one fault between it and its user. */
export class FaultyTransport implements Transport {
  readonly #sound: Transport
  readonly #clock: Clock
  readonly #fault: TransportFault

  constructor(sound: Transport, fault: TransportFault, clock: Clock) {
    this.#sound = sound
    this.#clock = clock
    this.#fault = fault
  }

  dial(target: DialTarget, handler: DialHandler): Dial {
    const fault = this.#fault
    if (fault === 'fails a dial before dial has returned') handler.failed(new Error('no'))
    let open: FaultyConnection | undefined
    let silenced = false
    const timeoutMs = fault === 'never gives a dial up' ? 1_000_000 : target.timeoutMs
    const bind = fault === 'dials from where it likes' ? undefined : target.bind
    const dial = this.#sound.dial(
      { ...target, timeoutMs, bind, options: this.#known(target.options) },
      {
        opened: (connection) => {
          if (silenced) return new FaultyConnection(connection, fault)
          open = new FaultyConnection(connection, fault)
          if (fault === 'ends connections at the time limit of their dial') {
            this.#clock.after(target.timeoutMs, () => open?.destroy())
          }
          const own = handler.opened(open)
          if (fault === 'fails a dial that it has opened') handler.failed(new Error('no'))
          return open.heardBy(own)
        },
        failed: (error) => {
          handler.failed(error)
        },
      },
    )
    return {
      cancel: () => {
        if (fault === 'opens a dial that was cancelled') return
        if (fault === 'closes the connection when its dial is cancelled late') open?.destroy()
        silenced = true
        dial.cancel()
      },
    }
  }

  #known(options: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
    return this.#fault === 'ignores options' ? {} : options
  }

  listen(options: ListenOptions, handler: ListenHandler): Listener {
    const fault = this.#fault
    const accepted: FaultyConnection[] = []
    const listener = this.#sound.listen(
      { ...options, options: this.#known(options.options) },
      {
        listening: (at) => {
          handler.listening(fault === 'tells port 0' ? { ...at, port: 0 } : at)
        },
        admit: (remote) => {
          if (fault === 'accepts without asking') return true
          return handler.admit(remote) || fault === 'accepts whom nobody admits'
        },
        accepted: (connection) => {
          const faulty = new FaultyConnection(connection, fault)
          accepted.push(faulty)
          const own = handler.accepted(faulty)
          if (own === undefined) {
            return fault === 'keeps connections that nobody wants' ? faulty : undefined
          }
          return faulty.heardBy(own)
        },
        failed: (error) => {
          if (fault === 'listens in silence where the port is taken') handler.listening(options)
          else handler.failed(error)
        },
      },
    )
    return {
      close: () => {
        if (fault === 'accepts after close') return
        listener.close()
        if (fault !== 'closes connections with their listener') return
        for (const connection of accepted) connection.destroy()
      },
    }
  }
}

class FaultyConnection implements Connection, ConnectionHandler {
  readonly peer: PeerInfo
  readonly #sound: Connection
  readonly #fault: TransportFault
  #handler: ConnectionHandler | undefined
  #chunks: readonly Uint8Array[] = []
  #writing = false
  #destroyed = false
  #endAsked = false
  readonly #memory = new Uint8Array(2 ** 16)

  constructor(connection: Connection, fault: TransportFault) {
    this.#sound = connection
    this.#fault = fault
    const { local } = connection.peer
    const same = fault === 'tells the same address for both ends'
    this.peer = same ? { ...connection.peer, remote: local } : connection.peer
    if (fault === 'is born reading') connection.setReading(true)
  }

  heardBy(handler: ConnectionHandler): this {
    this.#handler = handler
    return this
  }

  // ── from the user ───────────────────────────────────────────────────────────────────────────────────────────

  write(chunks: readonly Uint8Array[]): void {
    this.#writing = true
    const bytes = chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0)
    if (bytes === 0 && this.#fault === 'confirms writes without bytes never') return
    if (this.#fault === 'keeps the chunks after written') {
      this.#chunks = chunks
      this.#sound.write([])
      return
    }
    this.#sound.write(this.#changed(chunks, bytes))
    if (this.#fault === 'confirms within write') this.#handler?.written()
    if (this.#fault === 'confirms what it has only queued')
      queueMicrotask(() => {
        this.#confirm()
      })
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
    if (!on && this.#fault === 'reads on through a pause') return
    this.#sound.setReading(on)
  }

  end(): void {
    this.#endAsked = true
    if (this.#fault === 'ends before the write under way' && this.#writing) this.destroy()
    else this.#sound.end()
  }

  destroy(): void {
    if (this.#destroyed) return
    this.#destroyed = true
    if (this.#fault === 'closes within destroy') this.#handler?.closed({ kind: 'destroyed' })
    this.#sound.destroy()
    if (this.#fault === 'confirms after destroy' && this.#writing) {
      queueMicrotask(() => this.#handler?.written())
    }
    if (this.#fault === 'delivers after destroy') {
      queueMicrotask(() => this.#handler?.received(new Uint8Array(1)))
    }
  }

  // ── from the network ────────────────────────────────────────────────────────────────────────────────────────

  received(chunk: Uint8Array): void {
    if (this.#fault === 'loses what comes after a FIN of its own' && this.#endAsked) return
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
    if (this.#fault === 'confirms what it has only queued') return
    if (this.#fault === 'confirms within write') return
    this.#writing = false
    this.#handler?.written()
    if (this.#fault === 'confirms twice') this.#handler?.written()
  }

  ended(): void {
    if (this.#fault === 'hides the end of the other side') return
    this.#handler?.ended()
    if (this.#fault === 'ends twice') this.#handler?.ended()
  }

  closed(reason: CloseReason): void {
    if (this.#fault === 'never closes') return
    if (this.#fault === 'closes within destroy' && this.#destroyed) return
    if (this.#fault === 'confirms what a reset cut off' && this.#writing) this.#handler?.written()
    const isTold = this.#fault === 'tells a reset as an orderly end' && reason.kind === 'failed'
    this.#handler?.closed(isTold ? { kind: 'ended' } : reason)
    if (this.#fault === 'closes twice') this.#handler?.closed(reason)
  }
}
