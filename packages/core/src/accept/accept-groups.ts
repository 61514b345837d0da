import { type AddressPattern, patternMatches, specificity } from '../address/address-pattern.js'
import { type IpBytes, ipKey, parseIp } from '../address/ip-address.js'
import type { Link } from '../link/link.js'

/** The passive links that an address may fill. */
export interface AcceptGroup {
  readonly links: readonly Link[]
  /** Some entry of it asks who a peer has proved to be. */
  readonly identities: boolean
}

/**
 * Who may come in. The most specific group of matching entries decides alone: a machine that is listed by its own
 * address and finds its slots taken is never let into the slots of a range or of anyone.
 */
export class AcceptGroups {
  readonly #exact = new Map<string, OpenGroup>()
  readonly #wider: (OpenGroup & { readonly pattern: AddressPattern })[] = []
  readonly #active = new Map<string, Link[]>()

  constructor(links: readonly Link[]) {
    for (const link of links) {
      if (link.entry.role === 'passive') this.#add(link.entry.pattern, link)
      else this.#addActive(link.entry.host, link)
    }
    this.#wider.sort((left, right) => specificity(right.pattern) - specificity(left.pattern))
  }

  #add(pattern: AddressPattern, link: Link): void {
    if (pattern.kind === 'exact') {
      const key = ipKey(pattern.address)
      const known = this.#exact.get(key)
      if (known === undefined) this.#exact.set(key, groupOf(link))
      else join(known, link)
      return
    }
    const same = this.#wider.find((group) => samePattern(group.pattern, pattern))
    if (same === undefined) this.#wider.push({ pattern, ...groupOf(link) })
    else join(same, link)
  }

  /** A host name has no address until it is dialled, so it is not among these. */
  #addActive(host: string, link: Link): void {
    const address = parseIp(host)
    if (address !== undefined) pushTo(this.#active, ipKey(address), link)
  }

  /** The group that decides about an address; undefined: the address is in no passive entry. */
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

interface OpenGroup {
  readonly links: Link[]
  identities: boolean
}

function groupOf(link: Link): OpenGroup {
  return { links: [link], identities: namesIdentities(link) }
}

function join(group: OpenGroup, link: Link): void {
  group.links.push(link)
  group.identities ||= namesIdentities(link)
}

function namesIdentities({ entry }: Link): boolean {
  return entry.role === 'passive' && entry.identities !== undefined
}

function samePattern(left: AddressPattern, right: AddressPattern): boolean {
  if (left.kind === 'anyone' || right.kind === 'anyone') return left.kind === right.kind
  return specificity(left) === specificity(right) && patternMatches(left, right.address)
}

function pushTo(map: Map<string, Link[]>, key: string, link: Link): void {
  const links = map.get(key)
  if (links === undefined) map.set(key, [link])
  else links.push(link)
}
