import type { ReceivedMessage } from '../contracts/node-events.js'
import type { Timed } from '../timing/timeouts.js'
import type { ConnectionRequests, Question } from './connection-requests.js'
import type { RequestKey, RequestKeyReader } from './request-options.js'

/**
 * The life of a request:
 *
 *     inLine ─▶ sent ─▶ over            answered, or failed
 *                 └────▶ late ─▶ over   its caller no longer waits, but its answer may still come
 *
 * `inLine`: it waits for the requests before it. `sent`: its link has accepted it.
 */
export type RequestPhase = 'inLine' | 'sent' | 'late' | 'over'

/** The promise that the caller has. */
export interface Caller {
  resolve(answer: ReceivedMessage): void
  reject(error: Error): void
  readonly signal: AbortSignal | undefined
}

/** What a request consists of. */
export type RequestParts = Pick<
  Request,
  'requests' | 'keyOf' | 'key' | 'timeoutMs' | 'dueMs' | 'copyId'
>

/** One request, from the call of `request` until its answer is not expected any more. */
export class Request implements Timed, Question {
  phase: RequestPhase = 'inLine'
  place = -1
  dueMs: number
  readonly timeoutMs: number
  /** The requests of the same connection. */
  readonly requests: ConnectionRequests<Request>
  readonly keyOf: RequestKeyReader | undefined
  readonly key: RequestKey | undefined
  /** The id of its copy, which no message of an application has. */
  readonly copyId: string
  begun = false
  /** Kept only while the request waits in line. */
  payload: Uint8Array | undefined
  /** undefined: the caller has its result. */
  caller: Caller | undefined
  readonly #onAbort: () => void

  constructor(parts: RequestParts, caller: Caller, aborted: (request: Request) => void) {
    this.requests = parts.requests
    this.keyOf = parts.keyOf
    this.key = parts.key
    this.timeoutMs = parts.timeoutMs
    this.dueMs = parts.dueMs
    this.copyId = parts.copyId
    this.caller = caller
    this.#onAbort = () => {
      aborted(this)
    }
    caller.signal?.addEventListener('abort', this.#onAbort)
  }

  /** The caller gets the result now. @returns undefined if it had one already */
  endWait(): Caller | undefined {
    const { caller } = this
    this.caller = undefined
    caller?.signal?.removeEventListener('abort', this.#onAbort)
    return caller
  }
}
