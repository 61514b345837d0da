import type { ListenConfig } from '../config/node-config.js'
import type { Clock } from '../contracts/clock.js'
import type { Address, Transport } from '../contracts/transport.js'
import type { Warnings } from '../events/warnings.js'
import { messageText } from '../text/safe-text.js'
import { type AdmissionHandler, ManagedListener } from './managed-listener.js'

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

  #try(place: ListenConfig, moved: Moved, notOpened: (error: Error) => void): void {
    const listener = new ManagedListener(place, this.#transport, this.#clock, this.#admission, {
      listening: (at, first) => {
        this.#listening(at)
        if (!first) return
        this.#listener?.close()
        this.#listener = listener
        this.#next = undefined
        moved(undefined)
      },
      failed: (error, first) => {
        if (!first) {
          this.#warnings.warn('LISTEN_LOST', `listening has ended: ${messageText(error)}`, error)
          return
        }
        this.#next = undefined
        notOpened(error)
      },
    })
    this.#next = listener
    listener.open()
  }

  close(): void {
    this.#next?.close()
    this.#listener?.close()
  }
}

function isInUse(error: Error): boolean {
  return 'code' in error && error.code === 'EADDRINUSE'
}
