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

  /** Whether the lane has a place left, in its own share and in those of the lanes before it. */
  hasRoom(lane: Lane): boolean {
    return this.#hasRoom(lane, undefined)
  }

  /** Whether the lane would have a place if the other lane released one. */
  wouldHaveRoom(lane: Lane, released: Lane): boolean {
    return this.#hasRoom(lane, released)
  }

  #hasRoom(lane: Lane, released: Lane | undefined): boolean {
    return LANES.slice(0, LANES.indexOf(lane) + 1).every((each) => {
      const behind = LANES.slice(LANES.indexOf(each))
      const taken = behind.reduce((sum, one) => sum + this.#taken[one], 0)
      const less = released !== undefined && behind.includes(released) ? 1 : 0
      return taken - less < Math.ceil(this.max * SHARES[each])
    })
  }

  take(lane: Lane): void {
    this.#taken[lane]++
  }

  release(lane: Lane): void {
    this.#taken[lane]--
  }
}
