/**
 * What a node counts of its requests.
 *
 * The ledger, true at every moment: asked = waiting + answered + timedOut + linkDown + aborted + refused.
 */
export interface RequestCounters {
  /** Calls of `request`. */
  readonly asked: number
  /** Requests that have not ended yet, those that wait for their turn included. */
  readonly waiting: number
  readonly answered: number
  readonly timedOut: number
  /** The link had no connection, or lost the one over which the answer had to come. */
  readonly linkDown: number
  readonly aborted: number
  /** Rejected when they were made, or not sent: the outbox was full, or the codec could not encode them. */
  readonly refused: number
  /** Answers that came after their request had timed out or was aborted. They were received as ordinary messages. */
  readonly lateAnswers: number
}

/** How a request ends. */
export type RequestEnd = keyof Omit<RequestTally, 'asked' | 'lateAnswers'>

/** The counters that the node itself increments. */
export class RequestTally {
  asked = 0
  answered = 0
  timedOut = 0
  linkDown = 0
  aborted = 0
  refused = 0
  lateAnswers = 0
}
