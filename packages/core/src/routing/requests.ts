import type { Clock } from '../contracts/clock.js'
import type { Outcome, ReceivedMessage } from '../contracts/node-events.js'
import type { Reason } from '../contracts/reason.js'
import type { LinkState } from '../contracts/send-router.js'
import type { WarningCode } from '../contracts/warning.js'
import { type RequestCounters, type RequestEnd, RequestTally } from '../ledger/request-counters.js'
import type { Link } from '../link/link.js'
import type { Table } from '../table/table.js'
import { foreignText } from '../text/safe-text.js'
import { Timeouts } from '../timing/timeouts.js'
import { ConnectionRequests } from './connection-requests.js'
import type { SendOptions } from './dispatch.js'
import type { RoutingLimits } from './pending-routes.js'
import { type Caller, Request } from './request.js'
import { copyIdOf } from './request-copy.js'
import {
  abortError,
  downError,
  duplicateError,
  endOf,
  fullError,
  timeoutError,
  unsentError,
} from './request-errors.js'
import { keyOfRequest, timeoutMsOf } from './request-input.js'
import type { RequestKey, RequestKeyReader, RequestOptions } from './request-options.js'
import { isOpen, requestTarget } from './request-target.js'

/** A late answer is expected for this part of the timeout after the request has ended without an answer. */
const LATE_SHARE = 0.5

export interface RequestServices {
  readonly clock: Clock
  /** The links that can be asked. */
  readonly links: { readonly table: Table }
  readonly warnings: { warn(code: WarningCode, message: string, cause?: unknown): void }
  /** Sends the copy. @throws CommloopError; then nothing was accepted */
  send(payload: Uint8Array, options: SendOptions): void
  /** `messagesMax`: of the requests that wait. `bytesMax`: of the payloads that wait in line. */
  limits(): Pick<RoutingLimits, 'messagesMax' | 'bytesMax'>
}

/**
 * The requests of a node. Each ends in exactly one way and is counted once: with its answer, with the timeout, with the
 * end of its connection, aborted, or refused.
 */
export class Requests {
  /** Requests that wait, and those whose late answer may still come. Read for every message; only this class sets it. */
  tracked = 0
  readonly #services: RequestServices
  readonly #tally = new RequestTally()
  readonly #byLink = new Map<Link, ConnectionRequests<Request>>()
  /** By the id of their copy, as long as the copy has no outcome. */
  readonly #byCopy = new Map<string, Request>()
  readonly #timeouts: Timeouts<Request>
  #waiting = 0
  #lineBytes = 0
  #serial = 0

