import {
  type Connection,
  type ConnectionHandler,
  type Dial,
  type DialHandler,
  type DialTarget,
  type Listener,
  type ListenHandler,
  type ListenOptions,
  type Plugin,
  Transport,
} from '@commloop/core'

/** Wraps the transport of a node, and counts the writes of the connections that the node dials. */
export class CountedWrites implements Transport {
  #inner: Transport | undefined
  /** Bytes of each write, in order, over all connections. */
  readonly writes: number[] = []

  /** For `createNode`, after the transport's own plugin. */
  readonly plugin: Plugin = (scope) => {
    this.#inner = scope.resolve(Transport)
    scope.register(Transport, { useValue: this })
  }

  get #transport(): Transport {
    if (this.#inner === undefined) throw new Error('not a plugin of any node')
    return this.#inner
  }

  dial(target: DialTarget, handler: DialHandler): Dial {
    return this.#transport.dial(target, {
      opened: (connection): ConnectionHandler => handler.opened(this.#counted(connection)),
      failed: (error) => {
        handler.failed(error)
      },
    })
  }

  listen(options: ListenOptions, handler: ListenHandler): Listener {
    return this.#transport.listen(options, handler)
  }

  #counted(connection: Connection): Connection {
    return {
      peer: connection.peer,
      write: (chunks) => {
        this.writes.push(chunks.reduce((bytes, chunk) => bytes + chunk.byteLength, 0))
        return connection.write(chunks)
      },
      setReading: (on) => {
        connection.setReading(on)
      },
      end: () => {
        connection.end()
      },
      destroy: () => {
        connection.destroy()
      },
    }
  }
}
