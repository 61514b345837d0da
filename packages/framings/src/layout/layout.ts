import {
  CommloopError,
  describeValue,
  type FieldValue,
  type FieldValues,
  type MessageStamp,
  nearest,
  type PayloadLayout,
} from '@commloop/core'
import { counted, fieldForm } from './field-form.js'
import type { LayoutField } from './layout-field.js'
import { Stamp, type StampOptions } from './stamp.js'

/** What the fields of a layout are called, and of which type they are. */
type Values = Readonly<Record<string, FieldValue>>

interface PlacedField {
  readonly field: LayoutField
  /** The first byte, and the one behind the last. */
  readonly at: number
  readonly end: number
}

/**
 * The header with which the payloads of a codec with `keep: header` begin, as named fields:
 *
 *      ┌────────┬────┬──────┬─ … ─┬───────┬── … ──┐
 *      │ length │ id │ date │     │ spare │ body  │
 *      └────────┴────┴──────┴─ … ─┴───────┴── … ──┘
 *
 * A layout reads and writes payloads. It does not cut a stream into frames, and does not write the length: that is the
 * codec's part, which sees the whole frame.
 */
export class Layout<Fields extends Values = Values> implements PayloadLayout {
  readonly fields: readonly LayoutField[]
  readonly headerBytes: number
  readonly #placed: readonly PlacedField[]
  readonly #byName: ReadonlyMap<string, PlacedField>
  readonly #stampOptions: StampOptions

  /**
   * @param fields in the order of their bytes, without gaps
   * @param standard values for messages that do not give them, in addition to those of the fields
   */
  constructor(
    fields: readonly LayoutField[],
    standard: Partial<Fields> = {},
    stampOptions: StampOptions = {},
  ) {
    const values: Readonly<Record<string, FieldValue | undefined>> = standard
    this.fields = fields.map((field) => {
      const value = values[field.name]
      return value === undefined ? field : { ...field, standard: value }
    })
    let at = 0
    this.#placed = this.fields.map((field) => {
      const end = at + field.bytes
      const placed = { field, at, end }
      at = end
      return placed
    })
    this.headerBytes = at
    this.#byName = new Map(this.#placed.map((placed) => [placed.field.name, placed]))
    const digits = this.fields.find(({ type }) => type === 'sequence')?.bytes
    this.#stampOptions = {
      ...(digits === undefined ? {} : { last: 10 ** digits - 1 }),
      ...stampOptions,
    }
  }

  /**
   * Reads one field, without reading the others. For routers: make the function once, and call it for each message.
   *
   * @throws CommloopError CML_ERR_CONFIG_INVALID if the layout does not have the field. The function throws
   *   CML_ERR_PAYLOAD_INVALID if the payload does not contain a value of the field.
   */
  field<Name extends keyof Fields & string>(name: Name): (payload: Uint8Array) => Fields[Name] {
    const placed = this.#byName.get(name)
    if (placed === undefined) {
      throw new CommloopError('CML_ERR_CONFIG_INVALID', `field ${name}: ${this.#unknown(name)}`)
    }
    return (payload) => {
      this.#requireHeader(payload)
      const value = valueIn(payload, placed)
      if (value !== undefined) return value as Fields[Name]
      throw invalid([unreadable(payload, placed)])
    }
  }

  read(payload: Uint8Array): Fields & { readonly body: Uint8Array } {
    this.#requireHeader(payload)
    const problems: string[] = []
    const values = this.#placed.map((placed): [string, FieldValue | Uint8Array] => {
      const value = valueIn(payload, placed)
      if (value === undefined) problems.push(unreadable(payload, placed))
      return [placed.field.name, value ?? '']
    })
    if (problems.length > 0) throw invalid(problems)
    const body = payload.subarray(this.headerBytes)
    return Object.fromEntries([...values, ['body', body]]) as Fields & { readonly body: Uint8Array }
  }

  write(
    fields: Readonly<Record<string, unknown>>,
    body: Uint8Array,
    stamp: MessageStamp,
  ): Uint8Array {
    const payload = new Uint8Array(this.headerBytes + body.length)
    const problems = Object.keys(fields)
      .filter((name) => !this.#byName.has(name))
      .map((name) => `${describeValue(name)}: ${this.#unknown(name)}`)
    const stamped: PlacedField[] = []
    for (const placed of this.#placed) {
      const { field, at } = placed
      const given = Object.hasOwn(fields, field.name)
      if (!given && isStamped(field)) stamped.push(placed)
      else {
        const bytes = this.#bytesOf(placed, given ? fields[field.name] : field.standard, given)
        if (typeof bytes === 'string') problems.push(bytes)
        else payload.set(bytes, at)
      }
    }
    if (problems.length > 0) throw invalid(problems)
    // After all else: a message that is rejected does not use a number.
    writeStamp(payload, stamped, stamp)
    payload.set(body, this.headerBytes)
    return payload
  }

  createStamp(clock: () => number, before?: MessageStamp): Stamp {
    return new Stamp(clock, this.#stampOptions, before instanceof Stamp ? before : undefined)
  }

  /** The bytes of a value, or a text that says what is wrong with it. */
  #bytesOf(placed: PlacedField, value: unknown, given: boolean): Uint8Array | string {
    const { field } = placed
    if (field.type === 'length') {
      if (given) return `${placeText(placed)}: the codec writes it, so a message cannot give it`
      return new Uint8Array(field.bytes).fill(ZERO)
    }
    const expected = this.#expected(field)
    if (value === undefined) {
      const found = given ? 'undefined' : 'no value and no standard value'
      return `${placeText(placed)}: expected ${expected}, found ${found}`
    }
    const bytes = fieldForm(field.type).bytesOf(value, field)
    if (bytes !== undefined && this.#isCounted(field, bytes)) return bytes
    return `${placeText(placed)}: expected ${expected}, found ${describeValue(value)}`
  }

  #expected(field: LayoutField): string {
    const { first = 1, last } = this.#stampOptions
    if (field.type !== 'sequence') return fieldForm(field.type).expected(field)
    return `a whole number from ${String(first)} to ${String(last)}`
  }

  /** A sequence has limits of its own. */
  #isCounted(field: LayoutField, bytes: Uint8Array): boolean {
    if (field.type !== 'sequence') return true
    const { first = 1, last = 0 } = this.#stampOptions
    const number = Number(fieldForm('sequence').valueOf(bytes, field))
    return number >= first && number <= last
  }

  #unknown(name: string): string {
    const known = this.fields.map((field) => field.name)
    const guess = nearest(name, known)
    return guess === undefined
      ? `unknown field; there are ${known.join(', ')}`
      : `unknown field. Did you mean "${guess}"?`
  }

  #requireHeader(payload: Uint8Array): void {
    if (payload.length >= this.headerBytes) return
    const text = `the payload has ${counted(payload.length, 'byte')}, and its header has ${String(this.headerBytes)}`
    throw new CommloopError('CML_ERR_PAYLOAD_INVALID', text)
  }
}