  constructor(services: RequestServices) {
    this.#services = services
    this.#timeouts = new Timeouts(services.clock, (request) => {
      this.#expired(request)
    })
  }

  get counters(): RequestCounters {
    return Object.assign({ waiting: this.#waiting }, this.#tally)
  }

  // ── asking ──────────────────────────────────────────────────────────────────────────────────────────────────

  ask(payload: Uint8Array, options: RequestOptions): Promise<ReceivedMessage> {
    return new Promise((resolve, reject) => {
      this.#tally.asked++
      const { signal } = options
      try {
        if (signal?.aborted === true) throw abortError(signal)
        this.#begin(payload, options, { resolve, reject, signal })
      } catch (error) {
        this.#tally[endOf(error)]++
        reject(error instanceof Error ? error : new Error(foreignText(error)))
      }
    })
  }

  /** The node does not run: rejects the request with the error that `refuse` throws. */
  refused(refuse: () => never): Promise<never> {
    this.#tally.asked++
    this.#tally.refused++
    return new Promise(refuse)
  }

  /** @throws the error with which the request ends now */
  #begin(payload: Uint8Array, options: RequestOptions, caller: Caller): void {
    const timeoutMs = timeoutMsOf(options.timeout)
    const { key: keyOf } = options
    // First, because a key function is foreign code, which may call anything of the node.
    const key = keyOfRequest(payload, keyOf)
    const link = requestTarget(options.to, payload, this.#services.links.table)
    const requests = this.#byLink.get(link) ?? new ConnectionRequests<Request>(link)
    const same = keyOf && key !== undefined ? requests.withKey(keyOf, key) : undefined
    if (same?.caller !== undefined) throw duplicateError(link, key)
    const waits = keyOf === undefined && (requests.first !== undefined || requests.line.size > 0)
    this.#checkRoom(waits ? payload.byteLength : 0)
    const dueMs = this.#services.clock.now() + timeoutMs
    const copyId = copyIdOf(++this.#serial)
    const parts = { requests, keyOf, key, timeoutMs, dueMs, copyId }
    const request = new Request(parts, caller, this.#aborted)
    if (waits) this.#enterLine(request, payload)
    else {
      this.#send(request, payload)
      // The answer to the earlier request, should it still come, answers this one as well.
      if (same !== undefined) this.#forget(same)
      requests.add(request)
    }
    this.#byLink.set(link, requests)
    this.#waiting++
    this.tracked++
    this.#timeouts.add(request)
  }

  #checkRoom(lineBytes: number): void {
    const { messagesMax, bytesMax } = this.#services.limits()
    if (this.#waiting >= messagesMax) {
      throw fullError(`${String(this.#waiting)} requests wait for their answers`)
    }
    if (lineBytes > 0 && this.#lineBytes + lineBytes > bytesMax) {
      throw fullError(`requests of ${String(this.#lineBytes)} bytes wait for their turn`)
    }
  }

  /** @throws CommloopError as `send` does; then the request does not listen to its signal any more */
  #send(request: Request, payload: Uint8Array): void {
    const { requests, copyId, dueMs } = request
    const { link, epoch } = requests
    // The peer must not get a request for whose answer nothing waits.
    const ttlMs = dueMs - this.#services.clock.now()
    try {
      this.#services.send(payload, { to: { link: link.id, epoch }, id: copyId, ttlMs })
    } catch (error) {
      request.endWait()
      throw error
    }
    request.phase = 'sent'
    this.#byCopy.set(copyId, request)
  }

  // ── the line of requests without a key ──────────────────────────────────────────────────────────────────────

  #enterLine(request: Request, payload: Uint8Array): void {
    request.payload = payload
    this.#lineBytes += payload.byteLength
    request.requests.line.add(request)
  }

  #leaveLine(request: Request): void {
    if (!request.requests.line.delete(request)) return
    this.#lineBytes -= request.payload?.byteLength ?? 0
    request.payload = undefined
  }

  /** Sends the next request of the line, but never within a change of the outbox. */
  #advanceSoon(requests: ConnectionRequests<Request>): void {
    if (!requests.mayAdvance || requests.advanceDue) return
    requests.advanceDue = true
    this.#services.clock.soon(() => {
      requests.advanceDue = false
      this.#advance(requests)
    })
  }

  #advance(requests: ConnectionRequests<Request>): void {
    const { link } = requests
    while (requests.mayAdvance) {
      const [next] = requests.line
      if (next?.payload === undefined) return
      if (!isOpen(link)) {
        this.#failLine(requests, undefined)
        return
      }
      const { payload, caller } = next
      this.#leaveLine(next)
      try {
        this.#send(next, payload)
        requests.add(next)
      } catch (error) {
        this.#tally.refused++
        this.#waiting--
        this.#forget(next)
        caller?.reject(error as Error)
      }
    }
  }

  // ── what happens to the copy of a request ───────────────────────────────────────────────────────────────────

  /** A write contains the copy now. */
  copyBegun(copyId: string): void {
    const request = this.#byCopy.get(copyId)
    if (request !== undefined) request.begun = true
  }

  copyEnded(copyId: string, outcome: Outcome, reason: Reason | undefined): void {
    const request = this.#byCopy.get(copyId)
    if (request === undefined) return
    this.#byCopy.delete(copyId)
    if (outcome === 'written') return
    if (outcome === 'expired') this.#fail(request, 'timedOut', timeoutError(request))
    else {
      const error = unsentError(request, reason)
      this.#fail(request, endOf(error), error)
    }
    this.#forget(request)
  }

  // ── answers ─────────────────────────────────────────────────────────────────────────────────────────────────

  /** @returns true if the message is the answer to a request; then no one else gets it */
  takes(link: Link, payload: Uint8Array, epoch: number): boolean {
    const requests = this.#byLink.get(link)
    if (requests?.epoch !== epoch) return false
    const request = requests.answeredBy(payload, this.#keyRead)
    if (request === undefined) return false
    const caller = request.endWait()
    if (caller === undefined) this.#tally.lateAnswers++
    else {
      this.#tally.answered++
      this.#waiting--
    }
    this.#forget(request)
    caller?.resolve({ payload, link: link.id, epoch })
    return caller !== undefined
  }

  readonly #keyRead = (keyOf: RequestKeyReader, payload: Uint8Array): RequestKey | undefined => {
    try {
      return keyOf(payload)
    } catch (error) {
      const text = `the key function of a request threw for a received message: ${foreignText(error)}`
      this.#services.warnings.warn('REQUEST_KEY_THREW', text, error)
      return undefined
    }
  }

  // ── ending without an answer ────────────────────────────────────────────────────────────────────────────────

  #expired(request: Request): void {
    if (request.phase === 'late') this.#forget(request)
    else this.#timedOut(request)
  }

  #timedOut(request: Request): void {
    this.#fail(request, 'timedOut', timeoutError(request))
    this.#expectLate(request)
  }

  readonly #aborted = (request: Request): void => {
    const signal = request.caller?.signal
    if (signal === undefined) return
    this.#fail(request, 'aborted', abortError(signal))
    this.#expectLate(request)
  }

  /** The state of a link has changed. */
  linkChanged(link: Link, state: LinkState, why: string | undefined): void {
    const requests = this.#byLink.get(link)
    if (requests === undefined || state === 'up') return
    // A link that drains may still receive answers, but sends no further requests.
    this.#failLine(requests, why)
    if (state === 'draining') return
    for (const request of requests.underWay) this.#wentDown(request, why)
  }

  #failLine({ line }: ConnectionRequests<Request>, why: string | undefined): void {
    for (const request of [...line]) this.#wentDown(request, why)
  }

  #wentDown(request: Request, why: string | undefined): void {
    this.#fail(request, 'linkDown', downError(request, why))
    this.#forget(request)
  }

  /** The wait of the caller ends without an answer. No effect if it has ended before. */
  #fail(request: Request, how: RequestEnd, error: Error): void {
    const caller = request.endWait()
    if (caller === undefined) return
    this.#tally[how]++
    this.#waiting--
    caller.reject(error)
  }

  /** The answer may still come. Until then it is not taken for the answer to another request. */
  #expectLate(request: Request): void {
    const { messagesMax } = this.#services.limits()
    if (request.phase === 'inLine' || this.tracked - this.#waiting > messagesMax) {
      this.#forget(request)
      return
    }
    request.phase = 'late'
    this.#timeouts.remove(request)
    request.dueMs += request.timeoutMs * LATE_SHARE
    this.#timeouts.add(request)
  }

  /** Nothing more is expected of this request. */
  #forget(request: Request): void {
    if (request.phase === 'over') return
    const { requests } = request
    this.#leaveLine(request)
    requests.remove(request)
    request.phase = 'over'
    this.tracked--
    this.#timeouts.remove(request)
    if (!requests.isEmpty) this.#advanceSoon(requests)
    else if (this.#byLink.get(requests.link) === requests) this.#byLink.delete(requests.link)
  }

  /** The node has stopped, and all links are closed. */
  close(): void {
    this.#timeouts.close()
  }
}
