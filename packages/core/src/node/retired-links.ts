import type { Clock, Timer } from '../contracts/clock.js'
import type { Reason } from '../contracts/reason.js'
import type { Link } from '../link/link.js'
import { type LinkCounters, LinkTally } from '../ledger/link-counters.js'

/** Why their connections and queues end. */
const REASON: Reason = { code: 'removed' }

/**
 * Links that the table no longer has: those that are still ending, and the sum of the counters of those that have
 * ended. The ledger of the node needs this sum.
 */
export class RetiredLinks {
  readonly #clock: Clock
  readonly #leaving = new Map<Link, Timer>()
  readonly #gone = new LinkTally()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Ends these links. Those that are up write their queues first; at the deadline they drop the rest. */
  retire(links: readonly Link[], deadlineMs: number): void {
    // All are registered before the first event: its listener may stop the node.
    for (const link of links) {
      const timer = this.#clock.after(deadlineMs, () => {
        link.connection?.abort(REASON)
      })
      this.#leaving.set(link, timer)
    }
    for (const link of links) link.stop(REASON)
  }

  has(link: Link): boolean {
    return this.#leaving.has(link)
  }

  hasId(id: string): boolean {
    for (const link of this.#leaving.keys()) if (link.id === id) return true
    return false
  }

  get links(): readonly Link[] {
    return [...this.#leaving.keys()]
  }

  /** The link's queue is empty: its connection may end. */
  emptied(link: Link): void {
    if (link.state === 'draining') link.connection?.finish(REASON)
  }

  /** The link is closed: only its counters remain. */
  closed(link: Link): void {
    this.#leaving.get(link)?.cancel()
    if (this.#leaving.delete(link)) addTo(this.#gone, link.queue.tally)
  }

  /** The sums over all links, including those that are still ending. */
  get counters(): LinkCounters {
    const sum = new LinkTally()
    addTo(sum, this.#gone)
    let queued = 0
    for (const link of this.#leaving.keys()) {
      addTo(sum, link.queue.tally)
      queued += link.queue.outbox.level.messages
    }
    return Object.assign({ queued }, sum)
  }
}

function addTo(sum: LinkTally, tally: LinkTally): void {
  for (const name of Object.keys(tally) as (keyof LinkTally)[]) sum[name] += tally[name]
}
