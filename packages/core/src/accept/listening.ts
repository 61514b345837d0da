import { addressText } from '../address/address-text.js'
import type { ListenConfig } from '../config/node-config.js'
import type { Clock } from '../contracts/clock.js'
import type { Address, Transport } from '../contracts/transport.js'
import type { Warnings } from '../events/warnings.js'
import { messageText } from '../text/safe-text.js'
import {
  type AdmissionHandler,
  type ListenerEvents,
  type ListenTrouble,
  ManagedListener,
} from './managed-listener.js'

/** How often to repeat the warning that the address of the listener is missing. */
const REMIND_MS = 60_000

/** `error`: why the node does not listen at the new address. */
type Moved = (error: Error | undefined) => void

/** The address where the node listens, which may change while the node runs. */
export class Listening {
  readonly #transport: Transport
  readonly #clock: Clock
  readonly #admission: AdmissionHandler
  readonly #warnings: Warnings
  readonly #listening: (at: Address) => void
  #listener: ManagedListener | undefined
  /** Not open yet. */
  #next: ManagedListener | undefined
  /** When to repeat the warning that the address is missing, by the clock. */
  #remindMs = Number.NEGATIVE_INFINITY

  /** @param listening called each time that a listener opens, with the real port */
  constructor(
    transport: Transport,
    clock: Clock,
    admission: AdmissionHandler,
    warnings: Warnings,
    listening: (at: Address) => void,
  ) {
    this.#transport = transport
    this.#clock = clock
    this.#admission = admission
    this.#warnings = warnings
    this.#listening = listening
  }

  /**
   * Listens at `place`, and stops listening at the former address when this has succeeded; undefined: listens nowhere.
   * If both addresses cannot be open at the same time, it closes the former one first and opens it again if the new one
   * fails. Calls `moved` only after `move` has returned, unless `place` is undefined.
   *
   * At the start, and for the address that the node already has, it waits for an address that this machine does not have
   * yet: `moved` is then called without an error, and `trouble` says what is missing. Moving to another such address
   * fails, because the node would give up one that works.
   */
  move(place: ListenConfig | undefined, moved: Moved): void {
    if (place === undefined) {
      this.#listener?.close()
      this.#listener = undefined
      moved(undefined)
      return
    }
    this.#try(place, moved, (error) => {
      const occupied = this.#listener?.place.port === place.port && isInUse(error)
      if (occupied) this.#moveOver(this.#listener, place, moved)
      else moved(error)
    })
  }

  /** The former listener occupies the new address: close it first. */
  #moveOver(former: ManagedListener | undefined, place: ListenConfig, moved: Moved): void {
    former?.close()
    this.#try(place, moved, (error) => {
      former?.open()
      moved(error)
    })
  }

  /** Why the node does not listen at its address; undefined: it does, or should not. */
  get trouble(): (ListenTrouble & { readonly place: ListenConfig }) | undefined {
    const trouble = this.#listener?.trouble
    if (this.#listener === undefined || trouble === undefined) return undefined
    return { ...trouble, place: this.#listener.place }
  }

  #try(place: ListenConfig, moved: Moved, notOpened: (error: Error) => void): void {
    const former = this.#listener?.place
    const patient =
      former === undefined || (former.host === place.host && former.port === place.port)
    const adopt = (): void => {
      if (this.#listener === listener) return
      this.#listener?.close()
      this.#listener = listener
      this.#next = undefined
      moved(undefined)
    }
    const events: ListenerEvents = {
      listening: (at) => {
        this.#listening(at)
        adopt()
      },
      failed: (error, how) => {
        if (how === 'refused') {
          this.#next = undefined
          notOpened(error)
          return
        }
        this.#warn(place, error, how)
        adopt()
      },
    }
    const listener = new ManagedListener(
      place,
      this.#transport,
      this.#clock,
      this.#admission,
      events,
      patient,
    )
    this.#next = listener
    listener.open()
  }

  #warn(place: ListenConfig, error: Error, how: 'absent' | 'lost'): void {
    if (how === 'lost') {
      this.#warnings.warn('LISTEN_LOST', `listening has ended: ${messageText(error)}`, error)
      return
    }
    const nowMs = this.#clock.now()
    if (nowMs < this.#remindMs) return
    this.#remindMs = nowMs + REMIND_MS
    const where = addressText({ ip: place.host, port: place.port })
    const text =
      `not listening at ${where}: this machine does not have the address ${place.host}. ` +
      'The node waits for it, and accepts no connections until then'
    this.#warnings.warn('LISTEN_WAITING', text, error)
  }

  close(): void {
    this.#next?.close()
    this.#listener?.close()
  }
}

function isInUse(error: Error): boolean {
  return 'code' in error && error.code === 'EADDRINUSE'
}
