import type { ListenConfig } from '../config/node-config.js'
import type { Clock } from '../contracts/clock.js'
import type { Address, Transport } from '../contracts/transport.js'
import type { Warnings } from '../events/warnings.js'
import { addressText } from '../address/address-text.js'
import { type AdmissionHandler, ManagedListener } from './managed-listener.js'
import { type ListenFailure, ListenerMove } from './listener-move.js'

/** A listener at this moment. */
export interface ListenerState {
  readonly name: string
  /** The real port while it is open, else the configured one. */
  readonly at: Address
  /** Whether it is open. If not, the node tries to open it again. */
  readonly open: boolean
}

/** The listeners of a node, which may change while the node runs. The failure of one does not affect the others. */
export class Listening {
  readonly #transport: Transport
  readonly #clock: Clock
  readonly #admission: AdmissionHandler
  readonly #warnings: Warnings
  readonly #opened: (listener: ManagedListener, at: Address) => void
  #listeners: readonly ManagedListener[] = []
  #move: ListenerMove | undefined

  /** @param opened called each time that a listener opens, with the real port */
  constructor(
    transport: Transport,
    clock: Clock,
    admission: AdmissionHandler,
    warnings: Warnings,
    opened: (listener: ManagedListener, at: Address) => void,
  ) {
    this.#transport = transport
    this.#clock = clock
    this.#admission = admission
    this.#warnings = warnings
    this.#opened = opened
  }

  get states(): readonly ListenerState[] {
    return this.#listeners.map(({ name, place, at }) => ({
      name,
      at: at ?? { ip: place.host, port: place.port },
      open: at !== undefined,
    }))
  }

  /** Where the first listener is open; undefined: nowhere. */
  get first(): Address | undefined {
    return this.#listeners[0]?.at
  }

  /**
   * Opens the first listeners of the node. Calls `started` when each is open or has failed: with the first failure if all
   * have failed, and without one otherwise. The node then tries again to open those that have failed.
   */
  open(
    places: readonly ListenConfig[],
    started: (failure: ListenFailure | undefined) => void,
  ): void {
    const failures: ListenFailure[] = []
    let pending = places.length
    const settle = (failure: ListenFailure | undefined): void => {
      if (failure !== undefined) failures.push(failure)
      pending--
      if (pending > 0) return
      if (failures.length === places.length) {
        started(failures[0])
        return
      }
      for (const { place, error } of failures) this.#retry(place, error)
      started(undefined)
    }
    this.#listeners = places.map((place) =>
      this.#made(place, (error) => {
        settle(error === undefined ? undefined : { place, error })
      }),
    )
    for (const listener of this.#listeners) listener.open()
  }

  #retry({ name, host, port }: ListenConfig, error: Error): void {
    const text = `cannot listen at ${addressText({ ip: host, port })}: ${error.message}; the node tries again`
    this.#warnings.warn('LISTEN_LOST', text, error)
    this.#listeners.find((listener) => listener.name === name)?.persist()
  }

  /** A listener that is not open yet. `opened` is called once: without an error when it opens, or with its error. */
  #made(place: ListenConfig, opened: (error: Error | undefined) => void): ManagedListener {
    const listener = new ManagedListener(place, this.#transport, this.#clock, this.#admission, {
      listening: (at, first) => {
        this.#opened(listener, at)
        if (first) opened(undefined)
      },
      failed: (error, first) => {
        if (first) opened(error)
        else this.#warnings.warn('LISTEN_LOST', `listening has ended: ${error.message}`, error)
      },
    })
    return listener
  }

  /**
   * Changes to other listeners, all or none. A listener whose place stays is not touched, unless `relisten`. Calls `moved`
   * only after `move` has returned, unless no listener must be opened.
   */
  move(
    places: readonly ListenConfig[],
    relisten: boolean,
    moved: (failure: ListenFailure | undefined) => void,
  ): void {
    const kept = new Map<ListenConfig, ManagedListener>()
    for (const place of relisten ? [] : places) {
      const same = this.#listeners.find((listener) => listener.isAt(place))
      if (same !== undefined) kept.set(place, same)
    }
    const staying = new Set(kept.values())
    const leaving = this.#listeners.filter((listener) => !staying.has(listener))
    const wanted = places.filter((place) => !kept.has(place))
    const make = (
      place: ListenConfig,
      opened: (error: Error | undefined) => void,
    ): ManagedListener => this.#made(place, opened)
    this.#move = new ListenerMove(wanted, leaving, make, (result) => {
      this.#move = undefined
      if ('error' in result) {
        moved(result)
        return
      }
      for (const listener of leaving) listener.close()
      for (const [place, listener] of kept) listener.name = place.name
      this.#listeners = places.flatMap((place) => kept.get(place) ?? result.opened.get(place) ?? [])
      moved(undefined)
    })
    this.#move.next()
  }

  close(): void {
    this.#move?.close()
    for (const listener of this.#listeners) listener.close()
  }
}