const ZERO = 0x30

/** Fields that are different in each message. */
export function isStamped({ type }: LayoutField): boolean {
  return type === 'date' || type === 'time' || type === 'datetime' || type === 'sequence'
}

function writeStamp(
  payload: Uint8Array,
  stamped: readonly PlacedField[],
  stamp: MessageStamp,
): void {
  if (stamped.length === 0) return
  // Read once: date and time must belong together.
  const time = stamp.time()
  const isNumbered = stamped.some(({ field }) => field.type === 'sequence')
  const values: FieldValues = {
    date: time.slice(0, 8),
    time: time.slice(8),
    datetime: time,
    sequence: isNumbered ? stamp.next() : 0,
  }
  for (const { field, at } of stamped) {
    const bytes = fieldForm(field.type).bytesOf(values[field.type], field)
    if (bytes === undefined) {
      throw invalid([`${field.name}: the stamp supplied ${describeValue(values[field.type])}`])
    }
    payload.set(bytes, at)
  }
}

function valueIn(payload: Uint8Array, { field, at, end }: PlacedField): FieldValue | undefined {
  return fieldForm(field.type).valueOf(payload.subarray(at, end), field)
}

function unreadable(payload: Uint8Array, placed: PlacedField): string {
  const { field, at, end } = placed
  const found = bytesText(payload.subarray(at, end))
  // A received text may contain blanks.
  const isFree = field.type === 'text' && field.choices === undefined
  const expected = isFree ? 'printable ASCII characters' : fieldForm(field.type).expected(field)
  return `${placeText(placed)}: expected ${expected}, found ${found}`
}

/** `id (bytes 4 to 7)` */
function placeText({ field, at, end }: PlacedField): string {
  const bytes = end - at === 1 ? `byte ${String(at)}` : `bytes ${String(at)} to ${String(end - 1)}`
  return `${field.name} (${bytes})`
}

/** The most bytes of a field that a message shows. */
const SHOWN_BYTES_MAX = 32

function bytesText(bytes: Uint8Array): string {
  const shown = bytes.subarray(0, SHOWN_BYTES_MAX)
  const more = bytes.length > shown.length ? ' …' : ''
  if (shown.every((byte) => byte >= 0x20 && byte <= 0x7e)) {
    return `${JSON.stringify(String.fromCharCode(...shown))}${more}`
  }
  const pairs = Array.from(shown, (byte) => byte.toString(16).padStart(2, '0'))
  return `the bytes ${pairs.join(' ')}${more}`
}

function invalid(problems: readonly string[]): CommloopError {
  return new CommloopError('CML_ERR_PAYLOAD_INVALID', problems.join('; '))
}
