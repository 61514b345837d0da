import { type SeededRandom } from '../virtual/seeded-random.js'

export interface Range {
  readonly min: number
  readonly max: number
}

/**
 * How it goes from one host to another, in this one direction. All of it may change at any time, and counts for
 * connections that are open already. Chances are from 0 to 1.
 */
export interface PathConditions {
  /** Milliseconds on the way, drawn for each piece. */
  readonly latencyMs: Range
  /** How likely a reader is given only a part of what has arrived, from one byte on. */
  readonly split: number
  /** Milliseconds that arrived bytes wait for more, so that what was written apart is read together. */
  readonly coalesceMs: number
  /** Milliseconds from the moment that the kernel has a whole write until the writer is told. */
  readonly confirmMs: Range
  /** What the kernels on both sides hold of one connection; then writers wait. */
  readonly bufferBytes: number
  /** Nothing gets through, and nobody is told. */
  readonly blackHole: boolean
  /** The reader takes nothing: what is written fills the buffers, then writers wait. */
  readonly notRead: boolean
  /** Of connections dialled this way, how many end at a byte drawn from 1 to `cutBytesMax`. */
  readonly cut: number
  readonly cutBytesMax: number
  /** After `destroy`, what would have come still comes, before `closed`: no transport may do that. */
  readonly lateCallbacks: number
  /** Dials this way that are refused at once. */
  readonly refuse: number
  /** Dials that are never answered. */
  readonly silent: number
  /** Dials that are accepted and closed before anybody is asked. */
  readonly acceptThenClose: number
  /** Dials whose connection is reset before it is accepted, so that the address is not known any more. */
  readonly resetBeforeAccept: number
  /** Dials that end up with themselves, as a dial to a free local port may. */
  readonly toItself: number
}

/** A network in which nothing goes wrong. */
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

/** How a connection ends at a byte. `silence`: nothing more comes this way, and nobody is told. */
export type CutManner = 'reset' | 'fin' | 'silence'

export interface Cut {
  readonly afterBytes: number
  readonly by: CutManner
}

const MANNERS: readonly CutManner[] = ['reset', 'fin', 'silence']

export function drawCut(conditions: PathConditions, random: SeededRandom): Cut | undefined {
  if (conditions.cut === 0 || !random.chance(conditions.cut)) return undefined
  return { afterBytes: 1 + random.int(conditions.cutBytesMax), by: random.pick(MANNERS) }
}

export function draw(range: Range, random: SeededRandom): number {
  return range.max === range.min ? range.min : random.between(range.min, range.max)
}
