import { visibleJson } from '@commloop/core'
import type { Call } from './control-app.js'
import type { ErrorStatus } from './request-refused.js'

/** A response with JSON that is safe for a terminal, on which a user may read the answer of `curl`. */
export function jsonAnswer(
  call: Call,
  value: object,
  status: 200 | ErrorStatus = 200,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const all = { 'Content-Type': 'application/json', ...headers }
  return call.body(visibleJson(value), status, all)
}
