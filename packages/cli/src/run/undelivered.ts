import type { Node } from '@commloop/core'

/** Messages and copies that the node accepted and did not write, by outcome. */
export interface Undelivered {
  readonly dropped: number
  readonly expired: number
  readonly undeliverable: number
}

/** Counts over the whole life of the node: messages that never reached a link, and copies on links, removed links included. */
export function undeliveredBy(node: Node): Undelivered {
  const { dropped, expired, undeliverable } = node.counters
  const sum = { dropped, expired, undeliverable }
  for (const counters of [...node.links().map((link) => link.counters), node.retired]) {
    sum.dropped += counters.dropped
    sum.expired += counters.expired
    sum.undeliverable += counters.undeliverable
  }
  return sum
}

export function undeliveredCount({ dropped, expired, undeliverable }: Undelivered): number {
  return dropped + expired + undeliverable
}

/** `12 messages not written: 10 dropped, 2 expired` */
export function undeliveredText(undelivered: Undelivered): string {
  const kinds = Object.entries(undelivered)
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => `${String(count)} ${kind}`)
  const count = undeliveredCount(undelivered)
  return `${String(count)} ${count === 1 ? 'message' : 'messages'} not written: ${kinds.join(', ')}`
}
