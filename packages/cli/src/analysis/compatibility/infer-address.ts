import type { NodeConfig } from '@commloop/core'
import { isAnyAddress, samePlace } from './address-key.js'

/** Where one node is, as the other sees it. */
export interface EndAddress {
  readonly address: string
  /** Why it was taken to be so; undefined: it was said. */
  readonly because: string | undefined
}

/** @returns the address, or the candidates of which only people can choose one. */
export function addressOf(node: NodeConfig, other: NodeConfig): EndAddress | readonly string[] {
  const own = distinct([
    ...(node.listen !== undefined && !isAnyAddress(node.listen.host) ? [node.listen.host] : []),
    ...node.entries.flatMap((entry) =>
      entry.role === 'active' && entry.bind !== undefined ? [entry.bind] : [],
    ),
  ])
  if (own[0] !== undefined && own.length === 1) {
    return { address: own[0], because: `${node.name} listens at it, or dials from it` }
  }
  const named = namedIn(other)
  if (named[0] !== undefined && named.length === 1) {
    return { address: named[0], because: `${other.name} names no other peer` }
  }
  const dialled = distinct(
    other.entries.flatMap((entry) =>
      entry.role === 'active' && entry.port === node.listen?.port ? [entry.host] : [],
    ),
  )
  if (dialled[0] !== undefined && dialled.length === 1) {
    return {
      address: dialled[0],
      because: `${other.name} dials no other peer at port ${String(node.listen?.port)}`,
    }
  }
  return own.length > 0 ? own : named
}

/** Every single machine of a table. */
function namedIn(node: NodeConfig): string[] {
  return distinct(
    node.entries.flatMap((entry) => {
      if (entry.role === 'active') return [entry.host]
      return entry.pattern.kind === 'exact' ? [entry.pattern.text] : []
    }),
  )
}

function distinct(places: readonly string[]): string[] {
  return places.filter((place, at) => places.findIndex((first) => samePlace(first, place)) === at)
}
