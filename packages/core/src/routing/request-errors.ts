import { CommloopError, type ErrorCode } from '../contracts/errors.js'
import { type Reason, type ReasonCode, reasonText } from '../contracts/reason.js'
import type { RequestEnd } from '../ledger/request-counters.js'
import type { Link } from '../link/link.js'
import { jsonText } from '../text/safe-text.js'
import { durationText } from '../units/duration.js'
import type { Request } from './request.js'
import type { RequestKey } from './request-options.js'

/** How a request that ends with this error is counted. */
export function endOf(error: unknown): RequestEnd {
  if (!CommloopError.is(error)) return isAbort(error) ? 'aborted' : 'refused'
  return error.code === 'CML_ERR_LINK_DOWN' ? 'linkDown' : 'refused'
}

function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError'
}

/** Named as everywhere in JavaScript. Its `cause` is the reason of the signal. */
export function abortError({ reason }: AbortSignal): Error {
  const error = new DOMException('the request was aborted', 'AbortError')
  return Object.defineProperty(error, 'cause', { value: reason as unknown, configurable: true })
}

export function timeoutError(request: Request): CommloopError {
  const { requests, timeoutMs } = request
  const text = `"${requests.link.id}" did not answer within ${durationText(timeoutMs)}${whyLate(request)}`
  return requestError('CML_ERR_REQUEST_TIMEOUT', text, requests.link)
}

function whyLate({ phase, begun }: Request): string {
  if (phase === 'inLine') {
    return '; the request was not sent, because an earlier one without a key waited for its answer'
  }
  return begun ? '' : '; the request was not sent, because the peer did not read'
}

/** The copy of a request has ended before it was written. */
export function unsentError({ requests: { link } }: Request, reason: Reason | undefined): Error {
  const code = UNSENT_CODES[reason?.code ?? ''] ?? 'CML_ERR_LINK_DOWN'
  const why = reason === undefined ? 'the connection ended' : reasonText(reason)
  return requestError(code, `the request to "${link.id}" was not sent: ${why}`, link)
}

/** All other copies end because their connection or their link has ended. */
const UNSENT_CODES: Readonly<Partial<Record<ReasonCode | '', ErrorCode>>> = {
  codec: 'CML_ERR_PAYLOAD_INVALID',
  'outbox-full': 'CML_ERR_OUTBOX_FULL',
}

export function downError({ requests }: Request, why = 'the connection ended'): CommloopError {
  const { link } = requests
  const text = `"${link.id}" went down before it answered: ${why}`
  return requestError('CML_ERR_LINK_DOWN', text, link)
}

export function duplicateError(link: Link, key: RequestKey | undefined): CommloopError {
  const text = `a request with the key ${jsonText(key)} waits for its answer on "${link.id}" already: wait for it, or abort it`
  return requestError('CML_ERR_REQUEST_DUPLICATE', text, link)
}

export function fullError(what: string): CommloopError {
  return new CommloopError('CML_ERR_ROUTING_FULL', `${what}, as many as "routing" allows`)
}

function requestError(code: ErrorCode, text: string, { id }: Link): CommloopError {
  return new CommloopError(code, text, { details: { link: id } })
}
