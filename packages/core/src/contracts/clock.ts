import type { InjectionToken } from '../di.js'

/** Time, as far as core knows it. */
export interface Clock {
  /** Monotonic milliseconds, origin arbitrary. Read once per chunk, batch or timer, never per message. */
  now(): number
  /** Calls back once after `delayMs` (0 to 2^31−1), never before this call has returned. */
  after(delayMs: number, callback: () => void): Timer
  /** Calls back at the end of the present callback, before any I/O or timer (Node: `process.nextTick`). */
  soon(callback: () => void): void
}

/** A callback that is still to come. */
export interface Timer {
  /** It will not come. No effect once it has. */
  cancel(): void
}

export const Clock: InjectionToken<Clock> = Symbol.for('commloop.Clock')
