import type { ListenConfig } from '../config/node-config.js'
import type { Clock } from '../contracts/clock.js'
import type { Address, Transport } from '../contracts/transport.js'
import type { Warnings } from '../events/warnings.js'
import { messageText } from '../text/safe-text.js'
import { addressText } from '../address/address-text.js'
import {
  type AdmissionHandler,
  type ListenFailureKind,
  type ListenTrouble,
  ManagedListener,
} from './managed-listener.js'
import { type ListenFailure, ListenerMove } from './listener-move.js'

/** How often to repeat the warning that the address of a listener is missing. */
const REMIND_MS = 60_000

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
  /** When to repeat the warning that the address of a listener is missing, by the clock. */
  readonly #remindMs = new WeakMap<ListenConfig, number>()

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

  /** Why a listener is not open although it should be; undefined: every listener is open. */
  get trouble(): (ListenTrouble & { readonly place: ListenConfig }) | undefined {
    for (const { trouble, place } of this.#listeners) {
      if (trouble !== undefined) return { ...trouble, place }
    }
    return undefined
  }

  /** Where the first listener is open; undefined: nowhere. */
  get first(): Address | undefined {
    return this.#listeners[0]?.at
  }

  /**
   * Opens the first listeners of the node. Calls `started` when each is open or has failed: with the first failure if all
   * have failed, and without one otherwise. The node then tries again to open those that have failed.
   *
   * The node waits for an address that this machine does not have yet: that is not a failure, and `trouble` says what is
   * missing.
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
      this.#made(place, true, (error) => {
        settle(error === undefined ? undefined : { place, error })
      }),
    )
    for (const listener of this.#listeners) listener.open()
  }

  #retry({ name, host, port }: ListenConfig, error: Error): void {
    const text = `cannot listen at ${addressText({ ip: host, port })}: ${messageText(error)}; the node tries again`
    this.#warnings.warn('LISTEN_LOST', text, error)
    this.#listeners.find((listener) => listener.name === name)?.persist(error)
  }

  /**
   * A listener that is not open yet. `opened` is called once: with its error, or without one when it opens, or, if it is
   * `patient`, when it waits for its address.
   */
  #made(
    place: ListenConfig,
    patient: boolean,
    opened: (error: Error | undefined) => void,
  ): ManagedListener {
    let isSettled = false
    const settle = (error: Error | undefined): void => {
      if (isSettled) return
      isSettled = true
      opened(error)
    }
    const events = {
      listening: (at: Address): void => {
        this.#opened(listener, at)
        settle(undefined)
      },
      failed: (error: Error, how: ListenFailureKind): void => {
        if (how !== 'refused') this.#warn(place, error, how)
        settle(how === 'refused' ? error : undefined)
      },
    }
    const services = { transport: this.#transport, clock: this.#clock, admission: this.#admission }
    const listener = new ManagedListener(place, services, events, patient)
    return listener
  }

  #warn(place: ListenConfig, error: Error, how: 'absent' | 'lost'): void {
    if (how === 'lost') {
      this.#warnings.warn('LISTEN_LOST', `listening has ended: ${messageText(error)}`, error)
      return
    }
    const nowMs = this.#clock.now()
    if (nowMs < (this.#remindMs.get(place) ?? Number.NEGATIVE_INFINITY)) return
    this.#remindMs.set(place, nowMs + REMIND_MS)
    const where = addressText({ ip: place.host, port: place.port })
    const text =
      `not listening at ${where}: this machine does not have the address ${place.host}. ` +
      'The node waits for it, and accepts no connections there until then'
    this.#warnings.warn('LISTEN_WAITING', text, error)
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
    ): ManagedListener => this.#made(place, this.#hasAddressOf(place), opened)
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

  /** A listener may wait for an address that the node has already. For another one, the node would give up what works. */
  #hasAddressOf({ host, port }: ListenConfig): boolean {
    return this.#listeners.some(({ place }) => place.host === host && place.port === port)
  }

  close(): void {
    this.#move?.close()
    for (const listener of this.#listeners) listener.close()
  }
}
