import type { Connection, Dial, DialHandler } from '@commloop/core'
import type { Breaches } from './transport-breaches.js'
import type { End } from './transport-end.js'

/** One dial, and its result. */
export class Attempt implements DialHandler {
  end: End | undefined
  error: (Error & { readonly code?: unknown }) | undefined
  onOpened: (end: End) => void = () => undefined
  readonly #breaches: Breaches
  readonly #endOf: (connection: Connection) => End
  #dial: Dial | undefined
  #cancelled = false

  constructor(breaches: Breaches, endOf: (connection: Connection) => End) {
    this.#breaches = breaches
    this.#endOf = endOf
  }

  begun(dial: Dial): void {
    this.#dial = dial
  }

  get isOver(): boolean {
    return this.end !== undefined || this.error !== undefined
  }

  /** The dial has failed, or its connection was closed immediately. */
  get wasRefused(): boolean {
    return this.error !== undefined || this.end?.isClosed === true || this.end?.hasEnded === true
  }

  cancel(): void {
    this.#breaches.during('cancel', () => this.#dial?.cancel())
    this.#cancelled = !this.isOver
  }

  opened(connection: Connection): End {
    this.#calledBack('opened')
    const end = this.#endOf(connection)
    this.end = end
    this.onOpened(end)
    return end
  }

  failed(error: Error): void {
    this.#calledBack('failed of a dial')
    this.error = error
  }

  #calledBack(callback: string): void {
    this.#breaches.calledBack(callback, {
      'after cancel': this.#cancelled,
      'after the dial had ended': this.isOver,
    })
  }
}
