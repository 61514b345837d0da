import type { ListenConfig } from '../config/node-config.js'
import type { Clock, Timer } from '../contracts/clock.js'
import type { NamedListener } from '../config/peer-match.js'
import { sameValue } from '../config/same-value.js'
import type {
  Address,
  Connection,
  ConnectionHandler,
  Listener,
  ListenHandler,
  Transport,
} from '../contracts/transport.js'

const RELISTEN_MS_MIN = 100
const RELISTEN_MS_MAX = 30_000

/** Decides about the connections that a listener accepts. */
export interface AdmissionHandler {
  admit(remote: Address | undefined, listener: NamedListener): boolean
  accepted(connection: Connection, listener: NamedListener): ConnectionHandler | undefined
  refused(remote: Address, reason: string, listener: NamedListener): void
  probed(): void
}

export interface ListenerEvents {
  /** The listener is open. `first`: it was not open before. */
  listening(at: Address, first: boolean): void
  /** `first`: it could not be opened, and nothing follows. Otherwise it was open, and it opens again after a delay. */
  failed(error: Error, first: boolean): void
}

/** Listens at one address. The name may change, the place does not. A listener that has been open opens again after every failure, until it is closed. */
export class ManagedListener implements NamedListener {
  readonly place: ListenConfig
  name: string
  /** Where it is open, with the real port; undefined: it is not open. */
  at: Address | undefined
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
    this.name = place.name
    this.#transport = transport
    this.#clock = clock
    this.#admission = admission
    this.#events = events
  }

  /** Whether it listens at this place, with these options. The name does not matter. */
  isAt({ host, port, transportOptions }: ListenConfig): boolean {
    const { place } = this
    const sameOptions = sameValue(place.transportOptions, transportOptions)
    return place.host === host && place.port === port && sameOptions
  }

  /** After a first failure: opens again after a delay, as if it had been open. */
  persist(): void {
    this.#everOpen = true
    this.#openLater()
  }

  /** Also opens a listener that was closed. */
  open(): void {
    const { host, port, transportOptions } = this.place
    const handler: ListenHandler = {
      admit: (remote) => this.#admission.admit(remote, this),
      accepted: (connection) => this.#admission.accepted(connection, this),
      refused: (remote, reason) => {
        this.#admission.refused(remote, reason, this)
      },
      probed: () => {
        this.#admission.probed()
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
    this.at = at
    this.#events.listening(at, first)
  }

  #failed(error: Error): void {
    this.#opening = undefined
    this.at = undefined
    const first = !this.#everOpen
    this.#events.failed(error, first)
    if (!first) this.#openLater()
  }

  #openLater(): void {
    this.#relistenTimer = this.#clock.after(this.#relistenMs, () => {
      this.open()
    })
    this.#relistenMs = Math.min(RELISTEN_MS_MAX, this.#relistenMs * 2)
  }

  close(): void {
    this.#relistenTimer?.cancel()
    this.#opening?.close()
    this.#opening = undefined
    this.at = undefined
  }
}
