import { durationText, type Logger, messageText, type Node } from '@commloop/core'
import type { OutputStatus } from '@commloop/metrics'

/** Records and logs that the output cannot be written, so that operators see that received messages wait or are lost. */
export class OutputFailure {
  readonly #node: Node
  readonly #logger: Logger
  /** Since when writes have failed. */
  #failingSinceMs: number | undefined
  #reason: string | null = null
  #failedWrites = 0
  /** What the links had received when the reader left, less the messages that were pending then. */
  #receivedAtLoss: number | undefined

  constructor(node: Node, logger: Logger) {
    this.#node = node
    this.#logger = logger
  }

  failing(error: Error): void {
    this.#failedWrites++
    this.#reason = messageText(error)
    if (this.#failingSinceMs !== undefined) return
    this.#failingSinceMs = performance.now()
    const text = `stdout cannot be written: ${this.#reason}. The node reads neither stdin nor any link until it can, and repeats the write every second`
    this.#logger.error({ err: error }, text)
  }

  recovered(): void {
    const forMs = Math.round(performance.now() - (this.#failingSinceMs ?? 0))
    this.#failingSinceMs = undefined
    this.#reason = null
    this.#logger.warn({ forMs }, `stdout can be written again, after ${durationText(forMs)}`)
  }

  /** The reader has left. @param pendingMessages messages that it has not read */
  gone(error: Error, pendingMessages: number): void {
    this.#failedWrites++
    this.#failingSinceMs = undefined
    this.#reason = messageText(error)
    this.#receivedAtLoss = this.#received() - pendingMessages
  }

  /** @param slow too much output is pending */
  status(slow: boolean): OutputStatus {
    const lostAt = this.#receivedAtLoss
    return {
      state: this.#state(slow),
      reason: this.#reason,
      failedWrites: this.#failedWrites,
      discardedMessages: lostAt === undefined ? 0 : this.#received() - lostAt,
    }
  }

  #state(slow: boolean): OutputStatus['state'] {
    if (this.#receivedAtLoss !== undefined) return 'closed'
    if (this.#failingSinceMs !== undefined) return 'failing'
    return slow ? 'slow' : 'open'
  }

  /** Messages that all links have received, including those of links that were removed. */
  #received(): number {
    let received = this.#node.retired.received
    for (const { counters } of this.#node.links()) received += counters.received
    return received
  }
}
