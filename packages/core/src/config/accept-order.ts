import { type AddressPattern, patternMatches, specificity } from '../address/address-pattern.js'
import { type IpBytes, ipKey } from '../address/ip-address.js'
import type { EntryConfig, PassiveEntryConfig } from './node-config.js'

/** Passive entries with the same addresses, in the order of the table. They decide together. */
export interface AcceptRule {
  readonly pattern: AddressPattern
  readonly entries: readonly PassiveEntryConfig[]
}

/**
 * The passive entries in the order in which they decide about an address: single addresses, then ranges from narrow to
 * wide, then the entries for any address. Rules of equal width stand in the order of the table. With `listener`: only the
 * entries that this listener may fill, which are the ones that decide about its connections.
 */
export function inDecidingOrder(entries: readonly EntryConfig[], listener?: string): AcceptRule[] {
  const rules = new Map<string, { pattern: AddressPattern; entries: PassiveEntryConfig[] }>()
  for (const entry of entries) {
    if (entry.role !== 'passive' || !isReachedThrough(entry, listener)) continue
    for (const pattern of entry.patterns) {
      const key = patternKey(pattern)
      const rule = rules.get(key)
      if (rule === undefined) rules.set(key, { pattern, entries: [entry] })
      else rule.entries.push(entry)
    }
  }
  return [...rules.values()].sort(
    (left, right) => specificity(right.pattern) - specificity(left.pattern),
  )
}

/**
 * The passive entries that decide about an address, which is the first rule that matches it. No other entry may take
 * the address, even if every slot of these is taken. Empty: the node refuses the address.
 */
export function decidingEntries(
  entries: readonly EntryConfig[],
  address: IpBytes,
  listener?: string,
): readonly PassiveEntryConfig[] {
  const rule = inDecidingOrder(entries, listener).find(({ pattern }) =>
    patternMatches(pattern, address),
  )
  return rule?.entries ?? []
}

/** Whether connections of a listener may fill the entry; undefined: of any listener. */
export function isReachedThrough(
  entry: Pick<PassiveEntryConfig, 'listener'>,
  listener: string | undefined,
): boolean {
  return entry.listener === undefined || listener === undefined || entry.listener === listener
}

/** Equal for patterns that match the same addresses. */
export function patternKey(pattern: AddressPattern): string {
  switch (pattern.kind) {
    case 'anyone':
      return 'anyone'
    case 'name':
      return `name ${pattern.text.toLowerCase()}`
    case 'exact':
      return ipKey(pattern.address)
    case 'range':
      return `${ipKey(pattern.address)}/${String(pattern.prefixBits)}`
  }
}
