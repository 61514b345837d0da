import { type AddressPattern, patternMatches, specificity } from '../address/address-pattern.js'
import { type IpBytes, ipKey, parseIp } from '../address/ip-address.js'
import { inDecidingOrder } from '../config/accept-order.js'
import type { EntryConfig, PassiveEntryConfig } from '../config/node-config.js'
import type { Link } from '../link/link.js'

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

  /** @param probes addresses of health probes */
  constructor(links: readonly Link[], probes: readonly AddressPattern[] = []) {
    this.#probes = probes
    const byEntry = new Map<EntryConfig, Link[]>()
    for (const link of links) {
      pushTo(byEntry, link.entry, link)
      if (link.entry.role === 'active') this.#addActive(link.entry.host, link)
    }
    const entries = [...byEntry.keys()]
    this.#others = new ListenerGroups(
      entries.filter((entry) => entry.role === 'passive' && entry.listener === undefined),
      byEntry,
    )
    for (const entry of entries) {
      if (entry.role !== 'passive' || entry.listener === undefined) continue
      if (this.#byListener.has(entry.listener)) continue
      this.#byListener.set(entry.listener, new ListenerGroups(entries, byEntry, entry.listener))
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
    listener?: string,
  ) {
    for (const { pattern, entries: deciding } of inDecidingOrder(entries, listener)) {
      const group = groupOf(pattern, deciding, byEntry)
      if (pattern.kind === 'exact') this.#exact.set(ipKey(pattern.address), group)
      else this.#wider.push(group)
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

function pushTo<Key>(map: Map<Key, Link[]>, key: Key, link: Link): void {
  const links = map.get(key)
  if (links === undefined) map.set(key, [link])
  else links.push(link)
}
