import type { ActiveEntryConfig, EntryConfig } from '../config/node-config.js'
import { sameEntry } from '../config/same-entry.js'
import { sameValue } from '../config/same-value.js'
import type { FrameCodec } from '../contracts/frame-codec.js'
import type { ReconnectStrategy } from '../contracts/reconnect-strategy.js'
import { coversPeer, type LinkPeer } from '../config/peer-match.js'

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
  const { host, port, bind, transportOptions } = entry
  return { host, port, bind, transportOptions }
}

/**
 * Whether a connection that was opened under one spec cannot continue under another: the codec or the address differs,
 * or the entry does not match its peer or its listener any more.
 */
export function isOutdated(before: LinkSpec, after: LinkSpec, peer: LinkPeer): boolean {
  if (before.codec !== after.codec || dialsElsewhere(before, after)) return true
  return after.entry.role === 'passive' && !coversPeer(after.entry, peer)
}

/** Whether a link that waits for its next dial would wait for a different time. */
export function waitsDifferently(before: LinkSpec, after: LinkSpec): boolean {
  const rearmChanged = before.entry.settings.rearmAfterMs !== after.entry.settings.rearmAfterMs
  return before.strategy !== after.strategy || rearmChanged
}
