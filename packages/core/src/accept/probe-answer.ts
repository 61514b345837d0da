import type { Clock, Timer } from '../contracts/clock.js'
import type { Connection, ConnectionHandler } from '../contracts/transport.js'

/** How long a health probe may stay after our FIN. */
const PROBE_MS_MAX = 1_000

/** Answers a health probe: the connection was accepted, and ends with FIN, so that the probe succeeds. */
export class ProbeAnswer implements ConnectionHandler {
  readonly #connection: Connection
  readonly #timer: Timer

  constructor(connection: Connection, clock: Clock) {
    this.#connection = connection
    this.#timer = clock.after(PROBE_MS_MAX, () => {
      connection.destroy()
    })
    // Read, because a connection that closes with unread bytes is reset.
    connection.setReading(true)
    connection.end()
  }

  received(): void {
    // A probe has nothing to say to this node.
  }

  written(): void {
    // Nothing is written.
  }

  ended(): void {
    this.#connection.end()
  }

  closed(): void {
    this.#timer.cancel()
  }
}
