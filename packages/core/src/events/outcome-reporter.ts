import type { Clock } from '../contracts/clock.js'
import type { Outcome, OutcomeEvent } from '../contracts/node-events.js'
import type { EventHub } from './event-hub.js'
import { Throttle } from './throttle.js'

/** The words of a reason that are ours; names, numbers and what a plugin said come behind them. */
const OWN_WORDS = /^[^:"\d]*/

const LIMITS = { perWindow: 10, windowMs: 1_000, kindsMax: 1_024 } as const

/**
 * Tells how messages ended. Never inside the call that ended them: a listener may then send again without finding
 * an outbox half changed.
 */
export class OutcomeReporter {
  readonly #clock: Clock
  readonly #events: EventHub
  readonly #throttle: Throttle<Omit<OutcomeEvent, 'count'>>
  #waiting: OutcomeEvent[] = []

  constructor(clock: Clock, events: EventHub) {
    this.#clock = clock
    this.#events = events
    this.#throttle = new Throttle(clock, LIMITS, (event, count) => {
      this.#tell({ ...event, count })
    })
  }

  /** `written` is told for sends with an id only; the rest always, those without id throttled. */
  ended(
    outcome: Outcome,
    reason: string | undefined,
    link: string | undefined,
    id: string | undefined,
  ): void {
    if (!this.#events.heard('outcome')) return
    const event = {
      outcome,
      ...(id === undefined ? {} : { id }),
      ...(link === undefined ? {} : { link }),
      ...(reason === undefined ? {} : { reason }),
    }
    if (id !== undefined) this.#tell({ ...event, count: 1 })
    else if (outcome !== 'written') {
      this.#throttle.occurred(`${outcome} ${sortOf(reason)} ${link ?? ''}`, event)
    }
  }

  #tell(event: OutcomeEvent): void {
    if (this.#waiting.length === 0) {
      this.#clock.soon(() => {
        this.#flush()
      })
    }
    this.#waiting.push(event)
  }

  #flush(): void {
    const events = this.#waiting
    this.#waiting = []
    for (const event of events) this.#events.emit('outcome', event)
  }

  close(): void {
    this.#throttle.close()
    this.#flush()
  }
}

function sortOf(reason = ''): string {
  return OWN_WORDS.exec(reason)?.[0] ?? reason
}
