import type { Clock, Timer } from '../contracts/clock.js'
import { type Lane, LANES, LaneShares } from '../shares/lane-shares.js'
import { FairTimer } from '../timing/fair-timer.js'
import { LoopStalls } from '../timing/loop-stalls.js'

/**
 * In which order links get their turn to dial. `first`: an operator has asked for the dial, or the last dial ended soon, so
 * that this one will too. `slow`: the last dial kept its permit for `SLOW_DIAL_MS` or longer without success.
 */
export type DialLane = Lane

/** A dial that has kept its permit for this long is slow: the peer does not answer. */
const SLOW_DIAL_MS = 1_000

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
 *
 * A dial that turns out to be slow gives way to a link that waits in another lane than `slow`. So links whose peers have just
 * fallen silent, all at once, do not keep the others from dialling. In the lane `slow`, a dial has all its time.
 */
export class DialLimiter {
  readonly #clock: Clock
  readonly #inProgress: LaneShares
  readonly #waiting: Readonly<Record<DialLane, Set<DialPermit>>> = {
    first: new Set(),
    unknown: new Set(),
    slow: new Set(),
  }
  /** The permits in use that may have to give way. The oldest first. */
  readonly #hasty = new Set<DialPermit>()
  /** Runs while a permit waits that another one may have to give way to. */
  #giveWayTimer: Timer | undefined
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
  permit(lane: DialLane, holder: PermitHolder): DialPermit {
    return new DialPermit(this, lane, holder)
  }

  /** For `DialPermit`. Grants the permit now, or after other dials have ended. */
  asked(permit: DialPermit): void {
    if (this.#waits === 0 && this.#inProgress.hasRoom(permit.lane)) {
      this.#grant(permit)
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
      if (this.#crowdedLane === undefined) this.#stopWatching()
      return
    }
    this.#hasty.delete(permit)
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

  /** For `DialPermit`. How long it has been in use, without the time in which the event loop stood still. */
  heldMs({ grantedMs }: DialPermit): number {
    const stoodMs = LoopStalls.of(this.#clock).since(grantedMs)
    return this.#clock.now() - grantedMs - stoodMs
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
      const [permit] = lane === undefined ? [] : this.#waiting[lane]
      if (permit === undefined) break
      this.#waiting[permit.lane].delete(permit)
      this.#places = undefined
      this.#grant(permit)
    }
    if (this.#crowdedLane === undefined) this.#stopWatching()
    else this.#watchHasty()
  }

  #stopWatching(): void {
    this.#giveWayTimer?.cancel()
    this.#giveWayTimer = undefined
  }

  #grant(permit: DialPermit): void {
    this.#inProgress.take(permit.lane)
    if (permit.lane !== 'slow') this.#hasty.add(permit)
    permit.grant(this.#clock.now())
  }

  /** Plans when a dial has to give way, if a permit waits for which it can make room. */
  #watchHasty(): void {
    if (this.#giveWayTimer !== undefined) return
    const lane = this.#crowdedLane
    if (lane === undefined) return
    const [oldest] = this.#yielding(lane)
    if (oldest === undefined) return
    const waitMs = Math.max(0, SLOW_DIAL_MS - this.heldMs(oldest))
    this.#giveWayTimer = new FairTimer(this.#clock, waitMs, () => {
      this.#giveWayTimer = undefined
      this.#makeWay()
    })
  }

  /** The permits that make room for the lane if they give way. */
  #yielding(lane: DialLane): DialPermit[] {
    return [...this.#hasty].filter((each) => this.#inProgress.wouldHaveRoom(lane, each.lane))
  }

  /** The best lane in which a permit waits, apart from `slow`. */
  get #crowdedLane(): DialLane | undefined {
    return LANES.find((lane) => lane !== 'slow' && this.#waiting[lane].size > 0)
  }

  /** As many slow dials give way as permits wait, the oldest first. */
  #makeWay(): void {
    const lane = this.#crowdedLane
    if (lane === undefined) return
    // Less than a millisecond is not worth a timer.
    const slow = this.#yielding(lane).filter((each) => SLOW_DIAL_MS - this.heldMs(each) < 1)
    for (const permit of slow.slice(0, this.#waiting[lane].size)) {
      // The end of another dial may have ended this one.
      if (this.#hasty.has(permit)) permit.giveWay()
    }
    this.#grantSoon()
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

/** What a permit tells the dialer that asked for it. */
export interface PermitHolder {
  granted(): void
  /** The dial is slow and another link waits: it ends, and gives the permit back. */
  gaveWay(): void
}

export class DialPermit {
  readonly #permits: DialLimiter
  readonly #holder: PermitHolder
  #lane: DialLane
  #isGranted = false
  #grantedMs = 0

  constructor(permits: DialLimiter, lane: DialLane, holder: PermitHolder) {
    this.#permits = permits
    this.#lane = lane
    this.#holder = holder
  }

  /** For `DialLimiter`. When it was granted, by the clock; 0 before. */
  get grantedMs(): number {
    return this.#grantedMs
  }

  /** Whether a dial with this permit has had time for an answer. Only while the permit is in use. */
  get isSlow(): boolean {
    return this.#permits.heldMs(this) >= SLOW_DIAL_MS
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
  grant(nowMs: number): void {
    this.#isGranted = true
    this.#grantedMs = nowMs
    this.#holder.granted()
  }

  /** For `DialLimiter`. */
  giveWay(): void {
    this.#holder.gaveWay()
  }

  /** The dial has ended, or is not needed any more. A second call has no effect. */
  giveBack(): void {
    const wasGranted = this.#isGranted
    this.#isGranted = false
    this.#permits.returned(this, wasGranted)
  }
}
