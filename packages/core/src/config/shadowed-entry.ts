import type { EntryConfig, PassiveEntryConfig } from './node-config.js'
import { type AddressPattern, patternMatches } from '../address/address-pattern.js'

export interface ShadowedEntry {
  readonly entry: PassiveEntryConfig
  /** The range of the entry that no connection can match. */
  readonly pattern: AddressPattern
  /** The more specific entries that together cover all its addresses. */
  readonly by: readonly PassiveEntryConfig[]
}

/**
 * Ranges of passive entries that no connection can ever match. The most specific group of matching entries decides alone,
 * so a range whose addresses are all covered by narrower patterns of other entries is reported as a mistake.
 */
export function shadowedBy(entries: readonly EntryConfig[]): ShadowedEntry[] {
  const passive = entries.filter((entry) => entry.role === 'passive')
  return passive.flatMap((entry) =>
    entry.patterns.flatMap((pattern) => {
      // A single address cannot be covered by something narrower, and all addresses cannot be covered at all.
      if (pattern.kind !== 'range') return []
      const narrower = passive
        .filter((other) => other !== entry)
        .map((other) => ({ other, patterns: narrowerPatterns(other, pattern) }))
        .filter(({ patterns }) => patterns.length > 0)
      const covered = coveredShare(
        narrower.flatMap(({ patterns }) => patterns),
        pattern,
      )
      return covered < 1 ? [] : [{ entry, pattern, by: narrower.map(({ other }) => other) }]
    }),
  )
}

type Range = Extract<AddressPattern, { kind: 'range' }>

/** A pattern with a known address. */
type Network = Exclude<AddressPattern, { kind: 'anyone' | 'name' }>

function narrowerPatterns({ patterns }: PassiveEntryConfig, outer: Range): Network[] {
  return patterns.filter(
    (inner): inner is Network =>
      'address' in inner &&
      prefixBits(inner) > outer.prefixBits &&
      patternMatches(outer, inner.address),
  )
}

function prefixBits(pattern: Network): number {
  return pattern.kind === 'exact' ? pattern.address.length * 8 : pattern.prefixBits
}

/** The share of `outer` that the given patterns cover together; 1 is all of it. */
function coveredShare(inner: readonly Network[], outer: Range): number {
  const counted: AddressPattern[] = []
  let share = 0
  const widestFirst = [...inner].sort((left, right) => prefixBits(left) - prefixBits(right))
  for (const pattern of widestFirst) {
    // Two prefixes either nest or are disjoint, so a prefix inside a counted one adds nothing.
    if (counted.some((wider) => patternMatches(wider, pattern.address))) continue
    counted.push(pattern)
    share += 2 ** (outer.prefixBits - prefixBits(pattern))
  }
  return share
}
