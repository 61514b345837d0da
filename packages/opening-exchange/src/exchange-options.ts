import { PluginOptionReader } from '@commloop/core'
import { Pattern, patternsText } from './pattern.js'
import {
  type Bytes,
  bytesOf,
  BYTES_KEYS,
  BYTES_WORDS,
  hexBytes,
  type WrittenBytes,
} from './written-bytes.js'

/** A payload that is expected. Without `mask` and `prefix`, a payload must be equal. */
export type WrittenPattern =
  | WrittenBytes
  | (Exclude<WrittenBytes, string | Uint8Array> & {
      /** Hexadecimal digits, as many bytes as the pattern: only the bits that are set are compared. */
      readonly mask?: string
      /** true: more bytes may follow. Default: true with a mask, else false. */
      readonly prefix?: boolean
    })

/** A payload by which the peer refuses, and the reason that the link then has. */
export type WrittenRefusal =
  WrittenPattern | (Exclude<WrittenPattern, string | Uint8Array> & { readonly reason?: string })

/** One step: sends a payload, or expects one. */
export type WrittenStep =
  | { readonly send: WrittenBytes; readonly name?: string }
  | {
      readonly expect: WrittenPattern | readonly WrittenPattern[]
      readonly refuse?: WrittenRefusal | readonly WrittenRefusal[]
      readonly name?: string
    }

/** What is answered at any time, also after the last step. Without `send`, the payload is only taken. */
export interface WrittenAnswer {
  readonly to: WrittenPattern
  readonly send?: WrittenBytes
}

export interface ExchangeOptions {
  readonly steps: readonly WrittenStep[]
  readonly answers?: readonly WrittenAnswer[]
}

export interface SendStep {
  readonly kind: 'send'
  readonly name: string | undefined
  readonly payload: Bytes
}

export interface ExpectStep {
  readonly kind: 'expect'
  readonly name: string | undefined
  /** One of these leads to the next step. */
  readonly patterns: readonly Pattern[]
  readonly refusals: readonly Refusal[]
}

export type Step = SendStep | ExpectStep

export interface Refusal {
  readonly pattern: Pattern
  readonly reason: string | undefined
}

export interface Answer {
  readonly pattern: Pattern
  readonly payload: Bytes | undefined
}

/** `ExchangeOptions`, validated. */
export interface ExchangeSettings {
  readonly steps: readonly Step[]
  readonly answers: readonly Answer[]
}

/** Steps of one exchange, answers of one exchange, and patterns of one step. */
const ITEMS_MAX = 100

const PATTERN_KEYS = [...BYTES_KEYS, 'mask', 'prefix']

/**
 * Validates options of any type, because they may come from a configuration file.
 * @throws CommloopError CML_ERR_CONFIG_INVALID with every wrong option, what was expected and what was found.
 */
export function exchangeSettings(options: Readonly<Record<string, unknown>>): ExchangeSettings {
  const reader = new PluginOptionReader('opening exchange', options, ['steps', 'answers'])
  const written = options['steps']
  if (!Array.isArray(written) || written.length === 0) {
    reader.reject(
      'steps',
      'a list of at least one step, each { send: … } or { expect: … }',
      written,
    )
  }
  const steps = itemsOf(reader, 'steps', written).flatMap((step, at) => {
    return readStep(reader, `steps.${String(at)}`, step) ?? []
  })
  const answers = itemsOf(reader, 'answers', options['answers']).flatMap((answer, at) => {
    return readAnswer(reader, `answers.${String(at)}`, answer) ?? []
  })
  rejectEchoes(reader, answers)
  reader.throwRejected()
  return { steps, answers }
}

function itemsOf(reader: PluginOptionReader, option: string, written: unknown): readonly unknown[] {
  if (written === undefined) return []
  if (!Array.isArray(written) || written.length > ITEMS_MAX) {
    if (option !== 'steps' || Array.isArray(written)) {
      reader.reject(option, `a list of at most ${String(ITEMS_MAX)}`, written)
    }
    return []
  }
  return written
}

