import type { PeerConnection } from './peer-connection.js'

/** The most connections of one script, including those that have ended. */
const CONNECTIONS_MAX = 4_096

/** The connections that a script has opened, in this order. */
export class ConnectionList {
  readonly #connections: PeerConnection[] = []

  /** The number of the next connection. @throws Error if the script has opened too many */
  get nextNumber(): number {
    if (this.#connections.length === CONNECTIONS_MAX) {
      throw new Error(`a script opens at most ${String(CONNECTIONS_MAX)} connections`)
    }
    return this.#connections.length + 1
  }

  add(connection: PeerConnection): void {
    this.#connections.push(connection)
  }

  get all(): readonly PeerConnection[] {
    return this.#connections
  }

  /** The newest connection; undefined if none was opened. */
  get newest(): PeerConnection | undefined {
    return this.#connections.at(-1)
  }

  /** How many connections neither side has ended. */
  get open(): number {
    return this.#connections.filter(({ isOpen }) => isOpen).length
  }

  /** The connection that a step selects with `on`. @throws Error if the script has not opened it */
  at(number: number | undefined): PeerConnection {
    const at = number === undefined ? this.#connections.length - 1 : number - 1
    const connection = this.#connections[at]
    if (connection === undefined) {
      throw new Error(`the script names connection ${String(number ?? 1)} before it is opened`)
    }
    return connection
  }
}
