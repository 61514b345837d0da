import { visibleJson } from '@commloop/core'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { Call } from './control-app.js'

/** A response with JSON that is safe for a terminal, on which a user may read the answer of `curl`. */
export function jsonAnswer(
  call: Call,
  value: object,
  status: ContentfulStatusCode = 200,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const all = { 'Content-Type': 'application/json', ...headers }
  return call.body(visibleJson(value), status, all)
}
