import type { Socket } from 'node:net'
import { type Address, durationText, SharedPlaces } from '@commloop/core'
import { peerTimer } from './peer-timer.js'
import { readProxyHeader } from './proxy-header.js'

/** How long a balancer may take to send the header. */
const HEADER_MS_MAX = 5_000
/** A balancer sends the header first. A connection without a byte for this long gives way if there are too many. */
const SILENT_MS_MAX = 2_000

export interface OpeningListener {
  /** The header is complete. The socket is paused, and its stream begins after the header. */
  opened(socket: Socket, source: Address): void
  /** The balancer has connected for itself, to see whether the node lives. The connection ends. */
  probed(proxy: Address): void
  /** The connection is reset. `reason` is one of a closed set of texts. */
  refused(proxy: Address, reason: string): void
}

interface Opening {
  readonly socket: Socket
  readonly begunMs: number
  /** Resets the connection, and reports why. */
  refuse(problem: string): void
  /** Stops waiting for the header. */
  leave(): void
}

/**
 * Connections of balancers whose PROXY header is not complete, limited in number and in time. No balancer keeps another one
 * out: see `SharedPlaces`.
 */
export class ProxiedOpenings {
  readonly #places: SharedPlaces<Opening>
  readonly #listener: OpeningListener
  readonly #unfinished = new Set<Opening>()

  constructor(max: number, listener: OpeningListener) {
    this.#places = new SharedPlaces(max, isSilent)
    this.#listener = listener
  }

  /** Reads the header of a connection that is open and paused. */
  begin(socket: Socket, proxy: Address): void {
    const opening = this.#opening(socket, proxy)
    // All balancers are listed, and an unlisted one is never read, so they are in one lane.
    const claim = { lane: 'first', group: proxy.ip, address: proxy.ip } as const
    const { entered, displaced } = this.#places.enter(opening, claim)
    if (!entered) {
      opening.refuse('too many connections without a header')
      return
    }
    this.#unfinished.add(opening)
    socket.resume()
    displaced?.refuse('its connection without a header gave way to another one')
  }

  #opening(socket: Socket, proxy: Address): Opening {
    let stream = Buffer.alloc(0)
    const leave = (): void => {
      timer.cancel()
      this.#unfinished.delete(opening)
      this.#places.leave(opening)
      socket.off('data', read).off('end', gone).off('close', gone)
    }
    const refuse = (problem: string): void => {
      leave()
      if (!socket.destroyed) socket.resetAndDestroy()
      this.#listener.refused(proxy, `PROXY protocol: ${problem}`)
    }
    const opening = { socket, begunMs: performance.now(), refuse, leave }
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
    socket.on('error', ignore).on('data', read).on('end', gone).on('close', gone)
    return opening
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
    for (const opening of [...this.#unfinished]) {
      opening.leave()
      opening.socket.resetAndDestroy()
    }
  }
}

function isSilent({ socket, begunMs }: Opening): boolean {
  return socket.bytesRead === 0 && performance.now() - begunMs >= SILENT_MS_MAX
}

function ignore(): void {
  // The end of the socket follows.
}
