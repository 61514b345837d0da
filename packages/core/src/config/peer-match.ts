import { isReachedThrough } from './accept-order.js'
import type { EntryConfig, PassiveEntryConfig } from './node-config.js'
import type { PeerInfo } from '../contracts/transport.js'
import { patternMatches } from '../address/address-pattern.js'
import { parseIp } from '../address/ip-address.js'

/** Whether the peer has proved one of the identities of the entry, if the entry has any. */
export function isIdentified(entry: EntryConfig, peer: PeerInfo): boolean {
  if (entry.role !== 'passive' || entry.identities === undefined) return true
  return entry.identities.some((identity) => peer.identities.includes(identity))
}

/** A listener, by its present name: a reload may rename it. */
export interface NamedListener {
  readonly name: string
}

/** The peer of a link's connection. `listener`: through which it has connected; absent if this node has dialled. */
export interface LinkPeer extends PeerInfo {
  readonly listener?: NamedListener
}

/** The names of passive entries. */
export function peerNamesOf(entries: readonly EntryConfig[]): string[] {
  return entries.flatMap((entry) => (entry.role === 'passive' ? namesOf(entry) : []))
}

export function namesOf({ patterns }: PassiveEntryConfig): string[] {
  return patterns.filter(({ kind }) => kind === 'name').map(({ text }) => text)
}

/** Whether a passive entry matches this peer. */
export function coversPeer(entry: PassiveEntryConfig, peer: LinkPeer): boolean {
  if (!isReachedThrough(entry, peer.listener?.name)) return false
  const address = parseIp(peer.remote.ip)
  return (
    address !== undefined &&
    entry.patterns.some((pattern) => patternMatches(pattern, address)) &&
    isIdentified(entry, peer)
  )
}
