import type { ListenConfig } from '../config/node-config.js'
import type { Clock, Timer } from '../contracts/clock.js'
import type { Address, Listener, ListenHandler, Transport } from '../contracts/transport.js'

const RELISTEN_MS_MIN = 100
const RELISTEN_MS_MAX = 30_000

/** Decides about the connections that a listener accepts. */
export type AdmissionHandler = Required<Pick<ListenHandler, 'admit' | 'accepted' | 'refused'>>

export interface ListenerEvents {
  /** The listener is open. `first`: it was not open before. */
  listening(at: Address, first: boolean): void
  /** `first`: it could not be opened, and nothing follows. Otherwise it was open, and it opens again after a delay. */
  failed(error: Error, first: boolean): void
}

/** Listens at one address. A listener that has been open opens again after every failure, until it is closed. */
export class ManagedListener {
  readonly place: ListenConfig
  readonly #transport: Transport
  readonly #clock: Clock
  readonly #admission: AdmissionHandler
  readonly #events: ListenerEvents
  #opening: Listener | undefined
  #everOpen = false
  #relistenMs = RELISTEN_MS_MIN
  #relistenTimer: Timer | undefined

  constructor(
    place: ListenConfig,
    transport: Transport,
    clock: Clock,
    admission: AdmissionHandler,
    events: ListenerEvents,
  ) {
    this.place = place
    this.#transport = transport
    this.#clock = clock
    this.#admission = admission
    this.#events = events
  }

  /** Also opens a listener that was closed. */
  open(): void {
    const { host, port, transportOptions } = this.place
    const handler: ListenHandler = {
      admit: (remote) => this.#admission.admit(remote),
      accepted: (connection) => this.#admission.accepted(connection),
      refused: (remote, reason) => {
        this.#admission.refused(remote, reason)
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
    this.#events.listening(at, first)
  }

  #failed(error: Error): void {
    this.#opening = undefined
    const first = !this.#everOpen
    this.#events.failed(error, first)
    if (first) return
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
