import { parseAddressPattern } from '../address/address-pattern.js'
import { isReachedThrough, patternKey } from './accept-order.js'
import type { ConfigProblem } from './config-problem.js'
import { listenerName, writtenListeners } from './listeners.js'
import type { EntryOptions, NodeOptions } from './node-options.js'

/** What decides which peers may fill a passive entry. */
interface Admission {
  readonly index: number
  readonly identities: readonly string[] | undefined
  readonly listener: string | undefined
}

/** Passive entries for the same addresses, in the order of the table. */
interface AddressGroup {
  readonly all: Admission[]
  readonly byIdentity: Map<string, Admission[]>
}

/** Names in one message. More would not help to find the entries. */
const NAMES_MAX = 3

/**
 * Finds twins: passive entries for which nothing tells the peer of one from the peer of another, because both take the
 * same addresses, through the same listener, and require no different identities. Each connection then takes the first
 * free link, so the machines behind two twins may change places at any time. A twin must not keep its queue for the next
 * connection.
 *
 * An entry that requires an identity is not a twin of an entry without one: the peer of the second never fills the first.
 * The second is a twin of the first, because the peer of the first may fill the second too.
 */
export class TwinEntries {
  /** By position: the first few entries that the warning of this entry names. */
  readonly #named = new Map<number, readonly number[]>()

  constructor(entries: readonly EntryOptions[], listen: NodeOptions['listen']) {
    for (const group of groupsOf(entries, listen)) {
      for (const own of group.all) {
        if (firstTwins(group, own, 1).length === 0) continue
        // A pair is told once: at the later entry, or at the only one of the two that is a twin.
        const told = (other: Admission): boolean =>
          other.index < own.index ||
          (own.identities === undefined) !== (other.identities === undefined)
        const named = firstTwins(group, own, NAMES_MAX + 1, told).map(({ index }) => index)
        // An entry with several addresses may have twins at each of them.
        const known = this.#named.get(own.index) ?? []
        this.#named.set(own.index, [...new Set([...known, ...named])])
      }
    }
  }

  has(index: number): boolean {
    return this.#named.has(index)
  }

  warnings(ids: readonly string[]): ConfigProblem[] {
    return [...this.#named]
      .filter(([, twins]) => twins.length > 0)
      .sort(([left], [right]) => left - right)
      .map(([index, twins]) => ({ path: ['links', index], message: twinText(twins, ids) }))
  }
}

/** The first entries whose peers may fill this one, at most `max` of them. */
function firstTwins(
  { all, byIdentity }: AddressGroup,
  own: Admission,
  max: number,
  isWanted: (other: Admission) => boolean = () => true,
): Admission[] {
  const twins = new Set<Admission>()
  const sharing = own.identities?.map((name) => byIdentity.get(name) ?? []) ?? [all]
  for (const candidates of sharing) {
    for (const other of candidates) {
      if (twins.size >= max) break
      const meets = isReachedThrough(own, other.listener)
      if (other !== own && meets && isWanted(other)) twins.add(other)
    }
  }
  return [...twins]
}

/** Entries with a mistake in `ip` are left out. */
function groupsOf(
  entries: readonly EntryOptions[],
  listen: NodeOptions['listen'],
): Iterable<AddressGroup> {
  const groups = new Map<string, AddressGroup>()
  const places = writtenListeners(listen).map(({ place }) => place)
  const only = places.length === 1 && places[0] !== undefined ? listenerName(places[0]) : undefined
  for (const [index, entry] of entries.entries()) {
    const { identity, listen: through } = entry
    const identities = typeof identity === 'string' ? [identity] : identity
    const place = places.find(({ port }) => port === through)
    const listener = place === undefined ? through?.toString() : listenerName(place)
    const own = { index, identities, listener: listener ?? only }
    for (const key of addressKeys(entry)) {
      const group = groups.get(key) ?? { all: [], byIdentity: new Map<string, Admission[]>() }
      groups.set(key, group)
      group.all.push(own)
      for (const name of new Set(identities)) {
        group.byIdentity.set(name, [...(group.byIdentity.get(name) ?? []), own])
      }
    }
  }
  return groups.values()
}

/** Equal for entries that take the same addresses. Two names of one machine are not known to be one before they are resolved. */
function addressKeys({ role, ip, host }: EntryOptions): Set<string> {
  if (role !== 'passive') return new Set()
  const names = [host ?? []].flat().map((name) => `name ${name.toLowerCase()}`)
  const addresses = [ip ?? []].flat().flatMap((text) => {
    const pattern = parseAddressPattern(text)
    return typeof pattern === 'string' ? [] : [patternKey(pattern)]
  })
  return new Set([...addresses, ...names])
}

function twinText(twins: readonly number[], ids: readonly string[]): string {
  const names = twins.slice(0, NAMES_MAX).map((at) => `"${ids[at] ?? String(at)}"`)
  const others = names.join(', ') + (twins.length > NAMES_MAX ? ' and others' : '')
  return (
    `nothing tells the peer of this entry from the peer of ${others}, so a connection may take the link of either, ` +
    'and a link without its own peer drops its queue when its connection ends. Let each peer connect to its own ' +
    'listener ("listen"), require an "identity" (TLS) in each entry, or use one entry with several "slots" and reply ' +
    'to the link and epoch of the received message'
  )
}
