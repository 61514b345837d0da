import type {
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

/**
 * A transport that simulates the death of its process: `kill` resets every connection, and nothing that the node does
 * afterwards reaches the network.
 */
export class MortalTransport implements Transport {
  readonly #transport: Transport
  readonly #connections = new Set<MortalConnection>()

  constructor(transport: Transport) {
    this.#transport = transport
  }

  dial(target: DialTarget, handler: DialHandler): Dial {
    return this.#transport.dial(target, {
      opened: (connection) => {
        const mortal = this.#mortal(connection)
        return mortal.withHandler(handler.opened(mortal))
      },
      failed: (error) => {
        handler.failed(error)
      },
    })
  }

  listen(options: ListenOptions, handler: ListenHandler): Listener {
    return this.#transport.listen(options, {
      listening: (at) => {
        handler.listening(at)
      },
      admit: (remote) => handler.admit(remote),
      accepted: (connection) => {
        const mortal = this.#mortal(connection)
        const own = handler.accepted(mortal)
        return own && mortal.withHandler(own)
      },
      refused: (remote, reason) => handler.refused?.(remote, reason),
      failed: (error) => {
        handler.failed(error)
      },
    })
  }

  #mortal(connection: Connection): MortalConnection {
    const mortal = new MortalConnection(connection, () => {
      this.#connections.delete(mortal)
    })
    this.#connections.add(mortal)
    return mortal
  }

  kill(): void {
    for (const connection of [...this.#connections]) connection.kill()
  }
}

class MortalConnection implements Connection, ConnectionHandler {
  readonly peer: PeerInfo
  readonly #connection: Connection
  readonly #onClosed: () => void
  #handler: ConnectionHandler | undefined
  #killed = false

  constructor(connection: Connection, onClosed: () => void) {
    this.peer = connection.peer
    this.#connection = connection
    this.#onClosed = onClosed
  }

  withHandler(handler: ConnectionHandler): ConnectionHandler {
    this.#handler = handler
    return this
  }

  kill(): void {
    this.#killed = true
    this.#connection.destroy()
  }

  // ── calls of the node ───────────────────────────────────────────────────────────────────────────────────────────

  write(chunks: readonly Uint8Array[]): ReturnType<Connection['write']> {
    if (!this.#killed) return this.#connection.write(chunks)
  }

  setReading(on: boolean): void {
    if (!this.#killed) this.#connection.setReading(on)
  }

  end(): void {
    if (!this.#killed) this.#connection.end()
  }

  destroy(): void {
    if (!this.#killed) this.#connection.destroy()
  }

  // ── calls of the network ────────────────────────────────────────────────────────────────────────────────────────

  received(chunk: Uint8Array): void {
    if (!this.#killed) this.#handler?.received(chunk)
  }

  written(): void {
    if (!this.#killed) this.#handler?.written()
  }

  ended(): void {
    if (!this.#killed) this.#handler?.ended()
  }

  closed(reason: CloseReason): void {
    this.#onClosed()
    this.#handler?.closed(reason)
  }
}
