import type { Clock, Timer } from '../contracts/clock.js'

/** For a clock without turns: how long it probably takes to read what waits in the kernel, in milliseconds. */
const TURN_MS = 50

/** Calls back when the event loop has handled the input and output that is ready now. */
export function afterTurn(clock: Clock, callback: () => void): Timer {
  return clock.turn?.(callback) ?? clock.after(TURN_MS, callback)
}
