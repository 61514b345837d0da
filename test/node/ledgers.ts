import { ledgerProblems, type Node } from '@commloop/core'
import { expect } from 'vitest'

/** Both ledgers of a node balance, including the counters of links that it has removed. */
export function expectLedgers(node: Node): void {
  const links = [...node.links().map(({ counters }) => counters), node.retired]
  expect(ledgerProblems(node.counters, links)).toEqual([])
}
