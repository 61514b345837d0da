import type { Logger, Node, OutcomeEvent } from '@commloop/core'
import { RepeatedLine } from '../logging/repeated-line.js'

/** Logs that messages were not written, and why: a few lines for many messages, and never what is in them. */
export class OutcomeLog {
  readonly #lines: RepeatedLine<OutcomeEvent>

  constructor(node: Node, logger: Logger) {
    this.#lines = new RepeatedLine(({ outcome, reason, link }, count) => {
      const fields = { outcome, count, ...(link && { link }), ...(reason && { reason }) }
      logger.warn(fields, outcomeText(fields))
    })
    node.on('outcome', (event) => {
      const { outcome, reason = '', link = '', count } = event
      if (outcome === 'written') return
      this.#lines.happened(`${outcome} ${link} ${reason}`, event, count)
    })
  }

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
