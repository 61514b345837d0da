import { isReachedThrough } from './accept-order.js'
import type { EntryConfig, PassiveEntryConfig } from './node-config.js'
import { type AddressPattern, patternMatches } from '../address/address-pattern.js'

export interface ShadowedEntry {
  readonly entry: PassiveEntryConfig
  /** The more specific entries that together cover all its addresses. */
  readonly by: readonly PassiveEntryConfig[]
}

/**
 * Passive entries that no connection can ever fill. The most specific group of matching entries decides alone, so a
 * range whose addresses are all covered by narrower entries can never match, and is reported as a mistake.
 */
export function shadowedBy(
  entries: readonly EntryConfig[],
  listeners: readonly string[],
): ShadowedEntry[] {
  const passive = entries.filter((entry) => entry.role === 'passive')
  const shadowed: ShadowedEntry[] = []
  for (const entry of passive) {
    const { pattern } = entry
    // A single address cannot be covered by something narrower, and all addresses cannot be covered at all.
    if (pattern.kind !== 'range') continue
    const narrower = passive.filter((other) => isNarrower(other.pattern, pattern))
    const through = entry.listener === undefined ? listeners : [entry.listener]
    const isCovered = (listener: string): boolean =>
      coveredShare(
        narrower.filter((other) => isReachedThrough(other, listener)),
        pattern,
      ) >= 1
    if (through.length > 0 && through.every(isCovered)) shadowed.push({ entry, by: narrower })
  }
  return shadowed
}

type Range = Extract<AddressPattern, { kind: 'range' }>

function isNarrower(inner: AddressPattern, outer: Range): boolean {
  if (inner.kind === 'anyone') return false
  return prefixBits(inner) > outer.prefixBits && patternMatches(outer, inner.address)
}

function prefixBits(pattern: Exclude<AddressPattern, { kind: 'anyone' }>): number {
  return pattern.kind === 'exact' ? pattern.address.length * 8 : pattern.prefixBits
}

/** The share of `outer` that the given patterns cover together; 1 is all of it. */
function coveredShare(inner: readonly PassiveEntryConfig[], outer: Range): number {
  const counted: AddressPattern[] = []
  let share = 0
  const widestFirst = inner
    .map(({ pattern }) => pattern)
    .filter((pattern) => pattern.kind !== 'anyone')
    .sort((left, right) => prefixBits(left) - prefixBits(right))
  for (const pattern of widestFirst) {
    // Two prefixes either nest or are disjoint, so a prefix inside a counted one adds nothing.
    if (counted.some((wider) => patternMatches(wider, pattern.address))) continue
    counted.push(pattern)
    share += 2 ** (outer.prefixBits - prefixBits(pattern))
  }
  return share
}
