import { ledgerProblems } from '@commloop/core'
import { expect } from 'vitest'
import type { FinalCounters, RunningNode } from './running-node.js'

/**
 * Both ledgers of a node that has stopped, if every message had an id: each accepted message has left the routing
 * stage, and the node has reported one outcome for each copy.
 */
export function expectLedgersHold(node: RunningNode, counters: FinalCounters): void {
  expect(counters.routing).toBe(0)
  expect(ledgerProblems(counters)).toEqual([])
  const { dropped, undeliverable, expired, copies } = counters
  const outcomes = node.outcomes()
  const unrouted = outcomes.filter(({ link }) => link === undefined)
  const ofKind = (kind: string): number => unrouted.filter(({ outcome }) => outcome === kind).length
  expect({
    dropped: ofKind('dropped'),
    undeliverable: ofKind('undeliverable'),
    expired: ofKind('expired'),
  }).toEqual({ dropped, undeliverable, expired })
  expect(outcomes.length - unrouted.length).toBe(copies)
}
