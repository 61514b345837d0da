import { isReachedThrough } from './accept-order.js'
import type { EntryConfig, PassiveEntryConfig } from './node-config.js'
import { type AddressPattern, patternMatches } from '../address/address-pattern.js'
import { ipKey } from '../address/ip-address.js'

export interface ShadowedEntry {
  readonly entry: PassiveEntryConfig
  /** The range of the entry that no connection can match. */
  readonly pattern: AddressPattern
  /** The more specific entries that together cover all its addresses, in the order of the table. */
  readonly by: readonly PassiveEntryConfig[]
}

/** A pattern with known addresses. */
type Range = Exclude<AddressPattern, { kind: 'anyone' | 'name' }>

interface Owner {
  readonly entry: PassiveEntryConfig
  readonly pattern: AddressPattern
}

/** Entries with the same range, which is inside the range of `outer`. */
interface Nested {
  readonly range: Range
  readonly prefixBits: number
  /** The entries with this range, and their patterns. */
  readonly owners: Owner[]
  /** Position of the first range behind this one that is not inside it. */
  end: number
  /** The share that the ranges directly inside cover together; 1 is all of it. */
  coveredShare: number
}

/**
 * Passive entries that no connection can ever fill. The most specific group of matching entries decides alone, so a
 * range whose addresses are all covered by narrower entries can never match, and is reported as a mistake.
 *
 * A single address cannot be covered by something narrower, and all addresses cannot be covered at all.
 */
export function shadowedBy(
  entries: readonly EntryConfig[],
  listeners: readonly string[],
): ShadowedEntry[] {
  const named = new Set(
    entries.flatMap((entry) => (entry.role === 'passive' ? (entry.listener ?? []) : [])),
  )
  const [first] = named
  if (first === undefined) return shadowedOf(entries)
  // A range is shadowed if it is shadowed at every listener that may fill it.
  const found = new Map<AddressPattern, ShadowedEntry[]>()
  for (const listener of listeners) {
    const reached = entries.filter(
      (entry) => entry.role === 'passive' && isReachedThrough(entry, listener),
    )
    for (const shadowed of shadowedOf(reached)) {
      found.set(shadowed.pattern, [...(found.get(shadowed.pattern) ?? []), shadowed])
    }
  }
  return [...found.values()]
    .flatMap((all) => (isEverywhere(all, listeners.length) ? (all[0] ?? []) : []))
    .sort((left, right) => left.entry.index - right.entry.index)
}

function isEverywhere([first, ...others]: readonly ShadowedEntry[], listeners: number): boolean {
  return (
    first !== undefined &&
    others.length + 1 === (first.entry.listener === undefined ? listeners : 1)
  )
}

function shadowedOf(entries: readonly EntryConfig[]): ShadowedEntry[] {
  const ranges = nestedRanges(entries)
  const shadowed: ShadowedEntry[] = []
  for (const [at, { owners, coveredShare, end }] of ranges.entries()) {
    if (coveredShare < 1) continue
    const inner = ranges.slice(at + 1, end).flatMap((range) => range.owners)
    const narrower = [...new Set(inner.map(({ entry }) => entry))].sort(
      (left, right) => left.index - right.index,
    )
    for (const { entry, pattern } of owners) {
      // The addresses of a range may also belong to other patterns of the same entry.
      const by = narrower.filter((other) => other !== entry)
      if (by.length > 0) shadowed.push({ entry, pattern, by })
    }
  }
  return shadowed.sort((left, right) => left.entry.index - right.entry.index)
}

/**
 * The ranges in the order of their first address, a wider one before those inside it. Two ranges either nest or are
 * disjoint, so a stack holds the ranges around the present one.
 */
function nestedRanges(entries: readonly EntryConfig[]): Nested[] {
  const ranges = distinctRanges(entries)
  const around: Nested[] = []
  for (const [at, nested] of ranges.entries()) {
    let outer = around.at(-1)
    while (outer !== undefined && !patternMatches(outer.range, nested.range.address)) {
      outer.end = at
      around.pop()
      outer = around.at(-1)
    }
    if (outer !== undefined) outer.coveredShare += 2 ** (outer.prefixBits - nested.prefixBits)
    around.push(nested)
  }
  return ranges
}

function distinctRanges(entries: readonly EntryConfig[]): Nested[] {
  const byKey = new Map<string, Nested>()
  for (const entry of entries) {
    if (entry.role !== 'passive') continue
    for (const pattern of entry.patterns) {
      if (pattern.kind !== 'anyone' && pattern.kind !== 'name')
        add(byKey, { entry, pattern }, pattern)
    }
  }
  return [...byKey].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, nested]) => nested)
}

function add(byKey: Map<string, Nested>, owner: Owner, range: Range): void {
  const prefixBits = range.kind === 'exact' ? range.address.length * 8 : range.prefixBits
  const key = sortKey(range, prefixBits)
  const nested = byKey.get(key)
  if (nested !== undefined) {
    nested.owners.push(owner)
    return
  }
  const end = Number.POSITIVE_INFINITY
  byKey.set(key, { range, prefixBits, owners: [owner], end, coveredShare: 0 })
}

/** In the order of these texts, families are apart, and a range comes directly before those inside it. */
function sortKey({ address }: Range, prefixBits: number): string {
  const family = address.length === 4 ? '4' : '6'
  return `${family} ${ipKey(address)} ${String(prefixBits).padStart(3, '0')}`
}
