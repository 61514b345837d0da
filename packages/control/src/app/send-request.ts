import { CommloopError, durationMs, jsonText, messageText } from '@commloop/core'
import { readSendFields, type SendRequest } from '../json/send-json.js'
import type { Call } from './control-app.js'
import { CONTROL_LIMITS } from './control-limits.js'
import { RequestRefused } from './request-refused.js'

const TIMEOUT_MS_DEFAULT = 5_000
/** JSON needs at most six bytes for one byte of the payload, if each is escaped. */
const JSON_FACTOR = 6
const OTHER_FIELDS_BYTES = 64 * 1024

/** A message, and how long its sender waits for the outcomes. */
export interface TimedSendRequest {
  readonly request: SendRequest
  readonly waitMs: number
}

/**
 * Reads the body of `POST /v1/send`.
 *
 * @throws RequestRefused 413 if the body is too long, 400 if the client disconnects before its end
 * @throws CommloopError CML_ERR_INPUT_INVALID
 */
export async function readSendRequest(
  call: Call,
  payloadBytesMax: number,
): Promise<TimedSendRequest> {
  return sendRequestOf(await bodyFields(call, payloadBytesMax))
}

/**
 * The object in the body of a request that contains one payload.
 *
 * @throws as `readSendRequest`
 */
export async function bodyFields(
  call: Call,
  payloadBytesMax: number,
): Promise<Readonly<Record<string, unknown>>> {
  const text = await bodyText(call, JSON_FACTOR * payloadBytesMax + OTHER_FIELDS_BYTES)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw invalid(`not valid JSON: ${messageText(error)}`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid('expected an object')
  return value as Record<string, unknown>
}

async function bodyText(call: Call, bytesMax: number): Promise<string> {
  const parts: Buffer[] = []
  let bytes = 0
  try {
    // The request must survive its reader, so that a client that sends too much can read why it is refused.
    const body = call.env.incoming.iterator({ destroyOnReturn: false })
    for await (const part of body as AsyncIterable<Buffer>) {
      bytes += part.byteLength
      if (bytes > bytesMax) break
      parts.push(part)
    }
  } catch (error) {
    throw new RequestRefused(
      400,
      `the request ended before its body was complete: ${messageText(error)}`,
    )
  }
  if (bytes <= bytesMax) return Buffer.concat(parts).toString('utf8')
  throw new RequestRefused(413, `the request is longer than ${String(bytesMax)} bytes`)
}

/** The keys are those of an input line of `run --stdio` except `id` and `wait`, and `timeout`. */
function sendRequestOf({
  timeout,
  ...fields
}: Readonly<Record<string, unknown>>): TimedSendRequest {
  if ('id' in fields) throw invalid('"id": not allowed, because the response reports the outcome')
  if ('wait' in fields) throw invalid('"wait": not allowed, because a request delays no other one')
  const request = readSendFields(fields)
  if ('problem' in request) throw invalid(request.problem)
  return { request, waitMs: timeoutMs(timeout, TIMEOUT_MS_DEFAULT) }
}

/** How long the node may wait for a client, in milliseconds. @throws CommloopError CML_ERR_INPUT_INVALID */
export function timeoutMs(timeout: unknown, defaultMs: number): number {
  if (timeout === undefined) return defaultMs
  const ms =
    typeof timeout === 'string' || typeof timeout === 'number' ? durationMs(timeout) : undefined
  if (ms !== undefined && ms > 0 && ms <= CONTROL_LIMITS.sendMs) return ms
  const most = String(CONTROL_LIMITS.sendMs / 1000)
  throw invalid(`timeout: expected a duration above 0, up to ${most}s, found ${jsonText(timeout)}`)
}

function invalid(message: string): CommloopError {
  return new CommloopError('CML_ERR_INPUT_INVALID', message)
}
