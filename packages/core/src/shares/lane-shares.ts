/**
 * What is known about a peer that needs something scarce:
 *
 * - `first`: the peer was well the last time, or an operator asks.
 * - `unknown`: nothing is known about the peer.
 * - `slow`: the peer has kept a place for long the last time, or has misused it. Most such peers are switched off or broken.
 */
export type Lane = 'first' | 'unknown' | 'slow'

/** The best first. */
export const LANES: readonly Lane[] = ['first', 'unknown', 'slow']

/**
 * The part of all places that a lane may have together with the lanes after it, so that peers that do not answer never
 * keep the others out. Rounded up.
 */
const SHARES: Readonly<Record<Lane, number>> = { first: 1, unknown: 7 / 8, slow: 1 / 2 }

/** Counts the places that each lane has taken, and decides whether a lane may take one more. */
export class LaneShares {
  /** The number of places. If it falls, lanes keep what they have taken. */
  max: number
  readonly #taken: Record<Lane, number> = { first: 0, unknown: 0, slow: 0 }

  constructor(max: number) {
    this.max = max
  }

  /** Whether the lane may take a place, without using up what is kept free for the lanes before it. */
  hasRoom(lane: Lane): boolean {
    return this.#hasRoom(lane, undefined)
  }

  /** Whether the lane would have a place if another lane released one. */
  wouldHaveRoom(lane: Lane, released: Lane): boolean {
    return this.#hasRoom(lane, released)
  }

  #hasRoom(lane: Lane, released: Lane | undefined): boolean {
    const last = LANES.indexOf(lane)
    const releasedAt = released === undefined ? -1 : LANES.indexOf(released)
    return LANES.every((each, at) => {
      const taken = this.#takenFrom(each) - (releasedAt >= at ? 1 : 0)
      return at > last || taken < this.#share(each)
    })
  }

  #share(lane: Lane): number {
    return Math.ceil(this.max * SHARES[lane])
  }

  /** What the lane and the lanes after it have taken. */
  #takenFrom(lane: Lane): number {
    const { first, unknown, slow } = this.#taken
    return { first: first + unknown + slow, unknown: unknown + slow, slow }[lane]
  }

  take(lane: Lane): void {
    this.#taken[lane]++
  }

  release(lane: Lane): void {
    this.#taken[lane]--
  }
}
