import { CommloopError } from '../contracts/errors.js'
import { foreignText, jsonText } from '../text/safe-text.js'
import { type Duration, durationMs } from '../units/duration.js'
import type { RequestKey, RequestKeyReader } from './request-options.js'

const TIMEOUT_MS_DEFAULT = 10_000

/** @throws CommloopError CML_ERR_INPUT_INVALID */
export function timeoutMsOf(timeout: Duration | undefined): number {
  if (timeout === undefined) return TIMEOUT_MS_DEFAULT
  const isDuration = typeof timeout === 'number' || typeof timeout === 'string'
  const ms = isDuration ? durationMs(timeout) : undefined
  if (ms !== undefined && ms > 0) return ms
  const text = `timeout: expected a duration above 0 such as "10s", found ${jsonText(timeout)}`
  throw new CommloopError('CML_ERR_INPUT_INVALID', text)
}

/**
 * The key of a request; undefined: the caller gave no key function.
 * @throws CommloopError CML_ERR_PAYLOAD_INVALID if this is not a payload; CML_ERR_INPUT_INVALID if it has no key
 */
export function keyOfRequest(
  payload: Uint8Array,
  keyOf: RequestKeyReader | undefined,
): RequestKey | undefined {
  if (!(payload instanceof Uint8Array))
    throw new CommloopError('CML_ERR_PAYLOAD_INVALID', 'a payload is a Uint8Array')
  if (keyOf === undefined) return undefined
  let key: unknown
  try {
    key = keyOf(payload)
  } catch (error) {
    throw withoutKey(`the function threw for the request: ${foreignText(error)}`, error)
  }
  if (typeof key === 'string' || typeof key === 'number') return key
  throw withoutKey(
    `the function returned ${jsonText(key)} for the request, expected a string or a number: no answer could match`,
  )
}

function withoutKey(text: string, cause?: unknown): CommloopError {
  return new CommloopError('CML_ERR_INPUT_INVALID', `key: ${text}`, { cause })
}
