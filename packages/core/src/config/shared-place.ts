import { ipKey, parseIp } from '../address/ip-address.js'
import type { ActiveEntryConfig, EntryConfig } from './node-config.js'

export interface SharedPlace {
  readonly entry: ActiveEntryConfig
  /** The entry before it that dials the same place. */
  readonly first: ActiveEntryConfig
}

/**
 * Active entries that dial a place from an address from which another one already dials it. The peer tells its peers
 * apart by address, so it refuses or replaces one of the two connections.
 */
export function sharedPlaces(entries: readonly EntryConfig[]): SharedPlace[] {
  const firsts = new Map<string, ActiveEntryConfig>()
  const shared: SharedPlace[] = []
  for (const entry of entries) {
    if (entry.role !== 'active' || !entry.enabled) continue
    const bind = entry.bind === undefined ? '' : addressKey(entry.bind)
    const keys = entry.hosts.map((host) => `${addressKey(host)} ${String(entry.port)} ${bind}`)
    const first = keys.map((key) => firsts.get(key)).find((other) => other !== undefined)
    if (first !== undefined) shared.push({ entry, first })
    for (const key of keys) if (!firsts.has(key)) firsts.set(key, entry)
  }
  return shared
}

/** Equal for equal addresses, and for names that the system resolves in the same way. */
function addressKey(host: string): string {
  const address = parseIp(host)
  return address === undefined ? host.toLowerCase().replace(/\.$/, '') : ipKey(address)
}
