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
/** A standby must listen soon after it has taken over the address, and an attempt to listen costs nothing. */
const ABSENT_MS_MAX = 1_000

/** Decides about the connections that a listener accepts. */
export interface AdmissionHandler {
  admit(remote: Address | undefined, listener: NamedListener): boolean
  shareOf(remote: Address, listener: NamedListener): string
  accepted(connection: Connection, listener: NamedListener): ConnectionHandler | undefined
  refused(remote: Address, reason: string, listener: NamedListener): void
  probed(): void
}

export interface ListenerEvents {
  /** The listener is open, the first time or again. */
  listening(at: Address): void
  failed(error: Error, how: ListenFailureKind): void
}

/**
 * `refused`: the listener could not be opened, and nothing follows. `absent`: it waits for its address. `lost`: it was open.
 * In the last two cases it tries again after a delay.
 */
export type ListenFailureKind = 'refused' | 'absent' | 'lost'

/** Why a listener is not open although it should be, and since when by the clock. */
export interface ListenTrouble {
  readonly error: Error
  readonly sinceMs: number
}

/** What a listener needs of its node. */
export interface ListenerServices {
  readonly transport: Transport
  readonly clock: Clock
  readonly admission: AdmissionHandler
}

/**
 * Listens at one address. The name may change, the place does not. A listener that has been open opens again after every
 * failure, until it is closed. A patient one also waits for an address that the machine does not have yet: from DHCP, or
 * one that moves between two machines.
 */
export class ManagedListener implements NamedListener {
  readonly place: ListenConfig
  name: string
  /** Where it is open, with the real port; undefined: it is not open. */
  at: Address | undefined
  readonly #services: ListenerServices
  readonly #events: ListenerEvents
  readonly #patient: boolean
  #trouble: ListenTrouble | undefined
  #opening: Listener | undefined
  #everOpen = false
  #relistenMs = RELISTEN_MS_MIN
  #relistenTimer: Timer | undefined

  constructor(
    place: ListenConfig,
    services: ListenerServices,
    events: ListenerEvents,
    patient: boolean,
  ) {
    this.place = place
    this.name = place.name
    this.#services = services
    this.#events = events
    this.#patient = patient
  }

  /** Whether it listens at this place, with these options. The name does not matter. */
  isAt({ host, port, transportOptions }: ListenConfig): boolean {
    const { place } = this
    const sameOptions = sameValue(place.transportOptions, transportOptions)
    return place.host === host && place.port === port && sameOptions
  }

  /** After a first failure: opens again after a delay, as if it had been open. */
  persist(error: Error): void {
    this.#everOpen = true
    this.#retry(error)
  }

  /** undefined: it is open, or was never opened. */
  get trouble(): ListenTrouble | undefined {
    return this.#trouble
  }

  /** Also opens a listener that was closed. */
  open(): void {
    const { host, port, transportOptions } = this.place
    const { transport, admission } = this.#services
    const handler: ListenHandler = {
      admit: (remote) => admission.admit(remote, this),
      shareOf: (remote) => admission.shareOf(remote, this),
      accepted: (connection) => admission.accepted(connection, this),
      refused: (remote, reason) => {
        admission.refused(remote, reason, this)
      },
      probed: () => {
        admission.probed()
      },
      listening: (at) => {
        this.#listening(at)
      },
      failed: (error) => {
        this.#failed(error)
      },
    }
    this.#opening = transport.listen({ ip: host, port, options: transportOptions }, handler)
  }

  #listening(at: Address): void {
    this.#relistenMs = RELISTEN_MS_MIN
    this.#trouble = undefined
    this.#everOpen = true
    this.at = at
    this.#events.listening(at)
  }

  #failed(error: Error): void {
    this.#opening = undefined
    this.at = undefined
    const how = this.#everOpen ? 'lost' : this.#patient && isAbsent(error) ? 'absent' : 'refused'
    if (how !== 'refused') this.#retry(error)
    this.#events.failed(error, how)
  }

  #retry(error: Error): void {
    const { clock } = this.#services
    this.#trouble = { error, sinceMs: this.#trouble?.sinceMs ?? clock.now() }
    this.#relistenTimer = clock.after(this.#relistenMs, () => {
      this.open()
    })
    const delayMsMax = isAbsent(error) ? ABSENT_MS_MAX : RELISTEN_MS_MAX
    this.#relistenMs = Math.min(delayMsMax, this.#relistenMs * 2)
  }

  close(): void {
    this.#relistenTimer?.cancel()
    this.#opening?.close()
    this.#opening = undefined
    this.at = undefined
  }
}

/** This machine does not have the address. */
function isAbsent(error: Error): boolean {
  return 'code' in error && error.code === 'EADDRNOTAVAIL'
}
