import type { Node } from '@commloop/core'

/** Messages and copies that were accepted and not written, by how they ended. */
export interface Losses {
  readonly dropped: number
  readonly expired: number
  readonly undeliverable: number
}

/** Over the whole life of the node: those that never reached a link, and those that did, removed ones included. */
export function lossesOf(node: Node): Losses {
  const { dropped, expired, undeliverable } = node.counters
  const losses = { dropped, expired, undeliverable }
  for (const counters of [...node.links().map((link) => link.counters), node.retired]) {
    losses.dropped += counters.dropped
    losses.expired += counters.expired
    losses.undeliverable += counters.undeliverable
  }
  return losses
}

export function lossCount({ dropped, expired, undeliverable }: Losses): number {
  return dropped + expired + undeliverable
}

/** `12 messages not written: 10 dropped, 2 expired` */
export function lossText(losses: Losses): string {
  const kinds = Object.entries(losses)
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => `${String(count)} ${kind}`)
  const count = lossCount(losses)
  return `${String(count)} ${count === 1 ? 'message' : 'messages'} not written: ${kinds.join(', ')}`
}
