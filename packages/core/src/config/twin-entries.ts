import { parseAddressPattern } from '../address/address-pattern.js'
import { patternKey } from './accept-order.js'
import type { ConfigProblem } from './config-problem.js'
import type { EntryOptions } from './node-options.js'

/** What is needed to know which peers a passive entry takes. */
interface Opening {
  readonly index: number
  readonly identities: readonly string[] | undefined
}

/** Names in one message. More would not help to find the entries. */
const NAMES_MAX = 3

/**
 * Finds twins: passive entries for which nothing tells the peer of one from the peer of another, because both entries
 * take the same addresses and require no different identities. Each connection then takes the first free link, so the
 * machines behind two twins change places at any time. A twin must not keep its queue for the next connection.
 *
 * An entry that requires an identity is not a twin of an entry without one: the peer of the second never fills the first.
 * The second is a twin of the first, because the peer of the first may fill the second too.
 */
export class TwinEntries {
  /** By position: the positions of the other entries whose peers may fill this one. */
  readonly #twins = new Map<number, readonly number[]>()

  constructor(entries: readonly EntryOptions[]) {
    for (const group of groupsOf(entries)) {
      if (group.length > 1) this.#addGroup(group)
    }
  }

  #addGroup(group: readonly Opening[]): void {
    const all = group.map(({ index }) => index)
    const byIdentity = new Map<string, number[]>()
    for (const { index, identities } of group) {
      for (const name of new Set(identities)) {
        const named = byIdentity.get(name)
        if (named === undefined) byIdentity.set(name, [index])
        else named.push(index)
      }
    }
    for (const { index, identities } of group) {
      const sharing = identities?.flatMap((name) => byIdentity.get(name) ?? []) ?? all
      const others = sharing.length > 1 ? [...new Set(sharing)].filter((at) => at !== index) : []
      if (others.length > 0) this.#twins.set(index, others)
    }
  }

  has(index: number): boolean {
    return this.#twins.has(index)
  }

  /** One warning for each pair: at the later entry, or at the one that the peer of the other may fill. */
  warnings(ids: readonly string[]): ConfigProblem[] {
    const warnings: ConfigProblem[] = []
    const inTableOrder = [...this.#twins].sort(([left], [right]) => left - right)
    for (const [index, twins] of inTableOrder) {
      const told = twins.filter((at) => at < index || !this.#twins.get(at)?.includes(index))
      if (told.length > 0) warnings.push({ path: ['links', index], message: twinText(told, ids) })
    }
    return warnings
  }
}

/** The passive entries by the peers that may fill them. Entries with a mistake in `ip` are left out. */
function groupsOf(entries: readonly EntryOptions[]): Iterable<readonly Opening[]> {
  const groups = new Map<string, Opening[]>()
  for (const [index, { role, ip, identity }] of entries.entries()) {
    const pattern = role === 'passive' && ip !== undefined ? parseAddressPattern(ip) : ''
    if (typeof pattern === 'string') continue
    const key = patternKey(pattern)
    const opening = { index, identities: typeof identity === 'string' ? [identity] : identity }
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [opening])
    else group.push(opening)
  }
  return groups.values()
}

function twinText(twins: readonly number[], ids: readonly string[]): string {
  const names = twins.slice(0, NAMES_MAX).map((at) => `"${ids[at] ?? String(at)}"`)
  const rest = twins.length - names.length
  const others = names.join(', ') + (rest > 0 ? ` and ${String(rest)} more` : '')
  return (
    `nothing tells the peer of this entry from the peer of ${others}, so a connection may take the link of either, ` +
    'and a link without its own peer drops its queue when its connection ends. Require an "identity" (TLS) in each ' +
    'entry, or use one entry with several "slots" and reply to the link and epoch of the received message'
  )
}
