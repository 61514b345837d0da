import { describeValue, DURATION_MS_MAX } from '@commloop/core'
import { z } from 'zod'

/** The text about a key in the reference, in addition to its schema. */
export interface FieldNote {
  /** `duration`, `size`, `number` … in the words of a user. */
  readonly type: string
  /** The default, or what happens without the key. */
  readonly default: string
  /** The smallest and the largest value, or another requirement. */
  readonly limits: string
  /** What the key does, and the reason for its default. */
  readonly text: string
  readonly examples?: readonly unknown[]
  /** true: the value is a secret, and its key is in `SECRET_KEYS`. No message shows it. */
  readonly secret?: boolean
}

export type FieldText = Omit<FieldNote, 'type' | 'limits'> & { readonly limits?: string }

/** The notes of all keys, by schema. The JSON schema contains their text and default; the page contains all of them. */
export const fieldNotes = z.registry<FieldNote>()

/** Adds a note to a schema, and makes the key optional. */
export function field<Schema extends z.ZodType>(
  schema: Schema,
  note: FieldNote,
): z.ZodOptional<Schema> {
  return requiredField(schema, note).optional()
}

export function requiredField<Schema extends z.ZodType>(schema: Schema, note: FieldNote): Schema {
  const { text, examples } = note
  const described = schema.meta({
    description: `${text} Default: ${note.default}.`,
    ...(examples === undefined ? {} : { examples: [...examples] }),
  })
  fieldNotes.add(described, note)
  return described
}

/** The message of a schema: what it expected and what it found. */
export function expecting(what: string): { error: (issue: { input?: unknown }) => string } {
  return { error: ({ input }) => `expected ${what}, found ${describeValue(input)}` }
}

/** The message of a schema for a secret: without what it found. */
export function expectingSecret(what: string): { error: string } {
  return { error: `expected ${what}` }
}

const DURATION_PATTERN = /^\d+(\.\d+)?\s*(ms|s|m|h)?$/
const SIZE_PATTERN = /^\d+(\.\d+)?\s*(B|KiB|MiB|GiB)?$/

const DURATION_WORDS = 'a duration such as 250ms, 30s or 5m'
const SIZE_WORDS = 'a size such as 64KiB or 16MiB'

/**
 * A number, or a text with a unit. Only the form of a text is checked here: core reads its value, and reports what is out
 * of range in the same words.
 */
type UnitSchemas = readonly [z.ZodNumber, z.ZodString]

export function durationSchemas(words: string): UnitSchemas {
  const message = expecting(words)
  return [
    z.number(message).min(0, message).max(DURATION_MS_MAX, message),
    z.string(message).regex(DURATION_PATTERN, message),
  ]
}

/** A number without a unit is bytes. */
export function sizeSchemas(words = SIZE_WORDS): UnitSchemas {
  const message = expecting(words)
  return [
    z.number(message).int(message).min(1, message),
    z.string(message).regex(SIZE_PATTERN, message),
  ]
}

export function duration(note: FieldText): z.ZodOptional<z.ZodUnion<UnitSchemas>> {
  const schema = z.union(durationSchemas(DURATION_WORDS), expecting(DURATION_WORDS))
  return field(schema, { type: 'duration', limits: '0 to 24.8 days', ...note })
}

/** A duration that is required and must be more than 0. */
export function requiredDuration(note: FieldText): z.ZodUnion<UnitSchemas> {
  const words = `${DURATION_WORDS}, and more than 0`
  const [number, text] = durationSchemas(words)
  const schema = z.union([number.gt(0, expecting(words)), text], expecting(words))
  return requiredField(schema, { type: 'duration', limits: 'above 0, up to 24.8 days', ...note })
}

/** A duration, or one of these words. */
export function durationOr(
  words: readonly [string, ...string[]],
  note: FieldText,
): z.ZodOptional<z.ZodType<number | string>> {
  const expected = `${DURATION_WORDS}, or ${words.map((word) => `"${word}"`).join(' or ')}`
  const schema = z.union([z.enum(words), ...durationSchemas(expected)], expecting(expected))
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

/** The largest number of a counter. */
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
  const message = note.secret === true ? expectingSecret(words) : expecting(words)
  return field(z.string(message).min(1, message), { type: 'text', limits: 'not empty', ...note })
}

/** A text, or a list of such texts. */
export function textOrList(words: string, note: FieldText) {
  const message = expecting(words)
  const one = z.string(message).min(1, message)
  const list = z.array(one, message).min(1, message)
  const schema = z.union([one, list], expecting(`${words}, or a list of them`))
  return field(schema, { type: 'text, or a list', limits: 'not empty', ...note })
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
