import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { afterEach } from 'vitest'
import { eventually } from './eventually.js'
import { RawPeer, type RawPeerOptions } from './raw-peer.js'

/**
 * - `keep`: leaves what happens to the test
 * - `hang up`: accepts and closes immediately, like a peer that does not list us (FIN; received bytes are counted)
 * - a function: called with each connection immediately
 */
export type Reception = 'keep' | 'hang up' | ((peer: RawPeer, number: number) => void)

export interface RawListen extends RawPeerOptions {
  /** The address of the machine that this listener plays. */
  readonly host: string
  readonly port?: number
  readonly reception?: Reception
}

const open = new Set<RawListener>()

/** A machine that is dialled. Every connection becomes a `RawPeer`, and is counted. */
export class RawListener {
  /** Every connection so far, the closed ones too. */
  readonly peers: RawPeer[] = []
  reception: Reception
  readonly #server: Server
  readonly #options: RawPeerOptions

  private constructor({ reception = 'keep', reading, shape }: RawListen) {
    this.reception = reception
    this.#options = {
      ...(reading === undefined ? {} : { reading }),
      ...(shape === undefined ? {} : { shape }),
    }
    this.#server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
      this.#accepted(socket)
    })
  }

  static async open(listen: RawListen): Promise<RawListener> {
    const listener = new RawListener(listen)
    listener.#server.listen({ host: listen.host, port: listen.port ?? 0 })
    await once(listener.#server, 'listening')
    open.add(listener)
    return listener
  }

  #accepted(socket: Socket): void {
    const peer = new RawPeer(socket, this.#options)
    this.peers.push(peer)
    if (this.reception === 'hang up') peer.finish()
    else if (this.reception !== 'keep') this.reception(peer, this.peers.length)
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** How often it was dialled. */
  get connections(): number {
    return this.peers.length
  }

  /** The n-th connection, from 1, when it is there. */
  peer(number: number): Promise<RawPeer> {
    return eventually(
      `connection ${String(number)} at the raw listener`,
      () => this.peers[number - 1],
      () => `${String(this.peers.length)} so far`,
    )
  }

  /** Listens no more; connections stay. */
  async close(): Promise<void> {
    open.delete(this)
    if (!this.#server.listening) return
    this.#server.close()
    await eventually('the raw listener to be closed', () => !this.#server.listening)
  }
}

/** Once at the top of a test file. */
export function closeRawListenersAfterEach(): void {
  afterEach(async () => {
    await Promise.all([...open].map((listener) => listener.close()))
  })
}
