import type { RequestCounters } from './request-counters.js'

/**
 * What a node counts, in messages. A message for three links counts as one accepted message, one routed message and
 * three copies. The counters of the links say how the copies ended.
 *
 * The ledger, true at every moment: accepted = routing + routed + dropped + undeliverable + expired, and the sum of
 * the links' `enqueued` = copies.
 */
export interface NodeCounters {
  readonly accepted: number
  /** Waiting for a route now. */
  readonly routing: number
  readonly routed: number
  /** The router answered `drop`, or the node stopped before the message had a route. */
  readonly dropped: number
  readonly undeliverable: number
  /** Their TTL ended before they had a route. */
  readonly expired: number
  readonly copies: number
  /** Refused by `send`: never accepted. */
  readonly refused: number
  /** Answers of a router that came after their message had ended. */
  readonly lateAnswers: number
  /** Payloads received while there was no listener, no stream and no relay for them. */
  readonly unhandled: number
  /** Log lines that the logger failed to write: it threw, or its promise was rejected. */
  readonly lostLogLines: number
  /** The former name of `unhandled`. */
  readonly unheard: number
  readonly requests: RequestCounters
  /** Connections rejected, by the text of the reason without its detail. */
  readonly rejected: Readonly<Record<string, number>>
}

/** The counters that the node itself increments. */
export class NodeTally {
  accepted = 0
  routed = 0
  dropped = 0
  undeliverable = 0
  expired = 0
  copies = 0
  refused = 0
  lateAnswers = 0
  unhandled = 0
  lostLogLines = 0
}

/** The counters as users see them. */
export function nodeCounters(
  tally: NodeTally,
  routing: number,
  requests: RequestCounters,
  rejected: Readonly<Record<string, number>>,
): NodeCounters {
  return Object.assign({ routing, requests, rejected, unheard: tally.unhandled }, tally)
}
