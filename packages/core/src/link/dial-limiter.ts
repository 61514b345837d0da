import type { Clock } from '../contracts/clock.js'
import { type Lane, LANES, LaneShares } from '../shares/lane-shares.js'

/**
 * In which order links get their turn to dial. `first`: an operator has asked for the dial, or the link was well, so that
 * its peer is probably back soon. `slow`: the last dial failed, and only after it had kept its permit for long.
 */
export type DialLane = Lane

/** How many grants in a row a lane that waits may be passed over. */
const PASSED_OVER_MAX = 8

/** The place of a link that waits for its turn to dial: 1 is next. `of`: how many wait. */
export interface DialTurn {
  readonly place: number
  readonly of: number
}

/**
 * Grants permits to dial in turn, so that thousands of links that have lost one peer do not all dial at the same time.
 * Waiting permits are granted at the end of the present callback: a listener of another link's dial must not change a
 * link while that link is giving its permit back.
 *
 * Within a lane, the first to ask is the first to dial. A lane that waits and whose share is not used up is passed over for
 * at most `PASSED_OVER_MAX` grants, so no link waits for ever.
 */
export class DialLimiter {
  readonly #clock: Clock
  readonly #inProgress: LaneShares
  readonly #waiting: Readonly<Record<DialLane, Set<DialPermit>>> = {
    first: new Set(),
    unknown: new Set(),
    slow: new Set(),
  }
  /** How many grants in a row each lane was passed over although it had a permit that waited. */
  readonly #passedOver: Record<DialLane, number> = { first: 0, unknown: 0, slow: 0 }
  /** `#grantWaiting` follows at the end of the present callback. */
  #grants = false
  /** The places of all waiting permits, until one of them changes. */
  #places: Map<DialPermit, number> | undefined

  constructor(clock: Clock, dialsMax: number) {
    this.#clock = clock
    this.#inProgress = new LaneShares(dialsMax)
  }

  /** Changes the limit. Dials in progress continue; if the limit allows more, waiting ones begin. */
  resize(dialsMax: number): void {
    this.#inProgress.max = dialsMax
    this.#grantSoon()
  }

  /** A new permit, which is not granted before `ask`. */
  permit(lane: DialLane, granted: () => void): DialPermit {
    return new DialPermit(this, lane, granted)
  }

  /** For `DialPermit`. Grants the permit now, or after other dials have ended. */
  asked(permit: DialPermit): void {
    if (this.#waits === 0 && this.#inProgress.hasRoom(permit.lane)) {
      this.#inProgress.take(permit.lane)
      permit.grant()
    } else {
      this.#waiting[permit.lane].add(permit)
      this.#places = undefined
      // Permits of other lanes may wait although some are free, because the share of their lane is used up.
      this.#grantSoon()
    }
  }

  /** For `DialPermit`. */
  returned(permit: DialPermit, wasGranted: boolean): void {
    if (!wasGranted) {
      if (this.#waiting[permit.lane].delete(permit)) this.#places = undefined
      return
    }
    this.#inProgress.release(permit.lane)
    this.#grantSoon()
  }

  /** For `DialPermit`: it goes into another lane. */
  moved(permit: DialPermit, to: DialLane): void {
    if (!this.#waiting[permit.lane].delete(permit)) return
    this.#waiting[to].add(permit)
    this.#places = undefined
    this.#grantSoon()
  }

  /** For `DialPermit`. undefined if it does not wait. */
  turnOf(permit: DialPermit): DialTurn | undefined {
    this.#places ??= new Map(
      LANES.flatMap((lane) => [...this.#waiting[lane]]).map((each, at) => [each, at + 1]),
    )
    const place = this.#places.get(permit)
    return place === undefined ? undefined : { place, of: this.#places.size }
  }

  get #waits(): number {
    const { first, unknown, slow } = this.#waiting
    return first.size + unknown.size + slow.size
  }

  #grantSoon(): void {
    if (this.#waits === 0 || this.#grants) return
    this.#grants = true
    this.#clock.soon(() => {
      this.#grants = false
      this.#grantWaiting()
    })
  }

  #grantWaiting(): void {
    for (;;) {
      const lane = this.#nextLane()
      if (lane === undefined) return
      const [permit] = this.#waiting[lane]
      if (permit === undefined) return
      this.#waiting[lane].delete(permit)
      this.#places = undefined
      this.#inProgress.take(lane)
      permit.grant()
    }
  }

  /** The first lane that may be granted a permit, unless a later one was passed over too often. */
  #nextLane(): DialLane | undefined {
    const able = LANES.filter(
      (lane) => this.#waiting[lane].size > 0 && this.#inProgress.hasRoom(lane),
    )
    const lane = able.findLast((each) => this.#passedOver[each] >= PASSED_OVER_MAX) ?? able[0]
    if (lane === undefined) return undefined
    for (const each of able) this.#passedOver[each] = each === lane ? 0 : this.#passedOver[each] + 1
    return lane
  }
}

export class DialPermit {
  readonly #permits: DialLimiter
  readonly #granted: () => void
  #lane: DialLane
  #isGranted = false

  constructor(permits: DialLimiter, lane: DialLane, granted: () => void) {
    this.#permits = permits
    this.#lane = lane
    this.#granted = granted
  }

  get lane(): DialLane {
    return this.#lane
  }

  /** Calls `granted`, now or later. */
  ask(): void {
    this.#permits.asked(this)
  }

  /** An operator does not want to wait: the permit goes to the end of the first lane. No effect once it is granted. */
  hurry(): void {
    if (this.#isGranted || this.#lane === 'first') return
    this.#permits.moved(this, 'first')
    this.#lane = 'first'
  }

  /** The place among those that wait; undefined: the permit is granted, or was not asked for. */
  get turn(): DialTurn | undefined {
    return this.#permits.turnOf(this)
  }

  /** For `DialLimiter`. */
  grant(): void {
    this.#isGranted = true
    this.#granted()
  }

  /** The dial has ended, or is not needed any more. A second call has no effect. */
  giveBack(): void {
    const wasGranted = this.#isGranted
    this.#isGranted = false
    this.#permits.returned(this, wasGranted)
  }
}
