import type {
  Address,
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
  UnacknowledgedBytes,
} from '@commloop/core'

/** A connection whose other end is the test: it records the calls, and makes the callbacks. */
export class ScriptedConnection implements Connection {
  readonly peer: PeerInfo
  readonly writes: Uint8Array[][] = []
  /** The memory of which the first chunk of each write is a view. */
  readonly memories: (ArrayBufferLike | undefined)[] = []
  /** Whether `write` returns true: the caller may reuse the chunks. */
  takesAtOnce = false
  reading = false
  finSent = false
  destroyed = false
  #handler: ConnectionHandler | undefined

  constructor(
    remote: Address,
    local: Address = { ip: '10.0.0.1', port: 8000 },
    identities: readonly string[] = [],
  ) {
    this.peer = { local, remote, identities }
  }

  handledBy(handler: ConnectionHandler | undefined): this {
    this.#handler = handler
    return this
  }

  write(chunks: readonly Uint8Array[]): boolean {
    this.writes.push(chunks.map((chunk) => new Uint8Array(chunk)))
    this.memories.push(chunks[0]?.buffer)
    return this.takesAtOnce
  }

  setReading(on: boolean): void {
    this.reading = on
  }

  /** What the system knows about unacknowledged bytes; undefined: nothing. */
  acknowledgement: UnacknowledgedBytes | undefined
  looks = 0

  unacknowledged(answer: (bytes: UnacknowledgedBytes | undefined) => void): void {
    this.looks++
    answer(this.acknowledgement)
  }

  end(): void {
    this.finSent = true
  }

  destroy(): void {
    this.destroyed = true
  }

  /** All written frames as one text, without their lengths. */
  get sent(): string[] {
    const bytes = Buffer.concat(this.writes.flat())
    const texts: string[] = []
    for (let at = 0; at < bytes.length; at += 2 + bytes.readUInt16BE(at)) {
      texts.push(bytes.toString('latin1', at + 2, at + 2 + bytes.readUInt16BE(at)))
    }
    return texts
  }

  receive(...texts: string[]): void {
    this.receiveBytes(Buffer.concat(texts.map(frame)))
  }

  receiveBytes(bytes: Uint8Array): void {
    this.#handler?.received(bytes)
  }

  written(): void {
    this.#handler?.written()
  }

  fin(): void {
    this.#handler?.ended()
  }

  closed(reason: CloseReason = { kind: 'ended' }): void {
    this.#handler?.closed(reason)
  }

  reset(): void {
    this.closed({ kind: 'failed', error: Object.assign(new Error('read'), { code: 'ECONNRESET' }) })
  }
}

export function frame(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'latin1')
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes])
}

export class ScriptedDial implements Dial {
  readonly target: DialTarget
  readonly #handler: DialHandler
  cancelled = false

  constructor(target: DialTarget, handler: DialHandler) {
    this.target = target
    this.#handler = handler
  }

  cancel(): void {
    this.cancelled = true
  }

  open(
    local?: Address,
    remote: Address = { ip: this.target.ip, port: this.target.port },
  ): ScriptedConnection {
    const connection = new ScriptedConnection(remote, local)
    return connection.handledBy(this.#handler.opened(connection))
  }

  fail(error: Error | string = 'ECONNREFUSED'): void {
    this.#handler.failed(typeof error === 'string' ? new Error(error) : error)
  }
}

export interface ScriptedListen {
  readonly options: ListenOptions
  readonly handler: ListenHandler
  closed: boolean
}

/** A transport without a network: the test makes every callback. */
export class ScriptedTransport implements Transport {
  readonly dials: ScriptedDial[] = []
  readonly listens: ScriptedListen[] = []

  dial(target: DialTarget, handler: DialHandler): Dial {
    const dial = new ScriptedDial(target, handler)
    this.dials.push(dial)
    return dial
  }

  listen(options: ListenOptions, handler: ListenHandler): Listener {
    const listen = { options, handler, closed: false }
    this.listens.push(listen)
    return {
      close: () => {
        listen.closed = true
      },
    }
  }

  /** Whether the last listener is closed. */
  get listenerClosed(): boolean {
    return this.listens.at(-1)?.closed ?? false
  }

  get lastDial(): ScriptedDial {
    const dial = this.dials.at(-1)
    if (dial === undefined) throw new Error('nothing was dialled')
    return dial
  }

  listening(): void {
    const last = this.listens.at(-1)
    last?.handler.listening({ ip: last.options.ip, port: last.options.port })
  }

  #listenAt(port: number): ScriptedListen {
    const listen = this.listens.findLast(({ options, closed }) => options.port === port && !closed)
    if (listen === undefined) throw new Error(`nothing listens at port ${String(port)}`)
    return listen
  }

  listeningAt(port: number): void {
    const { options, handler } = this.#listenAt(port)
    handler.listening({ ip: options.ip, port })
  }

  failAt(port: number, code: string): void {
    this.#listenAt(port).handler.failed(Object.assign(new Error(code), { code }))
  }

  /** A peer connects to a port. @returns the connection; undefined if the node refused it */
  acceptAt(port: number, ip: string): ScriptedConnection | undefined {
    const { handler } = this.#listenAt(port)
    const remote = { ip, port: 40_000 }
    if (!handler.admit(remote)) return undefined
    const connection = new ScriptedConnection(remote, { ip: '10.0.0.1', port })
    const accepted = handler.accepted(connection)
    return accepted === undefined ? undefined : connection.handledBy(accepted)
  }

  /** A peer connects. @returns the connection; undefined if the node refused it */
  accept(
    ip: string,
    port = 40_000,
    identities: readonly string[] = [],
  ): ScriptedConnection | undefined {
    const handler = this.listens.at(-1)?.handler
    if (handler === undefined) throw new Error('nobody listens')
    if (!handler.admit({ ip, port })) return undefined
    const connection = new ScriptedConnection({ ip, port }, undefined, identities)
    const accepted = handler.accepted(connection)
    return accepted === undefined ? undefined : connection.handledBy(accepted)
  }
}
