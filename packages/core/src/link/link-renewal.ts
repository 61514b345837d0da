import type { Clock, Timer } from '../contracts/clock.js'
import { FairTimer } from '../timing/fair-timer.js'
import type { LinkSpec } from './link-spec.js'

/**
 * The new spec of a link whose present connection cannot continue under it. The spec takes effect when that connection
 * has ended, for which there is a deadline. The object exists only until then.
 */
export class LinkRenewal {
  /** Replaced if the table changes again before the connection has ended. */
  spec: LinkSpec
  readonly #timer: Timer

  constructor(spec: LinkSpec, clock: Clock, deadlineMs: number, overdue: () => void) {
    this.spec = spec
    this.#timer = new FairTimer(clock, deadlineMs, overdue)
  }

  /** The connection has ended. @returns the spec that takes effect now */
  end(): LinkSpec {
    this.#timer.cancel()
    return this.spec
  }
}
