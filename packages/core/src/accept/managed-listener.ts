import type { ListenConfig } from '../config/node-config.js'
import type { Clock, Timer } from '../contracts/clock.js'
import type { Address, Listener, ListenHandler, Transport } from '../contracts/transport.js'

const RELISTEN_MS_MIN = 100
const RELISTEN_MS_MAX = 30_000

/** Decides about whoever stands at a door. */
export type AdmissionHandler = Required<Pick<ListenHandler, 'admit' | 'accepted' | 'refused'>>

export interface ListenerEvents {
  /** It is open, for the first time. */
  opened(): void
  /** The first try to open it has failed: nothing follows. */
  notOpened(error: Error): void
  listening(at: Address): void
  /** It was open and is not any more; it tries again by itself. */
  lost(error: Error): void
}

/** One place to listen at. Once it was open, it opens again whenever that ends by itself, until it is closed. */
export class ManagedListener {
  readonly place: ListenConfig
  readonly #transport: Transport
  readonly #clock: Clock
  readonly #keeper: AdmissionHandler
  readonly #listener: ListenerEvents
  #opening: Listener | undefined
  #everOpen = false
  #relistenMs = RELISTEN_MS_MIN
  #relistenTimer: Timer | undefined

  constructor(
    place: ListenConfig,
    transport: Transport,
    clock: Clock,
    keeper: AdmissionHandler,
    listener: ListenerEvents,
  ) {
    this.place = place
    this.#transport = transport
    this.#clock = clock
    this.#keeper = keeper
    this.#listener = listener
  }

  /** At first, and again after `close`. */
  open(): void {
    const { host, port, transportOptions } = this.place
    const handler: ListenHandler = {
      admit: (remote) => this.#keeper.admit(remote),
      accepted: (connection) => this.#keeper.accepted(connection),
      refused: (remote, reason) => {
        this.#keeper.refused(remote, reason)
      },
      listening: (at) => {
        this.#listening(at)
      },
      failed: (error) => {
        this.#failed(error)
      },
    }
    this.#opening = this.#transport.listen({ ip: host, port, options: transportOptions }, handler)
  }

  #listening(at: Address): void {
    this.#relistenMs = RELISTEN_MS_MIN
    const first = !this.#everOpen
    this.#everOpen = true
    this.#listener.listening(at)
    if (first) this.#listener.opened()
  }

  #failed(error: Error): void {
    this.#opening = undefined
    if (!this.#everOpen) {
      this.#listener.notOpened(error)
      return
    }
    this.#listener.lost(error)
    this.#relistenTimer = this.#clock.after(this.#relistenMs, () => {
      this.open()
    })
    this.#relistenMs = Math.min(RELISTEN_MS_MAX, this.#relistenMs * 2)
  }

  close(): void {
    this.#relistenTimer?.cancel()
    this.#opening?.close()
    this.#opening = undefined
  }
}
