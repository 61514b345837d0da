import { type Lane, LANES, LaneShares } from './lane-shares.js'

/** Who asks for a place. */
export interface Claim {
  readonly lane: Lane
  /** What the address is part of: the entries that admit it. All addresses of a range have one share together. */
  readonly group: string
  readonly address: string
}

/** Whether a newcomer has a place now. `displaced` has lost its own to the newcomer, and must go. */
export interface Entrance<Holder> {
  readonly entered: boolean
  readonly displaced: Holder | undefined
}

const REFUSED = { entered: false, displaced: undefined } as const

/** Why a holder may be displaced, each part worse than the next. */
type Weakness = readonly [stale: number, ofAddress: number, lane: number, ofGroup: number]

/**
 * A limited number of places for newcomers that cannot wait, such as unfinished handshakes. If the places are used up, a
 * newcomer may take the place of a holder
 *
 * - that is stale: it has had its place for some time, and has not begun to use it,
 * - of a worse lane, or
 * - of a group, or within its own group of an address, that has at least two places more than the newcomer's.
 *
 * If there is none, the newcomer is refused. Two places more and not one: otherwise two addresses would take one place from
 * each other without end, and after a power cut a thousand peers that all have one would never finish.
 *
 * Part of the places is kept free for the better lanes: see `LaneShares`.
 */
export class SharedPlaces<Holder extends object> {
  readonly #lanes: LaneShares
  readonly #isStale: (holder: Holder) => boolean
  /** The oldest first. */
  readonly #claims = new Map<Holder, Claim>()
  readonly #ofGroup = new Tally()
  readonly #ofAddress = new Tally()

  /** @param isStale whether a holder has had its place for some time and has not begun to use it */
  constructor(max: number, isStale: (holder: Holder) => boolean) {
    this.#lanes = new LaneShares(max)
    this.#isStale = isStale
  }

  get max(): number {
    return this.#lanes.max
  }

  /** Holders keep their places if the number falls. */
  set max(places: number) {
    this.#lanes.max = places
  }

  get taken(): number {
    return this.#claims.size
  }

  /** A newcomer asks for a place. */
  enter(newcomer: Holder, claim: Claim): Entrance<Holder> {
    let displaced: Holder | undefined
    if (!this.#lanes.hasRoom(claim.lane)) {
      displaced = this.#weakest(claim)
      if (displaced === undefined) return REFUSED
      this.leave(displaced)
    }
    this.#lanes.take(claim.lane)
    this.#claims.set(newcomer, claim)
    this.#ofGroup.add(claim.group, 1)
    this.#ofAddress.add(addressKey(claim), 1)
    return { entered: true, displaced }
  }

  /** A second call has no effect. */
  leave(holder: Holder): void {
    const claim = this.#claims.get(holder)
    if (claim === undefined) return
    this.#claims.delete(holder)
    this.#lanes.release(claim.lane)
    this.#ofGroup.add(claim.group, -1)
    this.#ofAddress.add(addressKey(claim), -1)
  }

  /** The holder that has to go first; the oldest of several. */
  #weakest(claim: Claim): Holder | undefined {
    let weakest: Holder | undefined
    let most: Weakness = [0, 0, 0, 0]
    for (const [holder, held] of this.#claims) {
      if (!this.#lanes.wouldHaveRoom(claim.lane, held.lane)) continue
      const weakness = this.#weakness(claim, holder, held)
      if (weakness === undefined || !isMore(weakness, most)) continue
      most = weakness
      weakest = holder
    }
    return weakest
  }

  /** undefined: the newcomer may not take the place of the holder. */
  #weakness(claim: Claim, holder: Holder, held: Claim): Weakness | undefined {
    const lane = LANES.indexOf(held.lane)
    const better = LANES.indexOf(claim.lane) - lane
    const stale = better <= 0 && this.#isStale(holder)
    if (!stale && better >= 0 && !this.#isGreedier(held, claim)) return undefined
    const ofGroup = this.#ofGroup.of(held.group)
    return [stale ? 1 : 0, this.#ofAddress.of(addressKey(held)), lane, ofGroup]
  }

  #isGreedier(held: Claim, claim: Claim): boolean {
    if (held.group !== claim.group) {
      return this.#ofGroup.of(held.group) > this.#ofGroup.of(claim.group) + 1
    }
    const { address, group } = claim
    const own = this.#ofAddress.of(addressKey({ address, group }))
    return this.#ofAddress.of(addressKey(held)) > own + 1
  }
}

/** Counts by key. A key whose count is 0 is forgotten. */
class Tally {
  readonly #counts = new Map<string, number>()

  of(key: string): number {
    return this.#counts.get(key) ?? 0
  }

  add(key: string, count: number): void {
    const sum = this.of(key) + count
    if (sum === 0) this.#counts.delete(key)
    else this.#counts.set(key, sum)
  }
}

function addressKey({ group, address }: Pick<Claim, 'group' | 'address'>): string {
  return `${group} ${address}`
}

function isMore(left: Weakness, right: Weakness): boolean {
  const at = left.findIndex((part, index) => part !== right[index])
  return at !== -1 && (left[at] ?? 0) > (right[at] ?? 0)
}
