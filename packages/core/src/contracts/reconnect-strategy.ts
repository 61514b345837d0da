import type { InjectionToken } from '../di.js'
import type { Random } from './random.js'

/** Decides how long a link waits before the next dial. It must be a pure function, because links share it. */
export interface ReconnectStrategy {
  /**
   * Milliseconds to wait before the next dial; undefined: give up, and the link becomes `exhausted`. The first dial
   * after a start or re-arming is immediate, without a call.
   *
   * The node moves a number outside 0 to 2^31−1 into this range, and uses 30 s for any other value and if the strategy
   * throws. In each case it emits a warning.
   *
   * @param attempt dials begun since the last proof of life, from 1
   * @param random the source of chance for jitter
   */
  delayMs(attempt: number, random: Random): number | undefined
}

/** The key of the implementation in the container of a node. */
export const ReconnectStrategy: InjectionToken<ReconnectStrategy> = Symbol.for(
  'commloop.ReconnectStrategy',
)