function readStep(reader: PluginOptionReader, option: string, written: unknown): Step | undefined {
  const step = asMap(written)
  const kinds = ['send', 'expect'].filter((key) => step !== undefined && key in step)
  if (step === undefined || kinds.length !== 1) {
    reader.reject(option, '{ send: … } or { expect: … }', written)
    return undefined
  }
  const name = readText(reader, `${option}.name`, step['name'])
  if (kinds[0] === 'send') {
    rejectUnknown(reader, option, step, ['send', 'name'])
    const payload = readBytes(reader, `${option}.send`, step['send'])
    return payload === undefined ? undefined : { kind: 'send', name, payload }
  }
  rejectUnknown(reader, option, step, ['expect', 'refuse', 'name'])
  const patterns = listed(step['expect']).flatMap(([suffix, pattern]) => {
    return readPattern(reader, `${option}.expect${suffix}`, pattern, PATTERN_KEYS) ?? []
  })
  const refusals = listed(step['refuse']).flatMap(([suffix, refusal]) => {
    return readRefusal(reader, `${option}.refuse${suffix}`, refusal) ?? []
  })
  return { kind: 'expect', name, patterns, refusals }
}

/** One item or a list of them, each with the end of its path. */
function listed(written: unknown): [string, unknown][] {
  if (written === undefined) return []
  if (!Array.isArray(written)) return [['', written]]
  return written.slice(0, ITEMS_MAX).map((item: unknown, at) => [`.${String(at)}`, item])
}

function readRefusal(
  reader: PluginOptionReader,
  option: string,
  written: unknown,
): Refusal | undefined {
  const pattern = readPattern(reader, option, written, [...PATTERN_KEYS, 'reason'])
  const reason = readText(reader, `${option}.reason`, asMap(written)?.['reason'])
  return pattern === undefined ? undefined : { pattern, reason }
}

function readAnswer(
  reader: PluginOptionReader,
  option: string,
  written: unknown,
): Answer | undefined {
  const answer = asMap(written)
  if (answer === undefined || !('to' in answer)) {
    reader.reject(option, '{ to: … } or { to: …, send: … }', written)
    return undefined
  }
  rejectUnknown(reader, option, answer, ['to', 'send'])
  const pattern = readPattern(reader, `${option}.to`, answer['to'], PATTERN_KEYS)
  const send = answer['send']
  const payload = send === undefined ? undefined : readBytes(reader, `${option}.send`, send)
  return pattern === undefined ? undefined : { pattern, payload }
}

function readPattern(
  reader: PluginOptionReader,
  option: string,
  written: unknown,
  known: readonly string[],
): Pattern | undefined {
  const bytes = readBytes(reader, option, written)
  const { mask, prefix } = asMap(written) ?? {}
  const map = asMap(written)
  if (map !== undefined) rejectUnknown(reader, option, map, known)
  const maskBytes = typeof mask === 'string' ? hexBytes(mask) : undefined
  if (mask !== undefined && (bytes === undefined || maskBytes?.length !== bytes.bytes.length)) {
    const length = bytes === undefined ? '' : `, ${String(bytes.bytes.length)} bytes as the pattern`
    reader.reject(`${option}.mask`, `pairs of hexadecimal digits${length}`, mask)
  }
  if (prefix !== undefined && typeof prefix !== 'boolean') {
    reader.reject(`${option}.prefix`, 'true or false', prefix)
  }
  if (bytes === undefined) return undefined
  return new Pattern(bytes, maskBytes, typeof prefix === 'boolean' ? prefix : mask !== undefined)
}

function readBytes(
  reader: PluginOptionReader,
  option: string,
  written: unknown,
): Bytes | undefined {
  const bytes = bytesOf(written)
  if (bytes === undefined) reader.reject(option, BYTES_WORDS, written)
  return bytes
}

function readText(
  reader: PluginOptionReader,
  option: string,
  written: unknown,
): string | undefined {
  if (written === undefined || typeof written === 'string') return written
  reader.reject(option, 'a text', written)
  return undefined
}

function rejectUnknown(
  reader: PluginOptionReader,
  option: string,
  written: Readonly<Record<string, unknown>>,
  known: readonly string[],
): void {
  for (const key of Object.keys(written)) {
    if (known.includes(key)) continue
    reader.reject(`${option}.${key}`, `one of the keys ${known.join(', ')}`, key)
  }
}

/** Two nodes that answer a payload with a payload that is answered would never stop. */
function rejectEchoes(reader: PluginOptionReader, answers: readonly Answer[]): void {
  const answered = answers.filter(({ payload }) => payload !== undefined)
  for (const [at, { payload }] of answers.entries()) {
    const again = answered.filter(({ pattern }) => payload && pattern.matches(payload.bytes))
    if (again.length === 0) continue
    const expected = `something that is not answered itself (${patternsText(again.map(({ pattern }) => pattern))})`
    reader.reject(`answers.${String(at)}.send`, expected, 'this payload')
  }
}

function asMap(value: unknown): Readonly<Record<string, unknown>> | undefined {
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isMap && !(value instanceof Uint8Array)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined
}
