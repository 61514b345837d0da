import type { InjectionToken } from '../di.js'
import type { Random } from './random.js'

/** Says how long to wait before the next dial. Pure and stateless: one serves every link of a node. */
export interface ReconnectStrategy {
  /**
   * Milliseconds to wait before dial number `attempt`, counted from 1 since the last proof of life; undefined: give
   * up, the link is `exhausted`. The first dial after start or re-arming is immediate and not asked for.
   *
   * What is no number from 0 to 2^31−1 is brought into that range and reported; it never becomes a busy loop.
   */
  delayMs(attempt: number, random: Random): number | undefined
}

export const ReconnectStrategy: InjectionToken<ReconnectStrategy> = Symbol.for(
  'commloop.ReconnectStrategy',
)
