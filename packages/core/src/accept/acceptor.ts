import { parseIp, sameIp } from '../address/ip-address.js'
import { isIdentified, type NamedListener } from '../config/peer-match.js'
import type { Clock } from '../contracts/clock.js'
import type { Reason } from '../contracts/reason.js'
import type { Address, Connection, ConnectionHandler, PeerInfo } from '../contracts/transport.js'
import { shortened } from '../text/short-text.js'
import type { Link } from '../link/link.js'
import type { AcceptGroup, AcceptGroups } from './accept-groups.js'
import { Challenge, type Verdict } from './challenge.js'
import type { AdmissionHandler } from './managed-listener.js'
import { ProbeAnswer } from './probe-answer.js'
import type { Rejections } from './rejections.js'

const STOPPING: Reason = { code: 'stopping' }
const ADDRESS_UNKNOWN: Reason = { code: 'address-unknown' }
const ONLY_ACTIVE: Reason = { code: 'only-active' }
const FULL: Reason = { code: 'slots-full' }
const DISABLED: Reason = { code: 'disabled' }
const HOLD_DOWN: Reason = { code: 'hold-down' }
const REPLACED: Reason = { code: 'replaced' }
/** Proved names that the reason of a refusal shows. */
const NAMES_MAX = 5
/** Characters of each, which are enough for every DNS name. */
const NAME_LENGTH_MAX = 253
const PROBE: Reason = { code: 'probe' }
const NO_IDENTITY: Reason = { code: 'no-identity' }

/**
 * Assigns accepted connections to passive links by remote address, and rejects all others before the node reads a byte.
 */
export class Acceptor implements AdmissionHandler {
  readonly #clock: Clock
  readonly #rejections: Rejections
  readonly #challenges = new Map<Link, Challenge>()
  /** How often a link has become free. */
  #vacancies = 0
  /** How far `#nextFree` has searched each group, and `#vacancies` at that time. */
  readonly #searched = new WeakMap<
    readonly Link[],
    { readonly at: number; readonly vacancies: number }
  >()
  /** When the last replacement of a link's connection was. Kept while the hold-down lasts. */
  readonly #replacedMs = new Map<Link, number>()
  /** What each link had received when its connection opened. */
  readonly #receivedBytes = new WeakMap<Link, number>()
  #groups: AcceptGroups
  #prepare: ((links: readonly Link[]) => void) | undefined
  #closed = false

  constructor(groups: AcceptGroups, clock: Clock, rejections: Rejections) {
    this.#groups = groups
    this.#clock = clock
    this.#rejections = rejections
  }

  /** While a reconfiguration changes links: changes these now, because a connection wants one of them. */
  set prepare(prepare: ((links: readonly Link[]) => void) | undefined) {
    this.#prepare = prepare
  }

