/**
 * What a node counts in messages. A message that goes to three links is one accepted and one routed message and
 * three copies; what became of the copies is in the links' counters.
 *
 * The ledger, true at every moment: accepted = routing + routed + dropped + undeliverable + expired, and the sum of
 * the links' `enqueued` = copies.
 */
export interface NodeCounters {
  readonly accepted: number
  /** Waiting for a route now. */
  readonly routing: number
  readonly routed: number
  /** The router answered `drop`, or the node stopped first. */
  readonly dropped: number
  readonly undeliverable: number
  /** Outlived their TTL before they had a route. */
  readonly expired: number
  readonly copies: number
  /** Refused by `send`: never accepted. */
  readonly refused: number
  /** Answers of a router that came too late. */
  readonly lateAnswers: number
  /** Payloads received while nobody listened. */
  readonly unheard: number
  /** Connections refused, by reason. */
  readonly rejected: Readonly<Record<string, number>>
}

/** The same, for the node itself to count in. */
export class NodeTally {
  accepted = 0
  routed = 0
  dropped = 0
  undeliverable = 0
  expired = 0
  copies = 0
  refused = 0
  lateAnswers = 0
  unheard = 0
}
