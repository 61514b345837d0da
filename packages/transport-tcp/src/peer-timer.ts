import { FairTimer, SystemClock, type Timer } from '@commloop/core'

const clock = new SystemClock()

/**
 * Calls back if a peer has not done something within `delayMs`. Time in which this process stood still does not count: the
 * peer's answer may wait in the kernel.
 */
export function peerTimer(delayMs: number, callback: () => void): Timer {
  return new FairTimer(clock, delayMs, callback)
}