  /** The table has changed. It also applies to newcomers that are waiting for the end of a challenge. */
  regroup(groups: AcceptGroups): void {
    this.#groups = groups
    this.#prepare?.([...this.#challenges.keys()])
    for (const [link, challenge] of [...this.#challenges]) {
      const { peer } = challenge.newcomer
      const group = this.#groupOf(peer.remote, challenge.listener)
      const fits = !isReason(group) && group.links.includes(link)
      if (fits && isIdentified(link.entry, peer)) continue
      this.#challenges.delete(link)
      challenge.cancel()
      this.#rejections.add(peer.remote, isReason(group) ? group : FULL)
    }
    for (const link of [...this.#replacedMs.keys()]) this.#heldDown(link)
  }

  admit(remote: Address | undefined, listener: NamedListener): boolean {
    if (remote !== undefined && this.#isProbe(remote, listener)) return true
    const group = this.#groupOf(remote, listener)
    if (!isReason(group)) return true
    this.#rejections.add(remote, group)
    return false
  }

  /** The pattern of the entries that decide about the address: they have one share of what is scarce. */
  shareOf(remote: Address, listener: NamedListener): string {
    const group = this.#groupOf(remote, listener)
    return isReason(group) ? remote.ip : group.pattern.text
  }

  #isProbe(remote: Address, listener: NamedListener): boolean {
    const address = this.#groups.hasProbes ? parseIp(remote.ip) : undefined
    return address !== undefined && this.#groups.isProbe(address, listener.name)
  }

  /** The group that decides about an address, or why no group may take it. */
  #groupOf(remote: Address | undefined, listener: NamedListener): AcceptGroup | Reason {
    if (this.#closed) return STOPPING
    if (remote === undefined) return ADDRESS_UNKNOWN
    const address = parseIp(remote.ip)
    if (address === undefined) return ADDRESS_UNKNOWN
    const group = this.#groups.find(address, listener.name)
    if (group !== undefined) return group
    const others = this.#groups.otherListeners(address)
    if (others.length > 0) return { code: 'other-listener', detail: others.join(', ') }
    return this.#groups.activeAt(address).length > 0 ? ONLY_ACTIVE : this.#groups.stranger()
  }

  accepted(connection: Connection, listener: NamedListener): ConnectionHandler | undefined {
    const { remote } = connection.peer
    if (this.#isProbe(remote, listener)) {
      this.#rejections.count(PROBE)
      return new ProbeAnswer(connection, this.#clock)
    }
    const group = this.#groupOf(remote, listener)
    if (isReason(group)) {
      this.#rejections.add(remote, group)
      return undefined
    }
    this.#prepare?.(group.links)
    this.#rearm(remote)
    // The proved identity comes first: a peer with the wrong one is not even a duplicate.
    const { identities } = group
    const links = identities
      ? group.links.filter((link) => isIdentified(link.entry, connection.peer))
      : group.links
    const free = (identities ? undefined : this.#nextFree(group)) ?? freeLink(links)
    if (free !== undefined) return this.#open(free, connection, listener)
    const answer = this.#duplicate(connection, listener, links)
    if (!isReason(answer)) return answer
    this.#rejections.add(remote, answer)
    return undefined
  }

  #open(link: Link, connection: Connection, listener: NamedListener): ConnectionHandler {
    this.#receivedBytes.set(link, link.queue.tally.receivedBytes)
    return link.opened(connection, false, listener)
  }

  /**
   * The first free slot in the order of the table. If no link has become free since the last search, the search
   * continues from its end: with thousands of simultaneous connections, each would have to search all the slots before
   * it.
   */
  #nextFree(group: AcceptGroup): Link | undefined {
    const { links } = group
    const known = this.#searched.get(group.links)
    let at = known?.vacancies === this.#vacancies ? known.at : 0
    while (at < links.length && !isFree(links[at])) at++
    this.#searched.set(group.links, { at, vacancies: this.#vacancies })
    return links[at]
  }

  /** The transport has refused a connection that was admitted. */
  refused(remote: Address, reason: string, listener: NamedListener): void {
    if (this.#isProbe(remote, listener)) {
      this.#rejections.count(PROBE)
      return
    }
    this.#rejections.add(remote, { code: 'transport-refused', detail: reason })
  }

  /** The transport has answered a balancer that only looks whether the node lives. */
  probed(): void {
    this.#rejections.count(PROBE)
  }

  /** A peer that dials this node can probably be dialled too. */
  #rearm(remote: Address): void {
    const address = parseIp(remote.ip)
    if (address === undefined) return
    for (const link of this.#groups.activeAt(address)) {
      if (link.state === 'exhausted') link.dialNow(true)
    }
  }

  /** Every slot is taken: the handler of the newcomer, or why the node rejects it. */
  #duplicate(
    connection: Connection,
    listener: NamedListener,
    links: readonly Link[],
  ): ConnectionHandler | Reason {
    if (links.length === 0) return identityReason(connection.peer)
    if (links.every((link) => !link.enabled)) return DISABLED
    const own = this.#candidate(connection, links)
    const link = own ?? this.#silentOfGreediest(connection.peer.remote.ip, links)
    if (link === undefined) return FULL
    const { entry } = link
    const policy = entry.role === 'passive' ? entry.duplicate : 'reject'
    if (policy === 'reject') return FULL
    // A machine may replace its own connection without a question, and not that of another one.
    if (policy === 'replace' && own !== undefined) return this.#replace(link, connection, listener)
    if (this.#heldDown(link)) return HOLD_DOWN
    const challenge = new Challenge(link, connection, listener, this.#clock, (ended, verdict) => {
      this.#decided(ended, verdict)
    })
    this.#challenges.set(link, challenge)
    return challenge.handler
  }

  /** Among the links that the same address fills, the one that has been silent for longest. */
  #candidate(connection: Connection, links: readonly Link[]): Link | undefined {
    const key = connection.peer.remote.ip
    let candidate: Link | undefined
    for (const link of links) {
      const fills = isOccupied(link) && sameAddress(link.connection?.peer.remote.ip, key)
      if (!fills || this.#challenges.has(link)) continue
      const silentLonger =
        candidate === undefined ||
        (link.connection?.receivedMs ?? 0) < (candidate.connection?.receivedMs ?? 0)
      if (silentLonger) candidate = link
    }
    return candidate
  }

  /**
   * A link of the address that fills most slots, if these are at least two more than those of the newcomer's address, and if
   * the peer has not sent a byte since it connected: one silent machine must not keep the others of a range out.
   */
  #silentOfGreediest(ip: string, links: readonly Link[]): Link | undefined {
    const occupied = links.filter(isOccupied)
    const counts = new Map<string, number>()
    for (const link of occupied) {
      // A slot that is challenged counts for the challenger, so that one machine cannot challenge them all.
      const { peer } = this.#challenges.get(link)?.newcomer ?? link.connection ?? {}
      countOne(counts, peer?.remote.ip ?? '')
    }
    let most = (counts.get(ip) ?? 0) + 1
    let found: Link | undefined
    for (const link of occupied) {
      const count = counts.get(link.connection?.peer.remote.ip ?? '') ?? 0
      if (count <= most || this.#hasSpoken(link)) continue
      if (this.#challenges.has(link) || this.#heldDown(link)) continue
      most = count
      found = link
    }
    return found
  }

  #hasSpoken(link: Link): boolean {
    return link.queue.tally.receivedBytes !== this.#receivedBytes.get(link)
  }

  #heldDown(link: Link): boolean {
    const replacedMs = this.#replacedMs.get(link)
    if (replacedMs === undefined) return false
    if (this.#clock.now() - replacedMs < link.settings.holdDownMs) return true
    this.#replacedMs.delete(link)
    return false
  }

  /** The handler of the newcomer, or why the node rejects it after all. */
  #replace(link: Link, newcomer: Connection, listener: NamedListener): ConnectionHandler | Reason {
    this.#replacedMs.set(link, this.#clock.now())
    link.connection?.abort(REPLACED)
    // A listener of the loss may have disabled the link.
    return isFree(link) ? this.#open(link, newcomer, listener) : DISABLED
  }

