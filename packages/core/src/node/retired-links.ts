import type { Clock, Timer } from '../contracts/clock.js'
import type { Reason } from '../contracts/reason.js'
import { FairTimer } from '../timing/fair-timer.js'
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
  /** With the timer that ends a link which does not end in time; undefined: it has not begun to end. */
  readonly #leaving = new Map<Link, Timer | undefined>()
  /** How many links of each id are ending. */
  readonly #ids = new Map<string, number>()
  readonly #gone = new LinkTally()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The table no longer has these links: from now on their counters count here. */
  expect(links: readonly Link[]): void {
    for (const link of links) {
      this.#leaving.set(link, undefined)
      this.#ids.set(link.id, (this.#ids.get(link.id) ?? 0) + 1)
    }
  }

  /** Ends a link. If it is up, it writes its queue first; at the deadline it drops the rest. */
  end(link: Link, deadlineMs: number): void {
    if (!this.has(link)) return
    const timer = new FairTimer(this.#clock, deadlineMs, () => {
      link.connection?.abort(REASON)
    })
    this.#leaving.set(link, timer)
    link.stop(REASON)
  }

  has(link: Link): boolean {
    return this.#leaving.has(link)
  }

  /** Whether a link with this id is still ending. */
  hasId(id: string): boolean {
    return this.#ids.has(id)
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
    if (!this.#leaving.delete(link)) return
    addTo(this.#gone, link.queue.tally)
    const left = (this.#ids.get(link.id) ?? 1) - 1
    if (left === 0) this.#ids.delete(link.id)
    else this.#ids.set(link.id, left)
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
