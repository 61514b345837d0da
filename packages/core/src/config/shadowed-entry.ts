import type { EntryConfig, PassiveEntryConfig } from './node-config.js'
import { type AddressPattern, patternMatches } from '../address/address-pattern.js'

export interface ShadowedEntry {
  readonly entry: PassiveEntryConfig
  /** The more specific entries that take every address of it. */
  readonly by: readonly PassiveEntryConfig[]
}

/**
 * Passive entries that no connection can ever fill: the most specific group of matching entries decides alone, so
 * a range whose every address stands in narrower entries is dead text, and surely a mistake.
 */
export function shadowedBy(entries: readonly EntryConfig[]): ShadowedEntry[] {
  const passive = entries.filter((entry) => entry.role === 'passive')
  const shadowed: ShadowedEntry[] = []
  for (const entry of passive) {
    const narrower = passive.filter((other) => isNarrower(other.pattern, entry.pattern))
    if (coveredShare(narrower, entry.pattern) >= 1) shadowed.push({ entry, by: narrower })
  }
  return shadowed
}

function isNarrower(inner: AddressPattern, outer: AddressPattern): boolean {
  if (inner.kind === 'anyone' || outer.kind === 'exact') return false
  if (outer.kind === 'anyone') return true
  return prefixBits(inner) > outer.prefixBits && patternMatches(outer, inner.address)
}

function prefixBits(pattern: Exclude<AddressPattern, { kind: 'anyone' }>): number {
  return pattern.kind === 'exact' ? pattern.address.length * 8 : pattern.prefixBits
}

/** How much of `outer` the given patterns take together: 1 is all of it. Anyone is never all taken. */
function coveredShare(inner: readonly PassiveEntryConfig[], outer: AddressPattern): number {
  if (outer.kind !== 'range') return 0
  const counted: AddressPattern[] = []
  let share = 0
  const widestFirst = inner
    .map(({ pattern }) => pattern)
    .filter((pattern) => pattern.kind !== 'anyone')
    .sort((left, right) => prefixBits(left) - prefixBits(right))
  for (const pattern of widestFirst) {
    // Two prefixes either nest or are disjoint, so what lies in a counted one adds nothing.
    if (counted.some((wider) => patternMatches(wider, pattern.address))) continue
    counted.push(pattern)
    share += 2 ** (outer.prefixBits - prefixBits(pattern))
  }
  return share
}
