import type { FieldValue } from '@commloop/core'
import type { FieldType, LayoutField } from './layout-field.js'

/** How the values of one type of field stand in a header. */
export interface FieldForm {
  /** The smallest and the largest size of a field, in bytes. */
  readonly bytesMin: number
  readonly bytesMax: number
  /** What a value to be written is, for messages: `4 digits`. */
  expected(field: LayoutField): string
  /** The bytes of a value that may have any type; undefined: it is not one of this field. */
  bytesOf(value: unknown, field: LayoutField): Uint8Array | undefined
  /** The value of bytes that may have come from a peer; undefined: it is not one. */
  valueOf(bytes: Uint8Array, field: LayoutField): FieldValue | undefined
}

/** The largest size of a header, and so of a field. */
export const HEADER_BYTES_MAX = 1024
/** Decimal numbers of this size, and binary numbers of 6 bytes, are exact in JavaScript. */
const DIGITS_MAX = 15
const UINT_BYTES_MAX = 6

const PRINTABLE = /^[\x20-\x7e]*$/
const DIGITS = /^\d+$/

const text: FieldForm = {
  bytesMin: 1,
  bytesMax: HEADER_BYTES_MAX,
  expected: ({ bytes, blanks, choices }) => {
    if (choices !== undefined) return `one of ${choices.join(', ')}`
    const characters = counted(bytes, 'printable ASCII character')
    return blanks === false ? `${characters} without blanks` : `up to ${characters}`
  },
  bytesOf: (value, { bytes, blanks, choices }) => {
    if (typeof value !== 'string' || value.length > bytes || !PRINTABLE.test(value))
      return undefined
    if (choices?.includes(value) === false) return undefined
    if (blanks === false && (value.length < bytes || value.includes(' '))) return undefined
    return asciiBytes(value.padEnd(bytes))
  },
  valueOf: (bytes, { choices }) => {
    const found = asciiText(bytes).replace(/ +$/, '')
    return PRINTABLE.test(found) && choices?.includes(found) !== false ? found : undefined
  },
}

const decimal: FieldForm = {
  bytesMin: 1,
  bytesMax: DIGITS_MAX,
  expected: ({ bytes }) => `a whole number of up to ${counted(bytes, 'digit')}`,
  bytesOf: (value, { bytes }) => {
    const number = wholeNumber(value)
    if (number === undefined || number >= 10 ** bytes) return undefined
    return asciiBytes(String(number).padStart(bytes, '0'))
  },
  valueOf: (bytes) => {
    const found = asciiText(bytes).replace(/^ +/, '')
    return DIGITS.test(found) ? Number(found) : undefined
  },
}

const uint: FieldForm = {
  bytesMin: 1,
  bytesMax: UINT_BYTES_MAX,
  expected: ({ bytes }) => `a whole number from 0 to ${String(256 ** bytes - 1)}`,
  bytesOf: (value, { bytes }) => {
    const number = wholeNumber(value)
    if (number === undefined || number >= 256 ** bytes) return undefined
    return Uint8Array.from({ length: bytes }, (_, at) => {
      return Math.floor(number / 256 ** (bytes - 1 - at)) % 256
    })
  },
  valueOf: (bytes) => bytes.reduce((number, byte) => number * 256 + byte, 0),
}

const bytes: FieldForm = {
  bytesMin: 1,
  bytesMax: HEADER_BYTES_MAX,
  expected: (field) => counted(2 * field.bytes, 'hexadecimal digit'),
  bytesOf: (value, field) => {
    if (typeof value !== 'string' || value.length !== 2 * field.bytes) return undefined
    if (!/^[0-9a-f]*$/i.test(value)) return undefined
    return Uint8Array.from({ length: field.bytes }, (_, at) => {
      return Number.parseInt(value.slice(2 * at, 2 * at + 2), 16)
    })
  },
  valueOf: (found) => Array.from(found, (byte) => byte.toString(16).padStart(2, '0')).join(''),
}

const DATE = { digits: 8, form: 'YYYYMMDD', isValid: isDate }
const TIME = { digits: 6, form: 'HHMMSS', isValid: isTime }

const FORMS: Readonly<Record<FieldType, FieldForm>> = {
  text,
  decimal,
  uint,
  bytes,
  date: calendar(DATE),
  time: calendar(TIME),
  datetime: calendar({
    digits: 14,
    form: 'YYYYMMDDHHMMSS',
    isValid: (found) => isDate(found.slice(0, 8)) && isTime(found.slice(8)),
  }),
  sequence: decimal,
  length: decimal,
}

export function fieldForm(type: FieldType): FieldForm {
  return FORMS[type]
}

function calendar({ digits, form, isValid }: typeof DATE): FieldForm {
  const valid = (found: unknown): string | undefined =>
    typeof found === 'string' && found.length === digits && DIGITS.test(found) && isValid(found)
      ? found
      : undefined
  return {
    bytesMin: digits,
    bytesMax: digits,
    expected: () => `${String(digits)} digits ${form}`,
    bytesOf: (value) => {
      // A JSON number is as good, as long as it has all its digits.
      const found = valid(typeof value === 'number' ? String(value) : value)
      return found === undefined ? undefined : asciiBytes(found)
    },
    valueOf: (found) => valid(asciiText(found)),
  }
}

/** Of each month. */
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

function isDate(digits: string): boolean {
  const [year, month, day] = [digits.slice(0, 4), digits.slice(4, 6), digits.slice(6)].map(Number)
  if (year === undefined || month === undefined || day === undefined) return false
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  const days = month === 2 && isLeap ? 29 : (DAYS[month - 1] ?? 0)
  return day >= 1 && day <= days
}

/** Allows the leap second. */
function isTime(digits: string): boolean {
  return digits.slice(0, 2) <= '23' && digits.slice(2, 4) <= '59' && digits.slice(4) <= '60'
}

/** A number, or the digits of one, such as a command line has. */
function wholeNumber(value: unknown): number | undefined {
  if (typeof value === 'string' && !DIGITS.test(value)) return undefined
  if (typeof value !== 'number' && typeof value !== 'string') return undefined
  const number = Number(value)
  return Number.isSafeInteger(number) && number >= 0 ? number : undefined
}

function asciiBytes(characters: string): Uint8Array {
  return Uint8Array.from(characters, (character) => character.charCodeAt(0))
}

/** One character for each byte; those above 127 stay recognisable. */
function asciiText(found: Uint8Array): string {
  let characters = ''
  for (const byte of found) characters += String.fromCharCode(byte)
  return characters
}

/** `1 digit`, `4 digits` */
export function counted(count: number, noun: string): string {
  return `${String(count)} ${noun}${count === 1 ? '' : 's'}`
}
