import type { ActiveEntryConfig, EntryConfig, PassiveEntryConfig } from '../config/node-config.js'
import { sameChoice, sameEntry } from '../config/same-entry.js'
import { sameValue } from '../config/same-value.js'
import type { FrameCodec } from '../contracts/frame-codec.js'
import type { ReconnectStrategy } from '../contracts/reconnect-strategy.js'
import { isSameAddress } from '../address/ip-address.js'
import { coversPeer, isIdentified, type LinkPeer, namesOf } from '../config/peer-match.js'

/** How the table defines a link. The definition may change while the link exists. */
export interface LinkSpec {
  readonly entry: EntryConfig
  readonly codec: FrameCodec
  readonly strategy: ReconnectStrategy
}

/** Whether two specs are equal, so that the link need not change. */
export function sameSpec(before: LinkSpec, after: LinkSpec): boolean {
  return (
    before.codec === after.codec &&
    before.strategy === after.strategy &&
    sameEntry(before.entry, after.entry)
  )
}

/** Whether a link must dial another address, or dial with other options of the transport. */
export function dialsElsewhere(before: LinkSpec, after: LinkSpec): boolean {
  return !sameValue(dialledPlace(before.entry), dialledPlace(after.entry))
}

function dialledPlace(entry: EntryConfig): Partial<ActiveEntryConfig> {
  if (entry.role === 'passive') return {}
  const { hosts, port, bind, bindPort, transportOptions } = entry
  return { hosts, port, bind, bindPort, transportOptions }
}

/**
 * Whether a connection that was opened under one spec cannot continue under another: the codec, the opening or the address
 * differs, or the entry does not match its peer or its listener any more.
 */
export function isOutdated(before: LinkSpec, after: LinkSpec, peer: LinkPeer): boolean {
  if (before.codec !== after.codec) return true
  if (!sameChoice(before.entry.settings.opening, after.entry.settings.opening)) return true
  const { entry } = after
  if (entry.role === 'active')
    return dialsElsewhere(before, after) && !stillDials(before, entry, peer)
  return !coversPeer(entry, peer) && !keepsName(before, entry, peer)
}

/**
 * Whether a connection that a name may have admitted stays: the addresses of the name are not known here, and a connection
 * stays although its name has moved.
 */
function keepsName({ entry }: LinkSpec, after: PassiveEntryConfig, peer: LinkPeer): boolean {
  if (entry.role === 'active' || !isIdentified(after, peer)) return false
  const before = namesOf(entry)
  return !coversPeer(entry, peer) && namesOf(after).some((name) => before.includes(name))
}

/** Whether only the list of addresses has changed, and the connected one is still in it. */
function stillDials({ entry }: LinkSpec, after: ActiveEntryConfig, peer: LinkPeer): boolean {
  if (entry.role === 'passive') return false
  const { hosts } = after
  if (!sameValue(dialledPlace({ ...entry, hosts }), dialledPlace(after))) return false
  const isListed = hosts.some((host) => isSameAddress(host, peer.remote.ip))
  return isListed || entry.hosts.every((host) => hosts.includes(host))
}

/** Whether a link that waits for its next dial would wait for a different time. */
export function waitsDifferently(before: LinkSpec, after: LinkSpec): boolean {
  const rearmChanged = before.entry.settings.rearmAfterMs !== after.entry.settings.rearmAfterMs
  return before.strategy !== after.strategy || rearmChanged
}
