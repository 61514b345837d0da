import type { LinkCounters } from './link-counters.js'
import type { NodeCounters } from './node-counters.js'
import type { RequestCounters } from './request-counters.js'

/** The counters of a node that its ledger consists of. */
export type MessageLedger = Pick<
  NodeCounters,
  'accepted' | 'routing' | 'routed' | 'dropped' | 'undeliverable' | 'expired' | 'copies'
> & { readonly requests?: Omit<RequestCounters, 'lateAnswers'> }

/** The counters of a link that its ledger consists of. */
export type CopyLedger = Pick<
  LinkCounters,
  'enqueued' | 'queued' | 'written' | 'expired' | 'dropped' | 'undeliverable'
>

/**
 * Checks the ledgers: every accepted message ends in exactly one counted outcome, and so do every copy and every
 * request.
 *
 * @param links the counters of all links of the node, and `node.retired`. If omitted, only the node's own equation
 *   is checked.
 * @returns one sentence for each equation that does not hold; empty if the ledgers balance
 */
export function ledgerProblems(node: MessageLedger, links?: readonly CopyLedger[]): string[] {
  const problems: string[] = []
  const check = (counted: number, accounted: number, what: string): void => {
    if (counted !== accounted) {
      problems.push(`${String(counted)} ${what}, ${String(accounted)} accounted for`)
    }
  }
  const { accepted, routing, routed, dropped, undeliverable, expired, copies } = node
  check(accepted, routing + routed + dropped + undeliverable + expired, 'messages accepted')
  if (node.requests !== undefined) {
    const { asked, waiting, answered, timedOut, linkDown, aborted, refused } = node.requests
    check(asked, waiting + answered + timedOut + linkDown + aborted + refused, 'requests')
  }
  if (links === undefined) return problems
  let enqueued = 0
  for (const link of links) {
    const ended = link.written + link.expired + link.dropped + link.undeliverable
    check(link.enqueued, link.queued + ended, 'copies enqueued on a link')
    enqueued += link.enqueued
  }
  check(copies, enqueued, 'copies of routed messages')
  return problems
}
