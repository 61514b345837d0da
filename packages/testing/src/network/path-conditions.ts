import { type SeededRandom } from '../virtual/seeded-random.js'

/** A range from which a number x is drawn: `min` <= x < `max`, or `min` if both are equal. */
export interface Range {
  readonly min: number
  readonly max: number
}

/**
 * The conditions from one host to another, in this direction only. They may change at any time, for open connections
 * too. Probabilities are from 0 to 1.
 */
export interface PathConditions {
  /** Latency in milliseconds, drawn for each chunk. */
  readonly latencyMs: Range
  /** Probability that a reader receives only a part of what has arrived: at least one byte. */
  readonly split: number
  /** Milliseconds that arrived bytes wait, so that separate writes are read together. */
  readonly coalesceMs: number
  /** Milliseconds from the moment when the kernel has taken a whole write until `written` is called. */
  readonly confirmMs: Range
  /** Bytes of one connection that the kernels of both sides hold. If they are full, writers wait. */
  readonly bufferBytes: number
  /** Everything is lost without notice. */
  readonly blackHole: boolean
  /** The reader does not read: writes fill the buffers, then writers wait. */
  readonly notRead: boolean
  /** Probability that a connection dialled in this direction is cut, at a byte drawn from 1 to `cutBytesMax`. */
  readonly cut: number
  readonly cutBytesMax: number
  /** Probability of callbacks between `destroy` and `closed`, which the contract forbids. */
  readonly lateCallbacks: number
  /** Probability that a dial is refused. */
  readonly refuse: number
  /** Probability that a dial is never answered. */
  readonly silent: number
  /** Probability that a connection is accepted and closed before `admit` is called. */
  readonly acceptThenClose: number
  /** Probability that a connection is reset before it is accepted, so that its address is unknown. */
  readonly resetBeforeAccept: number
  /** Probability that a dial connects to itself, as a dial to a free local port can. */
  readonly toItself: number
}

/** A network without faults. */
export const FAIR_CONDITIONS: PathConditions = {
  latencyMs: { min: 0, max: 1 },
  split: 0,
  coalesceMs: 0,
  confirmMs: { min: 0, max: 0 },
  bufferBytes: 256 * 1024,
  blackHole: false,
  notRead: false,
  cut: 0,
  cutBytesMax: 65_536,
  lateCallbacks: 0,
  refuse: 0,
  silent: 0,
  acceptThenClose: 0,
  resetBeforeAccept: 0,
  toItself: 0,
}

/** How a connection is cut. `silence`: from there on all bytes are lost without notice. */
export type CutManner = 'reset' | 'fin' | 'silence'

/** Where and how the network cuts a connection. */
export interface Cut {
  readonly afterBytes: number
  readonly by: CutManner
}

const MANNERS: readonly CutManner[] = ['reset', 'fin', 'silence']

/** Draws whether and where a new connection is cut; undefined: it is not cut. */
export function drawCut(conditions: PathConditions, random: SeededRandom): Cut | undefined {
  if (conditions.cut === 0 || !random.chance(conditions.cut)) return undefined
  return { afterBytes: 1 + random.int(conditions.cutBytesMax), by: random.pick(MANNERS) }
}

/** Draws a number of the range. */
export function draw(range: Range, random: SeededRandom): number {
  return range.max === range.min ? range.min : random.between(range.min, range.max)
}
