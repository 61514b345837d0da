import type { Node, OutcomeEvent, Throttle, Logger } from '@commloop/core'
import { lineThrottle } from '../logging/line-throttle.js'

/** Logs messages that were not written, with the reason: few lines for many messages, and never their payload. */
export class OutcomeLog {
  readonly #lines: Throttle<OutcomeEvent>

  constructor(node: Node, logger: Logger) {
    this.#lines = lineThrottle(({ outcome, reason, link }, count) => {
      const fields = { outcome, count, ...(link && { link }), ...(reason && { reason }) }
      logger.warn(fields, outcomeText(fields))
    })
    node.on('outcome', (event) => {
      const { outcome, reason = '', link = '', count } = event
      if (outcome === 'written') return
      this.#lines.occurred(`${outcome} ${link} ${reason}`, event, count)
    })
  }

  /** Writes pending counts. */
  close(): void {
    this.#lines.close()
  }
}

/** `3 messages dropped on furnace-out: outbox full` */
function outcomeText({ outcome, reason, link, count }: OutcomeEvent): string {
  const what = count === 1 ? 'message' : `${String(count)} messages`
  const where = link === undefined ? '' : ` on ${link}`
  const why = reason === undefined ? '' : `: ${reason}`
  return `${what} ${outcome}${where}${why}`
}
