import type { InjectionToken } from '../di.js'

/** The only source of time in core. */
export interface Clock {
  /** Monotonic milliseconds with an arbitrary origin. Core reads it once per chunk, batch or timer, not per message. */
  now(): number
  /** Calls back once after `delayMs` (0 to 2^31−1), never before this call has returned. */
  after(delayMs: number, callback: () => void): Timer
  /** Calls back at the end of the present callback, before any I/O or timer (Node: `process.nextTick`). */
  soon(callback: () => void): void
  /**
   * Calls back when the event loop has handled the input and output that is ready now, before it waits for more (Node:
   * `setImmediate`), never before this call has returned. With it, core reads what waits in the kernel before it decides that
   * a peer is silent. Without it, core waits 50 ms instead.
   */
  turn?(callback: () => void): Timer
}

/** A pending callback of `after`. */
export interface Timer {
  /** Cancels the callback. No effect after it was called. */
  cancel(): void
}

/** The key of the implementation in the container of a node. */
export const Clock: InjectionToken<Clock> = Symbol.for('commloop.Clock')
