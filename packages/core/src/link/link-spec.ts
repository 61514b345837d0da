import type { ActiveEntryConfig, EntryConfig } from '../config/node-config.js'
import { sameEntry } from '../config/same-entry.js'
import { sameValue } from '../config/same-value.js'
import type { FrameCodec } from '../contracts/frame-codec.js'
import type { ReconnectStrategy } from '../contracts/reconnect-strategy.js'
import type { PeerInfo } from '../contracts/transport.js'
import { coversPeer } from '../config/peer-match.js'

/** What the table makes of a link. The table may change; the link stays. */
export interface LinkSpec {
  readonly entry: EntryConfig
  readonly codec: FrameCodec
  readonly strategy: ReconnectStrategy
}

/** Whether nothing is to be done about a link. */
export function sameSpec(before: LinkSpec, after: LinkSpec): boolean {
  return (
    before.codec === after.codec &&
    before.strategy === after.strategy &&
    sameEntry(before.entry, after.entry)
  )
}

/** Whether a link with this setup is dialled at another place, or in another way. */
export function dialsElsewhere(before: LinkSpec, after: LinkSpec): boolean {
  return !sameValue(dialledPlace(before.entry), dialledPlace(after.entry))
}

function dialledPlace(entry: EntryConfig): Partial<ActiveEntryConfig> {
  if (entry.role === 'passive') return {}
  const { host, port, bind, transportOptions } = entry
  return { host, port, bind, transportOptions }
}

/**
 * Whether a connection that was opened under one setup cannot go on under another: its bytes are cut into frames
 * otherwise, it leads elsewhere, or its peer is not the entry's any more.
 */
export function isOutdated(before: LinkSpec, after: LinkSpec, peer: PeerInfo): boolean {
  if (before.codec !== after.codec || dialsElsewhere(before, after)) return true
  return after.entry.role === 'passive' && !coversPeer(after.entry, peer)
}

/** Whether a link that waits for its next dial would wait otherwise. */
export function waitsOtherwise(before: LinkSpec, after: LinkSpec): boolean {
  const rearmChanged = before.entry.settings.rearmAfterMs !== after.entry.settings.rearmAfterMs
  return before.strategy !== after.strategy || rearmChanged
}
