import type { Socket } from 'node:net'
import { type Address, durationText } from '@commloop/core'
import { peerTimer } from './peer-timer.js'
import { readProxyHeader } from './proxy-header.js'

/** How long a balancer may take to send the header. */
const HEADER_MS_MAX = 5_000

export interface OpeningListener {
  /** The header is complete. The socket is paused, and its stream begins after the header. */
  opened(socket: Socket, source: Address): void
  /** The balancer has connected for itself, to see whether the node lives. The connection ends. */
  probed(proxy: Address): void
  /** The connection is reset. `reason` is one of a closed set of texts. */
  refused(proxy: Address, reason: string): void
}

/** Connections of balancers whose PROXY header is not complete, limited in number and in time. */
export class ProxiedOpenings {
  readonly #max: number
  readonly #listener: OpeningListener
  /** With the function that stops waiting for the header. */
  readonly #unfinished = new Map<Socket, () => void>()

  constructor(max: number, listener: OpeningListener) {
    this.#max = max
    this.#listener = listener
  }

  /** Reads the header of a connection that is open and paused. */
  begin(socket: Socket, proxy: Address): void {
    if (this.#unfinished.size >= this.#max) {
      socket.on('error', () => undefined)
      socket.resetAndDestroy()
      this.#listener.refused(proxy, 'PROXY protocol: too many connections without a header')
      return
    }
    let stream = Buffer.alloc(0)
    const leave = (): void => {
      timer.cancel()
      this.#unfinished.delete(socket)
      socket.off('data', read).off('end', gone).off('close', gone)
    }
    const refuse = (problem: string): void => {
      leave()
      if (!socket.destroyed) socket.resetAndDestroy()
      this.#listener.refused(proxy, `PROXY protocol: ${problem}`)
    }
    const gone = (): void => {
      refuse('the balancer hung up')
    }
    const read = (chunk: Buffer): void => {
      stream = Buffer.concat([stream, chunk])
      const header = readProxyHeader(stream)
      if (header.kind === 'partial') return
      if (header.kind === 'invalid') {
        refuse(header.problem)
        return
      }
      leave()
      socket.pause()
      if (header.source === undefined) this.#answer(socket, proxy)
      else {
        if (stream.length > header.bytes) socket.unshift(stream.subarray(header.bytes))
        socket.off('error', ignore)
        this.#listener.opened(socket, header.source)
      }
    }
    const timer = peerTimer(HEADER_MS_MAX, () => {
      refuse(`no header within ${durationText(HEADER_MS_MAX)}`)
    })
    this.#unfinished.set(socket, leave)
    socket.on('error', ignore).on('data', read).on('end', gone).on('close', gone)
    socket.resume()
  }

  /** Ends the balancer's own connection with FIN, so that its health check succeeds. */
  #answer(socket: Socket, proxy: Address): void {
    socket.allowHalfOpen = false
    socket.setTimeout(HEADER_MS_MAX, () => socket.destroy())
    socket.resume()
    socket.end()
    this.#listener.probed(proxy)
  }

  /** Resets all unfinished connections without reporting them. */
  close(): void {
    for (const [socket, leave] of [...this.#unfinished]) {
      leave()
      socket.resetAndDestroy()
    }
  }
}

function ignore(): void {
  // The end of the socket follows.
}
