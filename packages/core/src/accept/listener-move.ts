import type { ListenConfig } from '../config/node-config.js'
import type { ManagedListener } from './managed-listener.js'

/** Why a listener could not be opened. */
export interface ListenFailure {
  readonly place: ListenConfig
  readonly error: Error
}

type Opened = (error: Error | undefined) => void

/**
 * Opens listeners one after the other, while the former ones are still open. If a former one occupies a port, that one is
 * closed first. If a listener cannot be opened, everything is as before.
 */
export class ListenerMove {
  readonly #wanted: ListenConfig[]
  /** Listeners that end if the move succeeds. */
  readonly #leaving: readonly ManagedListener[]
  readonly #make: (place: ListenConfig, opened: Opened) => ManagedListener
  readonly #done: (
    result: { readonly opened: ReadonlyMap<ListenConfig, ManagedListener> } | ListenFailure,
  ) => void
  readonly #opened = new Map<ListenConfig, ManagedListener>()
  /** Leaving listeners that had to be closed first. */
  readonly #closed = new Set<ManagedListener>()
  #opening: ManagedListener | undefined

  constructor(
    wanted: readonly ListenConfig[],
    leaving: readonly ManagedListener[],
    make: (place: ListenConfig, opened: Opened) => ManagedListener,
    done: (
      result: { readonly opened: ReadonlyMap<ListenConfig, ManagedListener> } | ListenFailure,
    ) => void,
  ) {
    this.#wanted = [...wanted]
    this.#leaving = leaving
    this.#make = make
    this.#done = done
  }

  /** Opens the next listener, if one is left. */
  next(): void {
    const place = this.#wanted.shift()
    if (place === undefined) this.#done({ opened: this.#opened })
    else this.#open(place)
  }

  #open(place: ListenConfig): void {
    const listener = this.#make(place, (error) => {
      this.#opening = undefined
      if (error === undefined) {
        this.#opened.set(place, listener)
        this.next()
      } else if (isInUse(error) && this.#closeFormer(place)) {
        this.#open(place)
      } else {
        this.#undo()
        this.#done({ place, error })
      }
    })
    this.#opening = listener
    listener.open()
  }

  /** @returns whether leaving listeners of the same port were open */
  #closeFormer({ port }: ListenConfig): boolean {
    const former = this.#leaving.filter(
      (listener) => listener.place.port === port && !this.#closed.has(listener),
    )
    for (const listener of former) {
      listener.close()
      this.#closed.add(listener)
    }
    return former.length > 0
  }

  #undo(): void {
    for (const listener of this.#opened.values()) listener.close()
    for (const listener of this.#closed) listener.open()
  }

  close(): void {
    this.#opening?.close()
    for (const listener of this.#opened.values()) listener.close()
  }
}

function isInUse(error: Error): boolean {
  return 'code' in error && error.code === 'EADDRINUSE'
}
