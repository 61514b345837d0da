import { durationMs, jsonText, type RequestOptions } from '@commloop/core'
import {
  type Fields,
  isTarget,
  LineMistake,
  type LineProblem,
  problem,
  readLineFields,
  readPayload,
  readSendFields,
  readText,
  type SendRequest,
  unknownKey,
  wrongId,
} from './send-json.js'

/** A message to send whose answer is awaited. */
export interface AskRequest {
  readonly question: Uint8Array
  readonly to: RequestOptions['to']
  /** undefined: the default of the node. */
  readonly timeoutMs: number | undefined
  readonly id: string | undefined
}

const KEYS: readonly string[] = ['request', 'to', 'id', 'timeout']
const BYTE_KEYS: readonly string[] = ['payload', 'base64', 'hex']

/**
 * Reads one line of input: a request if it has the key `request`, else a message (`readSendLine`).
 *
 * @returns undefined for a blank line
 */
export function readInputLine(
  bytes: Uint8Array,
): SendRequest | AskRequest | LineProblem | undefined {
  const fields = readLineFields(bytes)
  if (fields === undefined || fields instanceof LineMistake) return fields
  return 'request' in fields ? readRequestFields(fields) : readSendFields(fields)
}

/**
 * Reads `{"request":"text","to":"press"}`, with `id` and `timeout`. `request` may also be `{"base64":"…"}` or
 * `{"hex":"…"}`.
 */
export function readRequestFields(fields: Fields): AskRequest | LineProblem {
  const { id, to, timeout } = fields
  if (id !== undefined && typeof id !== 'string') return wrongId(id)
  const unknown = unknownKey(fields, KEYS)
  if (unknown !== undefined) return problem(unknown, id)
  const question = readQuestion(fields.request)
  if (typeof question === 'string') return problem(`request: ${question}`, id)
  if (!isTarget(to) || (typeof to === 'string' && to.endsWith('/*'))) {
    const expected = `the id of one link, its position in the table, or { "link", "epoch" }`
    return problem(`to: expected ${expected}, found ${jsonText(to)}`, id)
  }
  const isDuration = typeof timeout === 'string' || typeof timeout === 'number'
  const timeoutMs = isDuration ? durationMs(timeout) : undefined
  if (timeout !== undefined && (timeoutMs === undefined || timeoutMs === 0)) {
    const expected = 'a duration above 0 such as "500ms" or "30s"'
    return problem(`timeout: expected ${expected}, found ${jsonText(timeout)}`, id)
  }
  return { question, to, timeoutMs, id }
}

/** The bytes, or what is wrong. */
function readQuestion(value: unknown): Uint8Array | string {
  if (typeof value === 'string') return readText(value)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return `expected a text, { "base64" } or { "hex" }, found ${jsonText(value)}`
  }
  const fields = value as Fields
  return unknownKey(fields, BYTE_KEYS) ?? readPayload(fields)
}
