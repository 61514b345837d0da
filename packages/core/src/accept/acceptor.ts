import type { ListenConfig } from '../config/node-config.js'
import type { Clock } from '../contracts/clock.js'
import type {
  Address,
  Connection,
  ConnectionHandler,
  PeerInfo,
  Transport,
} from '../contracts/transport.js'
import type { Link } from '../link/link.js'
import { parseIp, sameIp } from '../address/ip-address.js'
import { isIdentified } from '../config/peer-match.js'
import type { AcceptGroup, AcceptGroups } from './accept-groups.js'
import { Challenge, type Verdict } from './challenge.js'
import { ManagedListener, type AdmissionHandler } from './managed-listener.js'

export interface AcceptListener {
  listening(at: Address): void
  rejected(remote: Address | undefined, reason: string): void
  warning(code: string, message: string, cause?: unknown): void
}

/**
 * Matches accepted connections to passive links by remote address, and refuses everybody else before a byte is read.
 */
export class Acceptor implements AdmissionHandler {
  readonly #transport: Transport
  readonly #clock: Clock
  readonly #listener: AcceptListener
  readonly #challenges = new Map<Link, Challenge>()
  /** How often a link has become free, and up to where each group was searched at which of these times. */
  #vacancies = 0
  readonly #searched = new WeakMap<
    readonly Link[],
    { readonly at: number; readonly vacancies: number }
  >()
  /** When a link's incumbent was last replaced, for as long as the hold-down lasts. */
  readonly #replacedMs = new Map<Link, number>()
  #groups: AcceptGroups
  #door: ManagedListener | undefined
  /** Opened, and not known yet to be open. */
  #nextDoor: ManagedListener | undefined
  #closed = false

  constructor(groups: AcceptGroups, transport: Transport, clock: Clock, listener: AcceptListener) {
    this.#groups = groups
    this.#transport = transport
    this.#clock = clock
    this.#listener = listener
  }

