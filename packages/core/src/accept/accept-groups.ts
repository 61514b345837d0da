import { type AddressPattern, patternMatches } from '../address/address-pattern.js'
import { type IpBytes, ipKey, parseIp } from '../address/ip-address.js'
import { inDecidingOrder } from '../config/accept-order.js'
import type { EntryConfig, PassiveEntryConfig } from '../config/node-config.js'
import type { Link } from '../link/link.js'

/** The passive links that an address may fill. */
export interface AcceptGroup {
  readonly links: readonly Link[]
  /** An entry of the group asks for proved identities. */
  readonly identities: boolean
}

/**
 * Which links an address may fill. The most specific group of matching entries decides alone. If a machine is listed by
 * its own address and its slots are taken, it never gets a slot of a range or of an entry for any address.
 */
export class AcceptGroups {
  readonly #exact = new Map<string, AcceptGroup>()
  /** Narrowest first. */
  readonly #wider: (AcceptGroup & { readonly pattern: AddressPattern })[] = []
  readonly #active = new Map<string, Link[]>()

  constructor(links: readonly Link[]) {
    const byEntry = new Map<EntryConfig, Link[]>()
    for (const link of links) {
      pushTo(byEntry, link.entry, link)
      if (link.entry.role === 'active') {
        for (const host of link.entry.hosts) this.#addActive(host, link)
      }
    }
    for (const { pattern, entries } of inDecidingOrder([...byEntry.keys()])) {
      const group = groupOf(entries, byEntry)
      if (pattern.kind === 'exact') this.#exact.set(ipKey(pattern.address), group)
      else this.#wider.push({ pattern, ...group })
    }
  }

  /** A host name has no address until the link dials it, so it is not among these. */
  #addActive(host: string, link: Link): void {
    const address = parseIp(host)
    if (address !== undefined) pushTo(this.#active, ipKey(address), link)
  }

  /** The group that decides about an address; undefined: no passive entry has the address. */
  find(address: IpBytes): AcceptGroup | undefined {
    const exact = this.#exact.get(ipKey(address))
    if (exact !== undefined) return exact
    return this.#wider.find(({ pattern }) => patternMatches(pattern, address))
  }

  /** Active links whose peer has this address. */
  activeAt(address: IpBytes): readonly Link[] {
    return this.#active.get(ipKey(address)) ?? []
  }
}

function groupOf(
  entries: readonly PassiveEntryConfig[],
  byEntry: ReadonlyMap<EntryConfig, readonly Link[]>,
): AcceptGroup {
  return {
    links: entries.flatMap((entry) => byEntry.get(entry) ?? []),
    identities: entries.some(({ identities }) => identities !== undefined),
  }
}

function pushTo<Key>(map: Map<Key, Link[]>, key: Key, link: Link): void {
  const links = map.get(key)
  if (links === undefined) map.set(key, [link])
  else links.push(link)
}
