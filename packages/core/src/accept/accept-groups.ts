import { type AddressPattern, patternMatches, specificity } from '../address/address-pattern.js'
import { type IpBytes, ipKey, parseIp } from '../address/ip-address.js'
import { inDecidingOrder } from '../config/accept-order.js'
import type { EntryConfig, PassiveEntryConfig } from '../config/node-config.js'
import type { Reason } from '../contracts/reason.js'
import type { Link } from '../link/link.js'
import type { PeerNames } from './peer-names.js'

const NOT_IN_TABLE: Reason = { code: 'not-in-table' }
/** A reason is a line of the log. */
const NAMES_SHOWN_MAX = 3

/** The passive links that an address may fill. */
export interface AcceptGroup {
  readonly pattern: AddressPattern
  readonly links: readonly Link[]
  /** An entry of the group asks for proved identities. */
  readonly identities: boolean
}

/**
 * Which links an address may fill, through which listener. The most specific group of matching entries decides alone. If
 * a machine is listed by its own address and its slots are taken, it never gets a slot of a range or of an entry for any
 * address. Each listener has its own groups: an entry that names another listener does not count.
 */
export class AcceptGroups {
  /** By the listeners that entries name. */
  readonly #byListener = new Map<string, ListenerGroups>()
  /** For the listeners that no entry names. */
  readonly #others: ListenerGroups
  readonly #active = new Map<string, Link[]>()

  readonly #probes: readonly AddressPattern[]
  readonly #names: PeerNames | undefined
  readonly #stranger: Reason

  /**
   * @param names the addresses of names, at this moment
   * @param probes addresses of health probes
   * @param entryOf the entry of a link, which the link itself may not know yet
   */
  constructor(
    links: readonly Link[],
    names?: PeerNames,
    probes: readonly AddressPattern[] = [],
    entryOf: (link: Link) => EntryConfig = (link) => link.entry,
  ) {
    this.#probes = probes
    this.#names = names
    this.#stranger = strangerReason(names?.unresolved ?? [])
    const byEntry = new Map<EntryConfig, Link[]>()
    for (const link of links) {
      const entry = entryOf(link)
      pushTo(byEntry, entry, link)
      if (entry.role === 'active') {
        for (const host of entry.hosts) this.#addActive(host, link)
      }
    }
    const entries = [...byEntry.keys()]
    this.#others = new ListenerGroups(
      entries.filter((entry) => entry.role === 'passive' && entry.listener === undefined),
      byEntry,
      names,
    )
    for (const entry of entries) {
      if (entry.role !== 'passive' || entry.listener === undefined) continue
      const { listener } = entry
      if (this.#byListener.has(listener)) continue
      this.#byListener.set(listener, new ListenerGroups(entries, byEntry, names, listener))
    }
  }

  /** A host name has no address until the link dials it, so it is not among these. */
  #addActive(host: string, link: Link): void {
    const address = parseIp(host)
    if (address !== undefined) pushTo(this.#active, ipKey(address), link)
  }

  /** The group that decides about an address; undefined: no passive entry of the listener has the address. */
  find(address: IpBytes, listener: string): AcceptGroup | undefined {
    return (this.#byListener.get(listener) ?? this.#others).find(address)
  }

  /** The other listeners through which the address may connect. */
  otherListeners(address: IpBytes): string[] {
    return [...this.#byListener]
      .filter(([, groups]) => groups.find(address) !== undefined)
      .map(([name]) => name)
  }

  get hasProbes(): boolean {
    return this.#probes.length > 0
  }

  /** Whether the address is that of a health probe, and no entry names it at least as exactly. */
  isProbe(address: IpBytes, listener: string): boolean {
    const group = this.find(address, listener)
    const entryWidth = group === undefined ? -1 : specificity(group.pattern)
    return this.#probes.some(
      (pattern) => patternMatches(pattern, address) && specificity(pattern) > entryWidth,
    )
  }

  /** Why an address that no entry has is refused. It may be a new address of a name, so the names are looked up again. */
  stranger(): Reason {
    this.#names?.knocked()
    return this.#stranger
  }

  /** Active links whose peer has this address. */
  activeAt(address: IpBytes): readonly Link[] {
    return this.#active.get(ipKey(address)) ?? []
  }
}

/** The groups of one listener. */
class ListenerGroups {
  readonly #exact = new Map<string, AcceptGroup>()
  /** Narrowest first. */
  readonly #wider: AcceptGroup[] = []

  constructor(
    entries: readonly EntryConfig[],
    byEntry: ReadonlyMap<EntryConfig, readonly Link[]>,
    names: PeerNames | undefined,
    listener?: string,
  ) {
    const exact = new Map<string, { pattern: AddressPattern; entries: PassiveEntryConfig[] }>()
    for (const { pattern, entries: deciding } of inDecidingOrder(entries, listener)) {
      const addresses = singleAddresses(pattern, names)
      if (addresses === undefined) this.#wider.push(groupOf(pattern, deciding, byEntry))
      for (const address of addresses ?? []) {
        const rule = exact.get(ipKey(address))
        if (rule === undefined) exact.set(ipKey(address), { pattern, entries: [...deciding] })
        else rule.entries.push(...deciding)
      }
    }
    for (const [key, { pattern, entries: deciding }] of exact) {
      // Entries may have one address by several names. They decide together, in the order of the table.
      const inOrder = [...new Set(deciding)].sort((left, right) => left.index - right.index)
      this.#exact.set(key, groupOf(pattern, inOrder, byEntry))
    }
  }

  find(address: IpBytes): AcceptGroup | undefined {
    const exact = this.#exact.get(ipKey(address))
    if (exact !== undefined) return exact
    return this.#wider.find(({ pattern }) => patternMatches(pattern, address))
  }
}

function groupOf(
  pattern: AddressPattern,
  entries: readonly PassiveEntryConfig[],
  byEntry: ReadonlyMap<EntryConfig, readonly Link[]>,
): AcceptGroup {
  return {
    pattern,
    links: entries.flatMap((entry) => byEntry.get(entry) ?? []),
    identities: entries.some(({ identities }) => identities !== undefined),
  }
}

function strangerReason(unresolved: readonly string[]): Reason {
  if (unresolved.length === 0) return NOT_IN_TABLE
  return { code: 'name-unresolved', detail: unresolved.slice(0, NAMES_SHOWN_MAX).join(', ') }
}

/** undefined: the pattern is a range or matches any address. */
function singleAddresses(
  pattern: AddressPattern,
  names: PeerNames | undefined,
): readonly IpBytes[] | undefined {
  if (pattern.kind === 'name') return names?.addressesOf(pattern.text) ?? []
  return pattern.kind === 'exact' ? [pattern.address] : undefined
}

function pushTo<Key, Item>(map: Map<Key, Item[]>, key: Key, ...added: readonly Item[]): void {
  const items = map.get(key)
  if (items === undefined) map.set(key, [...added])
  else items.push(...added)
}
