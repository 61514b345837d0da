import type { InjectionToken } from '../di.js'

/**
 * The only source of chance in core, used for jitter. A node has one, so a simulated run can be repeated from its seed.
 */
export interface Random {
  /** A number x with 0 <= x < 1. */
  next(): number
}

/** The key of the implementation in the container of a node. */
export const Random: InjectionToken<Random> = Symbol.for('commloop.Random')
