import type { Socket } from 'node:net'
import type { CloseReason, Connection, ConnectionHandler, PeerInfo } from '@commloop/core'
import { withTlsText } from './tls-failure.js'

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

/** How long a FIN that the kernel has no room for may hold up a reset. */
const FIN_MS_MAX = 100

/** Where a socket keeps whose it is, so that thousands of them share the functions that hear them. */
const OWNER = Symbol('connection')

type WriteCallback = (error?: Error | null) => void

interface OwnedSocket extends Socket {
  [OWNER]: TcpConnection
}

/** One open socket. Whoever opened it keeps it paused until here. */
export class TcpConnection implements Connection {
  readonly peer: PeerInfo
  readonly #socket: Socket
  /** The same; with TLS the socket below. Only that one can be reset. */
  readonly #tcp: Socket
  readonly #left: (() => void) | undefined
  #handler: ConnectionHandler = NOBODY
  #writing = false
  #peerEnded = false
  #destroyed = false
  #error: Error | undefined
  /** One function for all writes; made with the first, because most connections of a large table are idle. */
  #wrote: WriteCallback | undefined

  /**
   * The socket is open, paused, and allows half-open connections. `tcp`: what carries it, where it is a TLS socket.
   * `left`: hears that it is gone, before its handler does; a second listener to the socket would cost it a list.
   */
  constructor(socket: Socket, peer: PeerInfo, tcp = socket, left?: () => void) {
    this.peer = peer
    this.#socket = socket
    this.#tcp = tcp
    this.#left = left
    Object.assign(socket, { [OWNER]: this })
    // A paused socket stays so when a listener for its data is added.
    socket.on('data', hearData)
    socket.on('end', hearEnd)
    socket.on('error', hearError)
    socket.on('close', hearClose)
  }

  /** Names who hears of this connection. Before control goes back to the event loop, hence before any event. */
  attach(handler: ConnectionHandler): void {
    this.#handler = handler
  }

  write(chunks: readonly Uint8Array[]): boolean {
    const socket = this.#socket
    // The connection may have failed, and the caller has not heard yet.
    if (socket.destroyed || this.#destroyed) return false
    if (this.#writing) throw new Error('tcp: write while another write is under way')
    if (socket.writableEnded) throw new Error('tcp: write after end')
    this.#writing = true
    const wrote = (this.#wrote ??= this.#makeWrote())
    const last = chunks.at(-1)
    if (last === undefined) {
      process.nextTick(wrote)
    } else if (chunks.length === 1) {
      socket.write(last, wrote)
    } else {
      // Corked, the chunks go to the kernel in one call, and the last one's callback stands for all.
      socket.cork()
      for (const chunk of chunks.slice(0, -1)) socket.write(chunk)
      socket.write(last, wrote)
      socket.uncork()
    }
    // Mostly the kernel takes all at once, and Node only tells of it later.
    return socket.writableLength === 0
  }

  /** Not within `write`: whatever contains a function is given an object for it at every call, made or not. */
  #makeWrote(): WriteCallback {
    return (error) => {
      this.#writeOver(error)
    }
  }

  #writeOver(error: Error | null | undefined): void {
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
    if (finUnderWay) this.#resetAfterFin()
    else this.#reset()
  }

  #reset(): void {
    // A TLS socket may have let go of the one below, and is about to close itself.
    if (!this.#tcp.destroyed) this.#tcp.resetAndDestroy()
  }

  /**
   * Until the kernel has taken the FIN libuv refuses to reset, and Node would lose the descriptor over it. With TCP
   * that is within a turn of the event loop. TLS sends a notice before the FIN, for which there may be no room.
   */
  #resetAfterFin(): void {
    const timer = setTimeout(() => {
      this.#tcp.destroy()
    }, FIN_MS_MAX)
    this.#socket.once('finish', () => {
      this.#reset()
    })
    this.#socket.once('close', () => {
      clearTimeout(timer)
    })
  }

  // ── for its socket ──────────────────────────────────────────────────────────────────────────────────────────

  heardData(chunk: Buffer): void {
    // Node hands out what it had buffered even after its own `destroy`.
    if (!this.#destroyed) this.#handler.received(chunk)
  }

  /**
   * A reset that arrives together with the last data comes as an end too: libuv cannot tell them apart. Nor does Node
   * tell TLS's own notice of the end from a bare FIN.
   */
  heardEnd(): void {
    if (this.#destroyed) return
    this.#peerEnded = true
    this.#handler.ended()
  }

  heardError(error: Error): void {
    this.#error ??= error
    // Of a connection by TLS that is broken or forged Node tells, and leaves it open.
    if (!this.#socket.destroyed) this.#socket.destroy()
  }

  heardClose(): void {
    this.#left?.()
    this.#handler.closed(this.#closeReason())
  }

  #closeReason(): CloseReason {
    if (this.#destroyed) return { kind: 'destroyed' }
    if (this.#error !== undefined) return { kind: 'failed', error: withTlsText(this.#error) }
    if (this.#peerEnded && this.#socket.writableFinished) return { kind: 'ended' }
    return { kind: 'failed', error: new Error('the connection closed before both sides had ended') }
  }
}

function hearData(this: Socket, chunk: Buffer): void {
  ownerOf(this).heardData(chunk)
}

function hearEnd(this: Socket): void {
  ownerOf(this).heardEnd()
}

function hearError(this: Socket, error: Error): void {
  ownerOf(this).heardError(error)
}

function hearClose(this: Socket): void {
  ownerOf(this).heardClose()
}

function ownerOf(socket: Socket): TcpConnection {
  return (socket as OwnedSocket)[OWNER]
}
