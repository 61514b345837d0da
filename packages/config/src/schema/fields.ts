import { durationMs, sizeBytes } from '@commloop/core'
import { z } from 'zod'

/** What the reference says about a key, beside what its schema says. */
export interface FieldNote {
  /** `duration`, `size`, `number` … as a user would say it. */
  readonly type: string
  /** What happens when the key is left out. */
  readonly standard: string
  /** Smallest and largest, or what else is asked. */
  readonly limits: string
  /** What it is for, and why the default is what it is. */
  readonly text: string
  readonly examples?: readonly unknown[]
}

export type FieldText = Omit<FieldNote, 'type' | 'limits'> & { readonly limits?: string }

/** Notes of all keys, by schema. The JSON schema carries the text; the page has everything. */
export const fieldNotes = z.registry<FieldNote>()

/** Gives a schema its note, and makes the key optional. */
export function field<Schema extends z.ZodType>(
  schema: Schema,
  note: FieldNote,
): z.ZodOptional<Schema> {
  return requiredField(schema, note).optional()
}

export function requiredField<Schema extends z.ZodType>(schema: Schema, note: FieldNote): Schema {
  const { text, standard, examples } = note
  const described = schema.meta({
    description: `${text} Left out: ${standard}.`,
    ...(examples === undefined ? {} : { examples: [...examples] }),
  })
  fieldNotes.add(described, note)
  return described
}

/** A value as a user would recognise it. */
export function foundText(value: unknown): string {
  if (value === undefined || value === null) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a map'
  const text = JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 57)}…"` : text
}

/** The message of a schema: what was expected and what was found. */
export function expecting(what: string): { error: (issue: { input?: unknown }) => string } {
  return { error: ({ input }) => `expected ${what}, found ${foundText(input)}` }
}

const DURATION_PATTERN = /^\d+(\.\d+)?\s*(ms|s|m|h)?$/
const SIZE_PATTERN = /^\d+(\.\d+)?\s*(B|KiB|MiB|GiB)?$/

const DURATION_WORDS = 'a duration such as 250ms, 30s or 5m'
const SIZE_WORDS = 'a size such as 64KiB or 16MiB'

type UnitSchemas = readonly [z.ZodNumber, z.ZodString]

function durationSchemas(words: string, isAllowed: (ms: number) => boolean): UnitSchemas {
  const message = expecting(words)
  const allows = (value: number | string): boolean => {
    const ms = durationMs(value)
    return ms !== undefined && isAllowed(ms)
  }
  return [
    z.number(message).refine(allows, message),
    z.string(message).regex(DURATION_PATTERN, message).refine(allows, message),
  ]
}

/** A bare number is bytes. */
export function sizeSchemas(words = SIZE_WORDS): UnitSchemas {
  const message = expecting(words)
  const allows = (value: number | string): boolean => (sizeBytes(value) ?? 0) > 0
  return [
    z.number(message).refine(allows, message),
    z.string(message).regex(SIZE_PATTERN, message).refine(allows, message),
  ]
}

export function duration(note: FieldText): z.ZodOptional<z.ZodUnion<UnitSchemas>> {
  const schema = z.union(
    durationSchemas(DURATION_WORDS, () => true),
    expecting(DURATION_WORDS),
  )
  return field(schema, { type: 'duration', limits: '0 to 24.8 days', ...note })
}

/** A duration that must be given, and be more than nothing. */
export function requiredDuration(note: FieldText): z.ZodUnion<UnitSchemas> {
  const words = `${DURATION_WORDS}, and more than 0`
  const schema = z.union(
    durationSchemas(words, (ms) => ms > 0),
    expecting(words),
  )
  return requiredField(schema, { type: 'duration', limits: 'above 0, up to 24.8 days', ...note })
}

/** A duration, or one of some words. */
export function durationOr(
  words: readonly [string, ...string[]],
  note: FieldText,
): z.ZodOptional<z.ZodType<number | string>> {
  const expected = `${DURATION_WORDS}, or ${words.map((word) => `"${word}"`).join(' or ')}`
  const schema = z.union(
    [z.enum(words), ...durationSchemas(expected, () => true)],
    expecting(expected),
  )
  return field(schema, {
    type: `duration, or ${words.map((word) => `\`${word}\``).join(' or ')}`,
    limits: '0 to 24.8 days',
    ...note,
  })
}

export function size(note: FieldText): z.ZodOptional<z.ZodUnion<UnitSchemas>> {
  const schema = z.union(sizeSchemas(), expecting(SIZE_WORDS))
  return field(schema, { type: 'size', limits: 'at least 1 byte', ...note })
}

/** What a counter can count to. */
export const COUNT_MAX = 2 ** 31 - 1

export function count(
  range: { readonly min: number; readonly max: number },
  note: FieldText,
): z.ZodOptional<z.ZodNumber> {
  return field(wholeNumber(range), {
    type: 'number',
    limits: `${String(range.min)} to ${range.max === COUNT_MAX ? '2³¹−1' : String(range.max)}`,
    ...note,
  })
}

export function wholeNumber(
  range: { readonly min: number; readonly max: number },
  words = `${String(range.min)}–${String(range.max)}`,
): z.ZodNumber {
  const message = expecting(words)
  return z.number(message).int(message).min(range.min, message).max(range.max, message)
}

export function text(words: string, note: FieldText): z.ZodOptional<z.ZodString> {
  const message = expecting(words)
  return field(z.string(message).min(1, message), { type: 'text', limits: 'not empty', ...note })
}

export function flag(note: FieldText): z.ZodOptional<z.ZodBoolean> {
  return field(z.boolean(expecting('true or false')), {
    type: 'boolean',
    limits: '`true`, `false`',
    ...note,
  })
}

export function choice<const Words extends readonly [string, ...string[]]>(
  words: Words,
  note: FieldText,
): z.ZodOptional<z.ZodEnum<{ [Word in Words[number]]: Word }>> {
  return field(oneOf(words), {
    type: 'word',
    limits: words.map((word) => `\`${word}\``).join(', '),
    ...note,
  })
}

export function oneOf<const Words extends readonly [string, ...string[]]>(
  words: Words,
): z.ZodEnum<{ [Word in Words[number]]: Word }> {
  const quoted = words.map((word) => `"${word}"`)
  return z.enum(words, expecting(quoted.join(' or ')))
}
