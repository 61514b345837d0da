import type { Address, Connection, Listener, ListenHandler } from '@commloop/core'
import type { Breaches } from './transport-breaches.js'
import type { End } from './transport-end.js'

/** The user of a listener: it decides what the listener asks, and records its callbacks. */
export class ListenerProbe implements ListenHandler {
  readonly asked: (Address | undefined)[] = []
  readonly taken: End[] = []
  /** The address on which it listens. */
  at: Address | undefined
  error: Error | undefined
  admits: (remote: Address | undefined) => boolean = () => true
  wants: (connection: Connection) => boolean = () => true
  onTaken: (end: End) => void = () => undefined
  readonly #breaches: Breaches
  readonly #endOf: (connection: Connection) => End
  #listener: Listener | undefined
  #isClosed = false
  #admitted = 0

  constructor(breaches: Breaches, endOf: (connection: Connection) => End) {
    this.#breaches = breaches
    this.#endOf = endOf
  }

  opened(listener: Listener): void {
    this.#listener = listener
  }

  close(): void {
    this.#breaches.during('close', () => this.#listener?.close())
    this.#isClosed = true
  }

  listening(at: Address): void {
    this.#calledBack('listening', { twice: this.at !== undefined })
    this.at = at
  }

  admit(remote: Address | undefined): boolean {
    this.#calledBack('admit', { 'after close': this.#isClosed })
    this.asked.push(remote)
    const admitted = this.admits(remote)
    if (admitted) this.#admitted++
    return admitted
  }

  accepted(connection: Connection): End | undefined {
    this.#calledBack('accepted', {
      'after close': this.#isClosed,
      'for a connection that was not admitted': this.#admitted-- <= 0,
    })
    if (!this.wants(connection)) return undefined
    const end = this.#endOf(connection)
    this.taken.push(end)
    this.onTaken(end)
    return end
  }

  refused(): void {
    this.#calledBack('refused', { 'after close': this.#isClosed })
    this.#admitted--
  }

  failed(error: Error): void {
    this.#calledBack('failed of a listener', {})
    this.error = error
  }

  #calledBack(callback: string, broken: Readonly<Record<string, boolean>>): void {
    this.#breaches.calledBack(callback, {
      ...broken,
      'after the listener had failed': this.error !== undefined,
    })
  }
}
