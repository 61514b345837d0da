import type { LinkRef } from '../contracts/send-router.js'
import type { Duration } from '../units/duration.js'

/** What a request and its answer have in common, such as a sequence number. */
export type RequestKey = string | number

/**
 * Reads the key of a payload; undefined: this payload has none. It is called for the request and for received messages
 * of any content, so it must check what it reads. The node calls each different function once for every message that
 * arrives while requests with it wait: pass the same function each time.
 */
export type RequestKeyReader = (payload: Uint8Array) => RequestKey | undefined

/** Options of `Node.request`. */
export interface RequestOptions {
  /** Exactly one link. With `epoch`: only over this connection. */
  readonly to: LinkRef | { readonly link: LinkRef; readonly epoch: number }
  /**
   * The answer is the first message of the connection that has the same key as the request. Without it, the answer is
   * the next message, so one request is under way at a time on the link, and the others wait for their turn.
   */
  readonly key?: RequestKeyReader
  /** How long the caller waits, from the call on. Default: 10 s. */
  readonly timeout?: Duration
  /** Aborting it ends the wait. A request that the link has accepted may still be sent. */
  readonly signal?: AbortSignal
}
