import type { Clock, Timer } from '../contracts/clock.js'
import type { LinkSpec } from './link-spec.js'

/**
 * What the table says of a link, while the link still has a connection that cannot go on with it. It takes effect when
 * that connection has ended, which has a deadline. A link has one of these only as long as it waits.
 */
export class LinkRenewal {
  /** The table may change once more before the connection has ended. */
  spec: LinkSpec
  readonly #timer: Timer

  constructor(spec: LinkSpec, clock: Clock, deadlineMs: number, overdue: () => void) {
    this.spec = spec
    this.#timer = clock.after(deadlineMs, overdue)
  }

  /** The connection has ended. @returns what takes effect now */
  end(): LinkSpec {
    this.#timer.cancel()
    return this.spec
  }
}
