import type { Socket } from 'node:net'
import type {
  CloseReason,
  Connection,
  ConnectionHandler,
  PeerInfo,
  UnacknowledgedBytes,
} from '@commloop/core'
import { KernelLook, socketKey } from './kernel-look.js'
import { withTlsText } from './tls-failure.js'

/** The handler of a connection that was not accepted, until it is closed. */
const NOT_ACCEPTED: ConnectionHandler = {
  received() {
    /* not accepted */
  },
  written() {
    /* not accepted */
  },
  ended() {
    /* not accepted */
  },
  closed() {
    /* not accepted */
  },
}

/** One for all connections of the process, because a look costs the same for one as for all. */
const kernel = new KernelLook()

/** How long a reset waits if the kernel has no room for the FIN. */
const FIN_MS_MAX = 100

/** Key under which a socket stores its connection, so that thousands of sockets share the same listener functions. */
const OWNER = Symbol('connection')

type WriteCallback = (error?: Error | null) => void

interface OwnedSocket extends Socket {
  [OWNER]: TcpConnection
}

/** One open socket, which is paused when the connection is made. */
export class TcpConnection implements Connection {
  readonly peer: PeerInfo
  readonly #socket: Socket
  /** The TCP socket: with TLS, the one that carries the TLS socket. Only this one can be reset. */
  readonly #tcp: Socket
  readonly #closed: (() => void) | undefined
  #handler: ConnectionHandler = NOT_ACCEPTED
  #writing = false
  /** Without what TLS adds. */
  #writtenBytes = 0
  #peerEnded = false
  #destroyed = false
  #error: Error | undefined
  /** One function for all writes, created with the first, because most connections of a large table are idle. */
  #wrote: WriteCallback | undefined

  /**
   * The socket is open, paused, and allows half-open connections. `tcp`: the socket that carries it, if it is a TLS
   * socket. `closed`: called when the connection is closed, before its handler; a second listener on the socket would
   * cost an array.
   */
  constructor(socket: Socket, peer: PeerInfo, tcp = socket, closed?: () => void) {
    this.peer = peer
    this.#socket = socket
    this.#tcp = tcp
    this.#closed = closed
    Object.assign(socket, { [OWNER]: this })
    // A paused socket stays paused when a data listener is added.
    socket.on('data', onData)
    socket.on('end', onEnd)
    socket.on('error', onError)
    socket.on('close', onClose)
  }

  /** Sets the handler. Called before control returns to the event loop, so before any event. */
  attach(handler: ConnectionHandler): void {
    this.#handler = handler
  }

  write(chunks: readonly Uint8Array[]): boolean {
    const socket = this.#socket
    // The connection may have failed before the caller got the event.
    if (socket.destroyed || this.#destroyed) return false
    if (this.#writing) throw new Error('tcp: write before the previous write has finished')
    if (socket.writableEnded) throw new Error('tcp: write after end')
    this.#writing = true
    for (const chunk of chunks) this.#writtenBytes += chunk.length
    const wrote = (this.#wrote ??= this.#makeWrote())
    const last = chunks.at(-1)
    if (last === undefined) {
      process.nextTick(wrote)
    } else if (chunks.length === 1) {
      socket.write(last, wrote)
    } else {
      // Corked chunks go to the kernel in one call, and the callback of the last one covers all.
      socket.cork()
      for (const chunk of chunks.slice(0, -1)) socket.write(chunk)
      socket.write(last, wrote)
      socket.uncork()
    }
    // Usually the kernel takes everything immediately, and Node calls back later.
    return socket.writableLength === 0
  }

  /** Kept out of `write`: V8 allocates the closure context on every call, even if the closure is never created. */
  #makeWrote(): WriteCallback {
    return (error) => {
      this.#writeOver(error)
    }
  }

  #writeOver(error: Error | null | undefined): void {
    this.#writing = false
    // Node 20 reports success for writes that a destroyed socket never made.
    if (error || this.#destroyed || this.#socket.destroyed) return
    this.#handler.written()
  }

  setReading(on: boolean): void {
    // Node buffers what it reads after the pause: at most the high-water mark and one chunk.
    if (on) this.#socket.resume()
    else this.#socket.pause()
  }

  unacknowledged(answer: (bytes: UnacknowledgedBytes | undefined) => void): void {
    const { localAddress, localPort, remoteAddress, remotePort } = this.#tcp
    const writtenBytes = this.#writtenBytes
    const local = { ip: localAddress, port: localPort }
    const socket = socketKey(local, { ip: remoteAddress, port: remotePort })
    if (socket === undefined) return
    kernel.ask(socket, (row) => {
      if (row === undefined) answer(undefined)
      else answer({ ...row, acknowledgedBytes: writtenBytes - row.unacknowledgedBytes })
    })
  }

  end(): void {
    this.#socket.end()
  }

  destroy(): void {
    const socket = this.#socket
    if (this.#destroyed || socket.destroyed) return
    this.#destroyed = true
    const finIsPending =
      socket.writableEnded && !socket.writableFinished && socket.writableLength === 0
    if (finIsPending) this.#resetAfterFin()
    else this.#reset()
  }

  #reset(): void {
    // A TLS socket that is about to close may already have released its TCP socket.
    if (!this.#tcp.destroyed) this.#tcp.resetAndDestroy()
  }

  /**
   * libuv does not reset before the kernel has taken the FIN, and Node would leak the descriptor. With TCP, the kernel
   * takes it within one turn of the event loop. TLS sends close_notify before the FIN, which may not fit into the send
   * buffer.
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

  // ── called by the socket's listeners ────────────────────────────────────────────────────────────────────────

  socketData(chunk: Buffer): void {
    // Node emits buffered data even after `destroy`.
    if (!this.#destroyed) this.#handler.received(chunk)
  }

  /**
   * Also emitted for a reset that arrives together with the last data, which libuv cannot distinguish. Node does not
   * distinguish TLS's close_notify from a bare FIN either.
   */
  socketEnd(): void {
    if (this.#destroyed) return
    this.#peerEnded = true
    this.#handler.ended()
  }

  socketError(error: Error): void {
    this.#error ??= error
    // After an error in the TLS stream, Node leaves the socket open.
    if (!this.#socket.destroyed) this.#socket.destroy()
  }

  socketClose(): void {
    this.#closed?.()
    this.#handler.closed(this.#closeReason())
  }

  #closeReason(): CloseReason {
    if (this.#destroyed) return { kind: 'destroyed' }
    if (this.#error !== undefined) return { kind: 'failed', error: withTlsText(this.#error) }
    if (this.#peerEnded && this.#socket.writableFinished) return { kind: 'ended' }
    return { kind: 'failed', error: new Error('the connection closed before both sides had ended') }
  }
}

function onData(this: Socket, chunk: Buffer): void {
  ownerOf(this).socketData(chunk)
}

function onEnd(this: Socket): void {
  ownerOf(this).socketEnd()
}

function onError(this: Socket, error: Error): void {
  ownerOf(this).socketError(error)
}

function onClose(this: Socket): void {
  ownerOf(this).socketClose()
}

function ownerOf(socket: Socket): TcpConnection {
  return (socket as OwnedSocket)[OWNER]
}