  // ── the door ────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Listens here instead of where it listened before, which goes on until this has succeeded; undefined: nowhere.
   * Where the old place is in the way of the new one, it is left first, and taken again where that was in vain.
   * `moved` hears why it has failed. Not before this call has returned, unless it is to listen nowhere.
   */
  move(place: ListenConfig | undefined, moved: (error: Error | undefined) => void): void {
    if (place === undefined) {
      this.#door?.close()
      this.#door = undefined
      moved(undefined)
      return
    }
    this.#try(place, moved, (error) => {
      const inTheWay = this.#door?.place.port === place.port && isInUse(error)
      if (inTheWay) this.#moveOver(this.#door, place, moved)
      else moved(error)
    })
  }

  /** For two places of which only one can be had at a time. */
  #moveOver(
    old: ManagedListener | undefined,
    place: ListenConfig,
    moved: (error: Error | undefined) => void,
  ): void {
    old?.close()
    this.#try(place, moved, (error) => {
      old?.open()
      moved(error)
    })
  }

  #try(
    place: ListenConfig,
    moved: (error: Error | undefined) => void,
    failed: (error: Error) => void,
  ): void {
    const door = new ManagedListener(place, this.#transport, this.#clock, this, {
      opened: () => {
        this.#door?.close()
        this.#door = door
        this.#nextDoor = undefined
        moved(undefined)
      },
      notOpened: (error) => {
        this.#nextDoor = undefined
        failed(error)
      },
      listening: (at) => {
        this.#listener.listening(at)
      },
      lost: (error) => {
        const text = `listening has ended: ${error.message}`
        this.#listener.warning('LISTEN_LOST', text, error)
      },
    })
    this.#nextDoor = door
    door.open()
  }

  // ── who may come in ─────────────────────────────────────────────────────────────────────────────────────────

  /** The table is another one: who is asking to come in is judged by it from now on, whoever waits included. */
  regroup(groups: AcceptGroups): void {
    this.#groups = groups
    for (const [link, challenge] of [...this.#challenges]) {
      const { peer } = challenge.newcomer
      const group = this.#groupOf(peer.remote)
      const fits = typeof group !== 'string' && group.links.includes(link)
      if (fits && isIdentified(link.entry, peer)) continue
      this.#challenges.delete(link)
      challenge.cancel()
      this.#listener.rejected(peer.remote, typeof group === 'string' ? group : 'full')
    }
    for (const link of [...this.#replacedMs.keys()]) this.#heldDown(link)
  }

  admit(remote: Address | undefined): boolean {
    const group = this.#groupOf(remote)
    if (typeof group !== 'string') return true
    this.#listener.rejected(remote, group)
    return false
  }

  /** The group that decides about an address, or why nobody lets it in. */
  #groupOf(remote: Address | undefined): AcceptGroup | string {
    if (this.#closed) return 'stopping'
    if (remote === undefined) return 'address unknown'
    const address = parseIp(remote.ip)
    if (address === undefined) return 'address unknown'
    const group = this.#groups.find(address)
    if (group !== undefined) return group
    const active = this.#groups.activeAt(address)
    return active.length > 0 ? 'only in active entries' : 'not in the table'
  }

  accepted(connection: Connection): ConnectionHandler | undefined {
    const { remote } = connection.peer
    const group = this.#groupOf(remote)
    if (typeof group === 'string') {
      this.#listener.rejected(remote, group)
      return undefined
    }
    this.#rearm(remote)
    // Who a peer has proved to be comes first: with the wrong name nobody is even a duplicate.
    const { identities } = group
    const links = identities
      ? group.links.filter((link) => isIdentified(link.entry, connection.peer))
      : group.links
    const free = (identities ? undefined : this.#nextFree(group)) ?? freeLink(links)
    if (free !== undefined) return free.opened(connection, false)
    const answer = this.#duplicate(connection, links)
    if (typeof answer !== 'string') return answer
    this.#listener.rejected(remote, answer)
    return undefined
  }

  /**
   * The first free slot in the order of the table. Begins where it ended last, as long as none before has become free:
   * thousands of connections that come at once would otherwise each look through all that came before.
   */
  #nextFree(group: AcceptGroup): Link | undefined {
    const { links } = group
    const known = this.#searched.get(group.links)
    let at = known?.vacancies === this.#vacancies ? known.at : 0
    while (at < links.length && links[at]?.state !== 'awaiting') at++
    this.#searched.set(group.links, { at, vacancies: this.#vacancies })
    return links[at]
  }

  refused(remote: Address, reason: string): void {
    this.#listener.rejected(remote, reason)
  }

  /** A peer that dials us is there to be dialled. */
  #rearm(remote: Address): void {
    const address = parseIp(remote.ip)
    if (address === undefined) return
    for (const link of this.#groups.activeAt(address)) {
      if (link.state === 'exhausted') link.dialNow()
    }
  }

  /** Every slot is taken: the handler of the newcomer, or why it is refused. */
  #duplicate(connection: Connection, links: readonly Link[]): ConnectionHandler | string {
    if (links.length === 0) return identityRefusal(connection.peer)
    if (links.every((link) => !link.enabled)) return 'disabled'
    const link = this.#candidate(connection, links)
    if (link === undefined) return 'full'
    const { entry } = link
    const policy = entry.role === 'passive' ? entry.duplicate : 'reject'
    if (policy === 'reject') return 'full'
    if (policy === 'replace') return this.#replace(link, connection)
    if (this.#heldDown(link)) return 'hold-down'
    const challenge = new Challenge(link, connection, this.#clock, (ended, verdict) => {
      this.#decided(ended, verdict)
    })
    this.#challenges.set(link, challenge)
    return challenge
  }

  /** Among the links that the same address holds, the one that has been silent longest. */
  #candidate(connection: Connection, links: readonly Link[]): Link | undefined {
    const key = connection.peer.remote.ip
    let candidate: Link | undefined
    for (const link of links) {
      const held = link.state === 'up' && sameAddress(link.connection?.peer.remote.ip, key)
      if (!held || this.#challenges.has(link)) continue
      const silentLonger =
        candidate === undefined ||
        (link.connection?.receivedMs ?? 0) < (candidate.connection?.receivedMs ?? 0)
      if (silentLonger) candidate = link
    }
    return candidate
  }

  #heldDown(link: Link): boolean {
    const replacedMs = this.#replacedMs.get(link)
    if (replacedMs === undefined) return false
    if (this.#clock.now() - replacedMs < link.settings.holdDownMs) return true
    this.#replacedMs.delete(link)
    return false
  }

  /** The handler of the newcomer, or why it is refused after all. */
  #replace(link: Link, newcomer: Connection): ConnectionHandler | string {
    this.#replacedMs.set(link, this.#clock.now())
    link.connection?.abort({ code: 'replaced' })
    // Whoever heard of the loss may have disabled the link.
    return link.state === 'awaiting' ? link.opened(newcomer, false) : 'disabled'
  }

  #decided(challenge: Challenge, verdict: Verdict): void {
    const { link, newcomer } = challenge
    this.#challenges.delete(link)
    if (verdict === 'newcomer gone') return
    if (verdict === 'incumbent stays') {
      this.#listener.rejected(newcomer.peer.remote, 'full')
    } else if (link.state === 'awaiting') {
      challenge.handOver(link.opened(newcomer, false))
    } else {
      const answer = link.state === 'up' ? this.#replace(link, newcomer) : 'disabled'
      if (typeof answer === 'string') {
        newcomer.destroy()
        this.#listener.rejected(newcomer.peer.remote, answer)
      } else challenge.handOver(answer)
    }
  }

  /** A link's connection has ended: whoever challenged it may have it. */
  vacated(link: Link): void {
    this.#vacancies++
    this.#challenges.get(link)?.incumbentLeft()
  }

  close(): void {
    this.#closed = true
    this.#nextDoor?.close()
    this.#door?.close()
    for (const challenge of this.#challenges.values()) challenge.cancel()
    this.#challenges.clear()
    this.#replacedMs.clear()
  }
}

/**
 * The first free slot in the order of the table; else one whose peer has ended its side and has all answers: a client
 * that asks and leaves must not keep the next one out for as long as it might be served.
 */
function freeLink(links: readonly Link[]): Link | undefined {
  const free = links.find((link) => link.state === 'awaiting')
  if (free !== undefined) return free
  const leaving = links.find((link) => link.state === 'up' && link.connection?.replaceable === true)
  leaving?.connection?.release()
  return leaving?.state === 'awaiting' ? leaving : undefined
}

function identityRefusal({ identities }: PeerInfo): string {
  return identities.length === 0
    ? 'no identity'
    : `identity not in the table: ${identities.join(', ')}`
}

function sameAddress(left: string | undefined, right: string): boolean {
  const leftBytes = left === undefined ? undefined : parseIp(left)
  const rightBytes = parseIp(right)
  return leftBytes !== undefined && rightBytes !== undefined && sameIp(leftBytes, rightBytes)
}

function isInUse(error: Error): boolean {
  return 'code' in error && error.code === 'EADDRINUSE'
}
