import { SystemClock, Throttle } from '@commloop/core'

const LIMITS = { perWindow: 1, windowMs: 1_000, kindsMax: 32 } as const

/** Writes one log line for many equal events: the first of a kind immediately, the rest as a count once a second. */
export function lineThrottle<Facts>(write: (facts: Facts, count: number) => void): Throttle<Facts> {
  return new Throttle(new SystemClock(), LIMITS, write)
}
