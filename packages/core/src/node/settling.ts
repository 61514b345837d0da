import type { Clock } from '../contracts/clock.js'
import type { Link } from '../link/link.js'
import type { Dispatch } from '../routing/dispatch.js'
import { timerMs } from '../units/duration.js'
import type { NodeLinks } from './node-links.js'

/** Waits until every accepted message has an outcome. */
export class Settling {
  readonly #clock: Clock
  readonly #dispatch: Dispatch
  readonly #links: NodeLinks
  readonly #waiters = new Set<() => void>()

  constructor(clock: Clock, dispatch: Dispatch, links: NodeLinks) {
    this.#clock = clock
    this.#dispatch = dispatch
    this.#links = links
  }

  get #isSettled(): boolean {
    return this.#dispatch.routing === 0 && !this.#links.present.some(hasQueue)
  }

  /** @returns false if the deadline came first; undefined: no deadline */
  settled(deadlineMs: number | undefined): Promise<boolean> {
    if (this.#isSettled) return Promise.resolve(true)
    return new Promise((resolve) => {
      const done = (settled: boolean): void => {
        timer?.cancel()
        this.#waiters.delete(check)
        resolve(settled)
      }
      const check = (): void => {
        if (this.#isSettled) done(true)
      }
      const expired = (): void => {
        done(false)
      }
      const timer =
        deadlineMs === undefined ? undefined : this.#clock.after(timerMs(deadlineMs), expired)
      this.#waiters.add(check)
    })
  }

  /** A message may have been the last one without an outcome. */
  check(): void {
    for (const check of this.#waiters) check()
  }
}

function hasQueue(link: Link): boolean {
  return link.queue.outbox.level.messages > 0
}