  #decided(challenge: Challenge, verdict: Verdict): void {
    const { link, newcomer, listener } = challenge
    this.#challenges.delete(link)
    if (verdict === 'newcomer gone') return
    if (verdict === 'incumbent stays') {
      this.#rejections.add(newcomer.peer.remote, FULL)
    } else if (typeof verdict !== 'string') {
      this.#rejections.add(newcomer.peer.remote, verdict)
    } else if (isFree(link)) {
      challenge.handler.handOver(this.#open(link, newcomer, listener))
    } else {
      const answer = isOccupied(link) ? this.#replace(link, newcomer, listener) : DISABLED
      if (isReason(answer)) {
        newcomer.destroy()
        this.#rejections.add(newcomer.peer.remote, answer)
      } else challenge.handler.handOver(answer)
    }
  }

  /** A link's connection has ended. A newcomer that challenges the link takes it. */
  vacated(link: Link): void {
    this.#vacancies++
    this.#challenges.get(link)?.incumbentLeft()
  }

  /** Refuses every connection from now on. */
  close(): void {
    this.#closed = true
    for (const challenge of this.#challenges.values()) challenge.cancel()
    this.#challenges.clear()
    this.#replacedMs.clear()
  }
}

/**
 * The first free slot in the order of the table. If there is none, a slot whose peer has ended its side and has
 * received everything: the lingering connection of a client that has its reply must not keep the next client out.
 */
function freeLink(links: readonly Link[]): Link | undefined {
  const free = links.find(isFree)
  if (free !== undefined) return free
  const leaving = links.find((link) => link.state === 'up' && link.connection?.release() === true)
  return isFree(leaving) ? leaving : undefined
}

function countOne(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

/** The link waits for a connection. */
function isFree(link: Link | undefined): link is Link {
  return link?.state === 'awaiting' && link.connection === undefined
}

/** The link has a connection, which may not be ready yet, and which is not being drained. */
function isOccupied({ connection, state }: Link): boolean {
  return connection !== undefined && (state === 'up' || state === 'awaiting')
}

function identityReason({ identities }: PeerInfo): Reason {
  return identities.length === 0
    ? NO_IDENTITY
    : { code: 'identity-not-in-table', detail: namesText(identities) }
}

/** A certificate can have thousands of names, and names of many kilobytes. */
function namesText(names: readonly string[]): string {
  const more = names.length - NAMES_MAX
  const shown = names.slice(0, NAMES_MAX).map((name) => shortened(name, NAME_LENGTH_MAX))
  return shown.join(', ') + (more > 0 ? `, and ${String(more)} more` : '')
}

function isReason(answer: AcceptGroup | ConnectionHandler | Reason): answer is Reason {
  return 'code' in answer
}

function sameAddress(left: string | undefined, right: string): boolean {
  const leftBytes = left === undefined ? undefined : parseIp(left)
  const rightBytes = parseIp(right)
  return leftBytes !== undefined && rightBytes !== undefined && sameIp(leftBytes, rightBytes)
}
