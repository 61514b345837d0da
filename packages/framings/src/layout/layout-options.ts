import { describeValue, type PluginOptionReader, type PluginOptions } from '@commloop/core'
import { counted, fieldForm } from './field-form.js'
import { isStamped, Layout } from './layout.js'
import { FIELD_TYPES, type FieldType, type LayoutField } from './layout-field.js'
import { STAMP_ZONES, type StampOptions, type StampZone } from './stamp.js'

/** The options of a codec that concern only its layout: the codec itself does not get them. */
export const LAYOUT_OPTIONS = ['fields', 'stamp'] as const

const FIELD_KEYS = ['name', 'bytes', 'type', 'value'] as const
const STAMP_KEYS = ['first', 'last', 'zone'] as const
const NAME = /^[a-z][a-z0-9_-]*$/i
const NAME_LENGTH_MAX = 32
/** What follows the header. */
const BODY = 'body'
/** More fields than that are not a header that people have written. */
const FIELDS_MAX = 256

/**
 * The layout of a codec with these options.
 *
 * `fields` is a map of constants, `{ sender: L2 }`, or a list of fields with sizes, which cuts the header in another way:
 * `[{ name: length, bytes: 4 }, { name: id, bytes: 6 }, …]`. `stamp` says how messages are numbered.
 *
 * @param preset the fields that the codec has without options; a list takes types and meanings from it, by name
 * @param reader rejects what is wrong: the caller throws it
 */
export function layoutWith(
  preset: readonly LayoutField[],
  { fields, stamp }: PluginOptions,
  reader: PluginOptionReader,
): Layout {
  let cut: readonly LayoutField[] = preset
  if (Array.isArray(fields)) cut = cutOf(fields, preset, reader)
  else if (isMap(fields)) cut = withConstants(preset, fields, reader)
  else if (fields !== undefined) {
    reader.reject('fields', 'a map of values, or a list of fields with their sizes', fields)
  }
  return new Layout(cut, {}, stampOf(stamp, cut, reader))
}

// ── constants ───────────────────────────────────────────────────────────────────────────────────────────────

function withConstants(
  preset: readonly LayoutField[],
  values: Readonly<Record<string, unknown>>,
  reader: PluginOptionReader,
): readonly LayoutField[] {
  const names = preset.map(({ name }) => name)
  const inside = reader.inside('fields', values, names)
  return preset.map((field) => {
    const value = values[field.name]
    return value === undefined ? field : withConstant(field, value, field.name, inside)
  })
}

/** @param option where the value is written */
function withConstant(
  field: LayoutField,
  value: unknown,
  option: string,
  reader: PluginOptionReader,
): LayoutField {
  if (field.type === 'length') {
    reader.rejectText(option, 'the codec writes the length of each message: remove the value')
  } else if (isStamped(field)) {
    reader.rejectText(option, 'it differs in each message: remove the value')
  } else {
    const form = fieldForm(field.type)
    const bytes = form.bytesOf(value, field)
    const standard = bytes === undefined ? undefined : form.valueOf(bytes, field)
    if (standard !== undefined) return { ...field, standard }
    reader.reject(option, form.expected(field), value)
  }
  return field
}

// ── another cut ─────────────────────────────────────────────────────────────────────────────────────────────

function cutOf(
  written: readonly unknown[],
  preset: readonly LayoutField[],
  reader: PluginOptionReader,
): readonly LayoutField[] {
  if (written.length > FIELDS_MAX) {
    reader.reject('fields', `at most ${String(FIELDS_MAX)} fields`, written.length)
    return preset
  }
  const fields = written.map((item, at) => fieldOf(item, at, preset, reader))
  const complete = fields.filter((field) => field !== undefined)
  if (complete.length < fields.length) return preset
  const repeated = complete.findIndex(({ name }, at) => {
    return complete.findIndex((field) => field.name === name) < at
  })
  if (repeated >= 0) {
    const text = `the list has ${describeValue(complete[repeated]?.name)} twice: give each field a name of its own`
    reader.rejectText(`fields.${String(repeated)}.name`, text)
  }
  checkLength(complete, preset, reader)
  const [bytes, expected] = [complete, preset].map((all) =>
    all.reduce((sum, field) => sum + field.bytes, 0),
  )
  if (bytes === expected) return complete
  const text = `the sizes must add up to the header of ${counted(expected ?? 0, 'byte')}, found ${counted(bytes ?? 0, 'byte')}`
  reader.rejectText('fields', text)
  return preset
}

