import type { InjectionToken } from '../di.js'

/** Chance, for jitter only. One generator serves a node, so that a run repeats from its seed. */
export interface Random {
  /** 0 <= x < 1 */
  next(): number
}

export const Random: InjectionToken<Random> = Symbol.for('commloop.Random')
