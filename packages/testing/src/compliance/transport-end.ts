import type { CloseReason, Connection, ConnectionHandler } from '@commloop/core'
import type { Breaches } from './transport-breaches.js'

/** One end of a connection: it makes the calls of a user, and records all callbacks. */
export class End implements ConnectionHandler {
  readonly connection: Connection
  /** Names of the callbacks in order; `received` once for each sequence of chunks. */
  readonly calls: string[] = []
  /** The chunks as they were handed out. */
  readonly chunks: Uint8Array[] = []
  receivedBytes = 0
  writtenCount = 0
  reason: CloseReason | undefined
  /** What the user does in a callback. */
  onReceived: (chunk: Uint8Array) => void = () => undefined
  onWritten: () => void = () => undefined
  onEnded: () => void = () => undefined
  readonly #name: string
  readonly #breaches: Breaches
  #reading = false
  #writing = false
  #ended = false
  #destroyed = false

  constructor(name: string, connection: Connection, breaches: Breaches) {
    this.#name = name
    this.connection = connection
    this.#breaches = breaches
  }

  get content(): Buffer {
    return Buffer.concat(this.chunks)
  }

  get hasEnded(): boolean {
    return this.#ended
  }

  get isClosed(): boolean {
    return this.reason !== undefined
  }

  // ── calls ──────────────────────────────────────────────────────────────────────────────────────

  /** @returns whether the chunks may be reused immediately */
  write(...chunks: readonly Uint8Array[]): boolean {
    this.#writing = true
    let free = false
    this.#breaches.during('write', () => {
      free = this.connection.write(chunks) === true
    })
    return free
  }

  setReading(on: boolean): void {
    this.#reading = on
    this.#breaches.during('setReading', () => {
      this.connection.setReading(on)
    })
  }

  end(): void {
    this.#breaches.during('end', () => {
      this.connection.end()
    })
  }

  destroy(): void {
    this.#destroyed = true
    this.#breaches.during('destroy', () => {
      this.connection.destroy()
    })
  }

  // ── callbacks ─────────────────────────────────────────────────────────────────────────────────────────

  received(chunk: Uint8Array): void {
    this.#calledBack('received', {
      'while not reading': !this.#reading,
      'after ended': this.#ended,
    })
    if (this.calls.at(-1) !== 'received') this.calls.push('received')
    this.chunks.push(chunk)
    this.receivedBytes += chunk.byteLength
    this.onReceived(chunk)
  }

  written(): void {
    this.#calledBack('written', { 'without a write': !this.#writing })
    this.#writing = false
    this.writtenCount++
    this.calls.push('written')
    this.onWritten()
  }

  ended(): void {
    this.#calledBack('ended', { twice: this.#ended })
    this.#ended = true
    this.calls.push('ended')
    this.onEnded()
  }

  closed(reason: CloseReason): void {
    this.#breaches.calledBack(`closed of the ${this.#name} end`, { twice: this.isClosed })
    this.reason = reason
    this.calls.push('closed')
  }

  #calledBack(callback: string, broken: Readonly<Record<string, boolean>>): void {
    this.#breaches.calledBack(`${callback} of the ${this.#name} end`, {
      ...broken,
      'after destroy': this.#destroyed,
      'after closed': this.isClosed,
    })
  }
}
