import type { NodeConfig } from '@commloop/core'
import { isUnspecifiedHost, sameAddress } from './address-key.js'

/** The address at which one node sees the other. */
export interface SideAddress {
  readonly address: string
  /** Why this address was assumed; undefined: the user has given it. */
  readonly because: string | undefined
}

/** @returns the address of `node` as `other` sees it, or all candidates if there are several */
export function inferAddress(node: NodeConfig, other: NodeConfig): SideAddress | readonly string[] {
  const own = distinct([
    ...node.listeners.map(({ host }) => host).filter((host) => !isUnspecifiedHost(host)),
    ...node.entries.flatMap((entry) =>
      entry.role === 'active' && entry.bind !== undefined ? [entry.bind] : [],
    ),
  ])
  if (own[0] !== undefined && own.length === 1) {
    return { address: own[0], because: `${node.name} listens at it, or dials from it` }
  }
  const named = peerAddresses(other)
  if (named[0] !== undefined && named.length === 1) {
    return { address: named[0], because: `${other.name} has no other peer` }
  }
  const dialled = distinct(
    other.entries.flatMap((entry) =>
      entry.role === 'active' && node.listeners.some(({ port }) => port === entry.port)
        ? entry.hosts
        : [],
    ),
  )
  if (dialled[0] !== undefined && dialled.length === 1) {
    return {
      address: dialled[0],
      because: `${other.name} dials no other peer at port ${node.listeners.map(({ port }) => String(port)).join(' or ')}`,
    }
  }
  return own.length > 0 ? own : named
}

/** Every address of a table that stands for one machine. */
function peerAddresses(node: NodeConfig): string[] {
  return distinct(
    node.entries.flatMap((entry) => {
      if (entry.role === 'active') return entry.hosts
      const single = entry.patterns.filter(({ kind }) => kind === 'exact' || kind === 'name')
      return single.map(({ text }) => text)
    }),
  )
}

function distinct(addresses: readonly string[]): string[] {
  return addresses.filter(
    (address, at) => addresses.findIndex((first) => sameAddress(first, address)) === at,
  )
}
