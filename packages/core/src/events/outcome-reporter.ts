import type { Clock } from '../contracts/clock.js'
import type { Outcome, OutcomeEvent } from '../contracts/node-events.js'
import { type Reason, reasonFields } from '../contracts/reason.js'
import type { EventHub } from './event-hub.js'
import { Throttle } from './throttle.js'

const LIMITS = { perWindow: 10, windowMs: 1_000, kindsMax: 1_024 } as const

/**
 * Emits how messages ended, but never within the call that ended them. So a listener may send again, and never finds an
 * outbox in the middle of a change.
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
      this.#report({ ...event, count })
    })
  }

  /** Reports `written` only for messages with an id. Other outcomes are throttled if there is no id. */
  ended(
    outcome: Outcome,
    reason: Reason | undefined,
    link: string | undefined,
    id: string | undefined,
  ): void {
    if (!this.#events.hasListeners('outcome')) return
    const event = {
      outcome,
      ...(id === undefined ? {} : { id }),
      ...(link === undefined ? {} : { link }),
      ...(reason === undefined ? {} : reasonFields(reason)),
    }
    if (id !== undefined) this.#report({ ...event, count: 1 })
    else if (outcome !== 'written') {
      this.#throttle.occurred(`${outcome} ${reason?.code ?? ''} ${link ?? ''}`, event)
    }
  }

  #report(event: OutcomeEvent): void {
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