/** The codec writes the length into its place, whatever the fields are. */
function checkLength(
  fields: readonly LayoutField[],
  preset: readonly LayoutField[],
  reader: PluginOptionReader,
): void {
  const isLength = ({ type }: LayoutField): boolean => type === 'length'
  const at = preset.findIndex(isLength)
  const expected = preset[at]
  if (expected === undefined) return
  const found = fields.filter(isLength)
  const own = fields[at]
  if (own !== undefined && isLength(own) && own.bytes === expected.bytes && found.length === 1)
    return
  const text = `the codec writes the length into the first ${counted(expected.bytes, 'byte')}: begin with { name: length, bytes: ${String(expected.bytes)} }, and let no other field have this type`
  reader.rejectText('fields', text)
}

function fieldOf(
  item: unknown,
  at: number,
  preset: readonly LayoutField[],
  reader: PluginOptionReader,
): LayoutField | undefined {
  const option = `fields.${String(at)}`
  if (!isMap(item)) {
    reader.reject(option, '{ name, bytes, type, value }', item)
    return undefined
  }
  const inside = reader.inside(option, item, FIELD_KEYS)
  const name = required(inside, reader, option, item, 'name', NAME_EXPECTED, usableName)
  const known = preset.find((field) => field.name === name)
  const type = inside.read(
    'type',
    known?.type ?? typeNamed(name),
    `one of ${FIELD_TYPES.join(', ')}`,
    (value) => FIELD_TYPES.find((each) => each === value),
  )
  const { bytesMin, bytesMax } = fieldForm(type)
  const sizes =
    bytesMin === bytesMax
      ? `${String(bytesMin)}, the size of the type ${type}`
      : `a whole number from ${String(bytesMin)} to ${String(bytesMax)}`
  const bytes = required(inside, reader, option, item, 'bytes', sizes, (value) =>
    Number.isInteger(value) && Number(value) >= bytesMin && Number(value) <= bytesMax
      ? Number(value)
      : undefined,
  )
  if (name === undefined || bytes === undefined) return undefined
  const field = {
    ...described(known, name),
    ...(known?.type === type ? known : {}),
    name,
    bytes,
    type,
  }
  return item['value'] === undefined ? field : withConstant(field, item['value'], 'value', inside)
}

const NAME_EXPECTED = `a name of up to ${String(NAME_LENGTH_MAX)} letters, digits, - and _ that begins with a letter, and is not "body"`

function usableName(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > NAME_LENGTH_MAX) return undefined
  return NAME.test(value) && value !== BODY ? value : undefined
}

/** A field that has the name of a type usually is of that type: `datetime`. */
function typeNamed(name: string | undefined): FieldType {
  return FIELD_TYPES.find((type) => type === name) ?? 'text'
}

function described(
  known: LayoutField | undefined,
  name: string,
): Pick<LayoutField, 'text' | 'textZh'> {
  return { text: known?.text ?? name, textZh: known?.textZh ?? name }
}

function required<Value>(
  inside: PluginOptionReader,
  reader: PluginOptionReader,
  option: string,
  item: Readonly<Record<string, unknown>>,
  key: string,
  expected: string,
  usable: (value: unknown) => Value | undefined,
): Value | undefined {
  if (item[key] !== undefined)
    return inside.read<Value | undefined>(key, undefined, expected, usable)
  reader.rejectText(option, `"${key}" is missing: expected ${expected}`)
  return undefined
}

// ── stamp ───────────────────────────────────────────────────────────────────────────────────────────────────

function stampOf(
  stamp: unknown,
  fields: readonly LayoutField[],
  reader: PluginOptionReader,
): StampOptions {
  if (stamp === undefined) return {}
  if (!isMap(stamp)) {
    reader.reject('stamp', '{ first, last, zone }', stamp)
    return {}
  }
  const inside = reader.inside('stamp', stamp, STAMP_KEYS)
  const digits = fields.find(({ type }) => type === 'sequence')?.bytes
  for (const key of ['first', 'last']) {
    if (digits !== undefined || stamp[key] === undefined) continue
    inside.rejectText(key, 'this header does not have a field of the type sequence: remove it')
  }
  const most = 10 ** (digits ?? 1) - 1
  const number = (least: number) => (value: unknown) =>
    Number.isInteger(value) && Number(value) >= least && Number(value) <= most
      ? Number(value)
      : undefined
  const first = inside.read('first', 1, `a whole number from 0 to ${String(most)}`, number(0))
  const least = first + 1
  const lastText = `a whole number from ${String(least)}, above "first", to ${String(most)}`
  const last = inside.read('last', most, lastText, number(least))
  const zone = inside.read<StampZone>('zone', 'local', STAMP_ZONES.join(' or '), (value) =>
    STAMP_ZONES.find((each) => each === value),
  )
  return { zone, ...(digits === undefined ? {} : { first, last }) }
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
