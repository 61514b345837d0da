import { isUtf8 } from 'node:buffer'
import {
  jsonText,
  durationMs,
  messageText,
  nearest,
  type RouteTarget,
  type SendOptions,
} from '@commloop/core'

/** A message to send. */
export interface SendRequest {
  readonly payload: Uint8Array
  readonly options: SendOptions
  /** False: the sender does not wait for room, so a full target refuses the message. */
  readonly wait: boolean
}

/** Why a line is invalid, and its `id` if that is valid. */
export interface LineProblem {
  readonly problem: string
  readonly id: string | undefined
}

export type Fields = Readonly<Record<string, unknown>>

const PAYLOAD_KEYS = ['payload', 'base64', 'hex'] as const
const KEYS: readonly string[] = [...PAYLOAD_KEYS, 'to', 'id', 'ttl', 'wait']

const SPACE_ONLY = /^\s*$/

/**
 * Reads one line: `{"payload":"text"}`, `{"base64":"…"}` or `{"hex":"…"}`, with `to`, `id`, `ttl` and `wait`. The reader is strict
 * and never guesses what a field means, because a guessed payload is a wrong payload.
 *
 * @returns undefined for a blank line
 */
export function readSendLine(bytes: Uint8Array): SendRequest | LineProblem | undefined {
  const fields = readLineFields(bytes)
  return fields === undefined || fields instanceof LineMistake ? fields : readSendFields(fields)
}

/** The object that a line contains. @returns undefined for a blank line */
export function readLineFields(bytes: Uint8Array): Fields | LineMistake | undefined {
  // JSON never contains this byte, and UTF-16 text is full of it.
  if (bytes.includes(0)) return new LineMistake('contains the byte 0: is it UTF-16? Expected UTF-8')
  if (!isUtf8(bytes)) return new LineMistake('not valid UTF-8')
  const text = DECODER.decode(bytes)
  if (SPACE_ONLY.test(text)) return undefined
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return new LineMistake(`not valid JSON: ${messageText(error)}`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return new LineMistake(`expected an object, found ${jsonText(value)}`)
  }
  return value as Fields
}

/** A class, so that it differs from the fields of any line. */
export class LineMistake implements LineProblem {
  readonly problem: string
  readonly id = undefined
  constructor(problem: string) {
    this.problem = problem
  }
}

// Removes a byte order mark, which some shells put in front of piped input.
const DECODER = new TextDecoder()

/** As `readSendLine`, for an object that is already parsed. */
export function readSendFields(fields: Fields): SendRequest | LineProblem {
  const { id } = fields
  if (id !== undefined && typeof id !== 'string') return wrongId(id)
  const unknown = unknownKey(fields, KEYS)
  if (unknown !== undefined) return problem(unknown, id)
  const payload = readPayload(fields)
  if (typeof payload === 'string') return problem(payload, id)
  const to = readTo(fields.to)
  if (to instanceof Mistake) return problem(to.text, id)
  const ttlMs = readTtl(fields.ttl)
  if (ttlMs instanceof Mistake) return problem(ttlMs.text, id)
  const { wait = true } = fields
  if (typeof wait !== 'boolean') {
    return problem(`wait: expected true or false, found ${jsonText(wait)}`, id)
  }
  return {
    payload,
    wait,
    options: {
      ...(to === undefined ? {} : { to }),
      ...(id === undefined ? {} : { id }),
      ...(ttlMs === undefined ? {} : { ttlMs }),
    },
  }
}

export function wrongId(id: unknown): LineProblem {
  return problem(`id: expected a string, found ${jsonText(id)}`, undefined)
}

/** What is wrong with the keys; undefined: all of them are known. */
export function unknownKey(fields: Fields, known: readonly string[]): string | undefined {
  const unknown = Object.keys(fields).find((key) => !known.includes(key))
  return unknown === undefined ? undefined : unknownText(unknown, known)
}

/** A class, so that it differs from every value that a field may have. */
class Mistake {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

export function problem(text: string, id: string | undefined): LineProblem {
  return { problem: text, id }
}

function unknownText(key: string, known: readonly string[]): string {
  const meant = nearest(key, known)
  const guess = meant === undefined ? '' : `. Did you mean ${JSON.stringify(meant)}?`
  return `${jsonText(key)}: unknown key${guess}`
}

// ── payload ─────────────────────────────────────────────────────────────────────────────────────────────────

/** The payload's bytes, or a text that says what is wrong. */
export function readPayload(fields: Fields): Uint8Array | string {
  const given = PAYLOAD_KEYS.filter((key) => key in fields)
  const [key] = given
  if (key === undefined || given.length > 1) {
    const what = given.length === 0 ? 'none' : given.join(' and ')
    return `expected exactly one of payload, base64 and hex, found ${what}`
  }
  const text = fields[key]
  if (typeof text !== 'string') return `${key}: expected a string, found ${jsonText(text)}`
  if (key === 'payload') return readText(text)
  return key === 'base64' ? readBase64(text) : readHex(text)
}

export function readText(text: string): Uint8Array | string {
  const bytes = Buffer.from(text, 'utf8')
  // A lone surrogate becomes U+FFFD in UTF-8, so the payload would differ from the text.
  if (bytes.includes('\ufffd') && /\p{Surrogate}/u.test(text)) {
    return 'payload: has half a character (a lone surrogate), which UTF-8 cannot carry; use base64'
  }
  return bytes
}

function readBase64(text: string): Uint8Array | string {
  const bytes = Buffer.from(text, 'base64')
  // Node ignores invalid characters. If the bytes encode to the same text, it has ignored none.
  if (bytes.toString('base64') === text) return bytes
  return 'base64: expected A–Z, a–z, 0–9, + and /, padded with = to a multiple of 4 (RFC 4648, section 4)'
}

function readHex(text: string): Uint8Array | string {
  const bytes = Buffer.from(text, 'hex')
  if (bytes.length * 2 === text.length) return bytes
  return 'hex: expected two digits from 0–9 and a–f for each byte'
}

// ── to, ttl ─────────────────────────────────────────────────────────────────────────────────────────────────

type Targets = RouteTarget | readonly RouteTarget[]

function readTo(to: unknown): Targets | undefined | Mistake {
  if (to === undefined) return undefined
  if (!Array.isArray(to)) return isTarget(to) ? to : toMistake(to)
  if (to.length === 0) return new Mistake('to: expected at least one link, found an empty array')
  const targets: readonly unknown[] = to
  const wrong = targets.find((target) => !isTarget(target))
  return wrong === undefined ? (targets as readonly RouteTarget[]) : toMistake(wrong)
}

function toMistake(value: unknown): Mistake {
  return new Mistake(
    `to: expected a link's id, its position in the table, { "link", "epoch" } or an array of them, found ${jsonText(value)}`,
  )
}

export function isTarget(value: unknown): value is RouteTarget {
  if (isLink(value)) return true
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const { link, epoch, ...rest } = value as Fields
  return isLink(link) && isCount(epoch) && Object.keys(rest).length === 0
}

export function isLink(value: unknown): value is string | number {
  return typeof value === 'string' || isCount(value)
}

function isCount(value: unknown): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function readTtl(ttl: unknown): number | undefined | Mistake {
  if (ttl === undefined) return undefined
  const ms = typeof ttl === 'string' || typeof ttl === 'number' ? durationMs(ttl) : undefined
  return (
    ms ?? new Mistake(`ttl: expected a duration such as "500ms" or "30s", found ${jsonText(ttl)}`)
  )
}
