import type { Socket } from 'node:net'
import type { CloseReason, Connection, ConnectionHandler, PeerInfo } from '@commloop/core'

/** Hears a connection that nobody wanted, until it is gone. */
const NOBODY: ConnectionHandler = {
  received() {
    /* not wanted */
  },
  written() {
    /* not wanted */
  },
  ended() {
    /* not wanted */
  },
  closed() {
    /* not wanted */
  },
}

/** One open socket. Whoever opened it keeps it paused until here; a TLS socket would come in by the same door. */
export class TcpConnection implements Connection {
  readonly peer: PeerInfo
  readonly #socket: Socket
  #handler: ConnectionHandler = NOBODY
  #writing = false
  #peerEnded = false
  #destroyed = false
  #error: Error | undefined

  /** The socket is open, paused, and allows half-open connections. */
  constructor(socket: Socket, peer: PeerInfo) {
    this.peer = peer
    this.#socket = socket
    // A paused socket stays so when a listener for its data is added.
    socket.on('data', (chunk: Buffer) => {
      // Node hands out what it had buffered even after its own `destroy`.
      if (!this.#destroyed) this.#handler.received(chunk)
    })
    // A reset that arrives together with the last data comes as an end too: libuv cannot tell them apart.
    socket.on('end', () => {
      if (this.#destroyed) return
      this.#peerEnded = true
      this.#handler.ended()
    })
    socket.on('error', (error) => {
      this.#error ??= error
    })
    socket.on('close', () => {
      this.#handler.closed(this.#closeReason())
    })
  }

  /** Names who hears of this connection. Before control goes back to the event loop, hence before any event. */
  attach(handler: ConnectionHandler): void {
    this.#handler = handler
  }

  write(chunks: readonly Uint8Array[]): void {
    const socket = this.#socket
    if (this.#destroyed) return
    if (this.#writing) throw new Error('tcp: write while another write is under way')
    if (socket.writableEnded) throw new Error('tcp: write after end')
    this.#writing = true
    // Where the connection has failed and the caller has not heard yet, Node answers with an error.
    const last = chunks.at(-1)
    if (last === undefined) {
      process.nextTick(this.#wrote)
    } else if (chunks.length === 1) {
      socket.write(last, this.#wrote)
    } else {
      // Corked, the chunks go to the kernel in one call, and the last one's callback stands for all.
      socket.cork()
      for (const chunk of chunks.slice(0, -1)) socket.write(chunk)
      socket.write(last, this.#wrote)
      socket.uncork()
    }
  }

  /** Made once for all writes of a connection. */
  readonly #wrote = (error?: Error | null): void => {
    this.#writing = false
    // Node 20 reports success for what a destroyed socket had not written, whoever destroyed it.
    if (error || this.#destroyed || this.#socket.destroyed) return
    this.#handler.written()
  }

  setReading(on: boolean): void {
    // What Node reads beyond the pause stays in the socket's buffer, at most its high-water mark and one chunk.
    if (on) this.#socket.resume()
    else this.#socket.pause()
  }

  end(): void {
    this.#socket.end()
  }

  destroy(): void {
    const socket = this.#socket
    if (this.#destroyed || socket.destroyed) return
    this.#destroyed = true
    const finUnderWay =
      socket.writableEnded && !socket.writableFinished && socket.writableLength === 0
    if (!finUnderWay) {
      socket.resetAndDestroy()
      return
    }
    // Until the kernel has taken the FIN, within a turn of the event loop, libuv refuses to reset, and Node would
    // lose the descriptor over it.
    socket.once('finish', () => {
      socket.resetAndDestroy()
    })
  }

  #closeReason(): CloseReason {
    if (this.#destroyed) return { kind: 'destroyed' }
    if (this.#error !== undefined) return { kind: 'failed', error: this.#error }
    if (this.#peerEnded && this.#socket.writableFinished) return { kind: 'ended' }
    return { kind: 'failed', error: new Error('the connection closed before both sides had ended') }
  }
}
