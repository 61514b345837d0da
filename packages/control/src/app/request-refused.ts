import { CommloopError, type ErrorCode, messageText, visibleOutput } from '@commloop/core'
import type { Call } from './control-app.js'
import { jsonAnswer } from './json-answer.js'

export type ErrorStatus = 400 | 401 | 403 | 404 | 405 | 409 | 413 | 500 | 503 | 504

/** Errors of the node that get a status other than 409. */
const STATUSES: Readonly<Partial<Record<ErrorCode, ErrorStatus>>> = {
  CML_ERR_INPUT_INVALID: 400,
  CML_ERR_CONFIG_INVALID: 400,
  CML_ERR_LINK_AMBIGUOUS: 400,
  CML_ERR_LINK_UNKNOWN: 404,
  CML_ERR_PAYLOAD_TOO_LARGE: 413,
  CML_ERR_REQUEST_TIMEOUT: 504,
}

/** The API refuses a request. */
export class RequestRefused extends CommloopError {
  readonly status: ErrorStatus

  constructor(status: ErrorStatus, message: string) {
    super('CML_ERR_CONTROL_REFUSED', message)
    this.status = status
  }
}

/** The response of the control API to an error. */
export function jsonRefusal(call: Call, error: CommloopError): Response {
  const { code, message } = error
  const status = statusOf(error)
  return jsonAnswer(call, { error: { code, message } }, status, challengeFor(status))
}

/** The response of a listener that serves only metrics. */
export function textRefusal(call: Call, error: CommloopError): Response {
  const status = statusOf(error)
  const headers = { 'Content-Type': 'text/plain; charset=utf-8', ...challengeFor(status) }
  return call.body(`${visibleOutput(error.message)}\n`, status, headers)
}

/** Tells the client which kind of credentials a 401 asks for (RFC 9110, section 11.6.1). */
function challengeFor(status: ErrorStatus): Record<string, string> {
  return status === 401 ? { 'WWW-Authenticate': 'Bearer realm="commloop"' } : {}
}

function statusOf(error: CommloopError): ErrorStatus {
  if (error instanceof RequestRefused) return error.status
  return STATUSES[error.code] ?? 409
}

/** The response to an error that no handler expected. The node has logged the error. */
export function unexpected(error: Error): RequestRefused {
  return new RequestRefused(500, `unexpected: ${messageText(error)}`)
}
