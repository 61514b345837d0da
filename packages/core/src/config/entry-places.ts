import { addressText } from '../address/address-text.js'
import type { EntryConfig } from './node-config.js'

/** What an entry says about the addresses of its peer, as people read it: `10.0.0.2:8001`, `10.0.0.0/24`, `anyone`. */
export function entryPlaces(entry: EntryConfig): string[] {
  if (entry.role === 'active') {
    return entry.hosts.map((ip) => addressText({ ip, port: entry.port }))
  }
  return entry.patterns.map(({ kind, text }) => (kind === 'anyone' ? 'anyone' : text))
}
