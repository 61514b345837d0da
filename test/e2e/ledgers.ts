import { expect } from 'vitest'
import type { FinalCounters, RunningNode } from './running-node.js'

/**
 * Both ledgers of a node that has stopped and whose every message had an id: what was accepted has left the routing
 * stage in one way, and each copy was told to have ended once.
 */
export function expectLedgersHold(node: RunningNode, counters: FinalCounters): void {
  const { accepted, routing, routed, dropped, undeliverable, expired, copies } = counters
  expect(routing).toBe(0)
  expect(accepted).toBe(routed + dropped + undeliverable + expired)
  const told = node.outcomes()
  const unrouted = told.filter(({ link }) => link === undefined)
  const ofKind = (kind: string): number => unrouted.filter(({ outcome }) => outcome === kind).length
  expect({
    dropped: ofKind('dropped'),
    undeliverable: ofKind('undeliverable'),
    expired: ofKind('expired'),
  }).toEqual({ dropped, undeliverable, expired })
  expect(told.length - unrouted.length).toBe(copies)
}
