import type { ListenConfig } from '../config/node-config.js'
import type { Clock, Timer } from '../contracts/clock.js'
import type { Address, Listener, ListenHandler, Transport } from '../contracts/transport.js'

const RELISTEN_MS_MIN = 100
const RELISTEN_MS_MAX = 30_000
/** A standby must listen soon after it has taken over the address, and an attempt to listen costs nothing. */
const ABSENT_MS_MAX = 1_000

/** Decides about the connections that a listener accepts. */
export type AdmissionHandler = Required<Pick<ListenHandler, 'admit' | 'accepted' | 'refused'>>

export interface ListenerEvents {
  /** The listener is open, the first time or again. */
  listening(at: Address): void
  /**
   * `refused`: it could not be opened, and nothing follows. `absent`: it waits for its address. `lost`: it was open. In both
   * of these cases it tries again after a delay.
   */
  failed(error: Error, how: 'refused' | 'absent' | 'lost'): void
}

/** Why a listener is not open although it should be, and since when by the clock. */
export interface ListenTrouble {
  readonly error: Error
  readonly sinceMs: number
}

/**
 * Listens at one address. A listener that has been open opens again after every failure, until it is closed. A patient
 * one also waits for an address that the machine does not have yet: from DHCP, or one that moves between two machines.
 */
export class ManagedListener {
  readonly place: ListenConfig
  readonly #transport: Transport
  readonly #clock: Clock
  readonly #admission: AdmissionHandler
  readonly #events: ListenerEvents
  #opening: Listener | undefined
  #everOpen = false
  readonly #patient: boolean
  #trouble: ListenTrouble | undefined
  #relistenMs = RELISTEN_MS_MIN
  #relistenTimer: Timer | undefined

  constructor(
    place: ListenConfig,
    transport: Transport,
    clock: Clock,
    admission: AdmissionHandler,
    events: ListenerEvents,
    patient: boolean,
  ) {
    this.#patient = patient
    this.place = place
    this.#transport = transport
    this.#clock = clock
    this.#admission = admission
    this.#events = events
  }

  /** undefined: it is open, or was never opened. */
  get trouble(): ListenTrouble | undefined {
    return this.#trouble
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
    this.#trouble = undefined
    this.#everOpen = true
    this.#events.listening(at)
  }

  #failed(error: Error): void {
    this.#opening = undefined
    const how = this.#everOpen ? 'lost' : this.#patient && isAbsent(error) ? 'absent' : 'refused'
    if (how !== 'refused') this.#retry(error)
    this.#events.failed(error, how)
  }

  #retry(error: Error): void {
    this.#trouble = { error, sinceMs: this.#trouble?.sinceMs ?? this.#clock.now() }
    this.#relistenTimer = this.#clock.after(this.#relistenMs, () => {
      this.open()
    })
    const delayMsMax = isAbsent(error) ? ABSENT_MS_MAX : RELISTEN_MS_MAX
    this.#relistenMs = Math.min(delayMsMax, this.#relistenMs * 2)
  }

  close(): void {
    this.#relistenTimer?.cancel()
    this.#opening?.close()
    this.#opening = undefined
  }
}

/** This machine does not have the address. */
function isAbsent(error: Error): boolean {
  return 'code' in error && error.code === 'EADDRNOTAVAIL'
}
