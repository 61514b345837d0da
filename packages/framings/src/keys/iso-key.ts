/** How an ISO 8583 message writes its parts. */
export interface IsoKeyOptions {
  /** Bytes before the message type, such as a TPDU of 5 bytes. Default: 0. */
  readonly offset?: number
  /** `hex`: the bitmap has 16 hexadecimal digits; `binary`: 8 bytes. Default: `hex`. */
  readonly bitmap?: 'hex' | 'binary'
}

/**
 * The sizes of the fields 2 to 64 in characters (ISO 8583:1987, table 1, all in ASCII); `ll`, `lll`: behind a size of two
 * or three digits. The binary fields 52 and 64 have 16 hexadecimal digits.
 */
const SIZES = [
  /*  2 */ 'll 6 12 12 12 10 8 8',
  /* 10 */ '8 6 6 4 4 4 4 4 4 3',
  /* 20 */ '3 3 3 3 3 2 2 1 9 9',
  /* 30 */ '9 9 ll ll ll ll lll 12 6 2',
  /* 40 */ '3 8 15 40 ll ll lll lll lll 3',
  /* 50 */ '3 3 16 16 lll lll lll lll lll lll',
  /* 60 */ 'lll lll lll lll 16',
].flatMap((line) => line.split(' '))
const FIELD_MAX = 64
const TYPE_CHARACTERS = 4

/**
 * ISO 8583:1987 in ASCII: a function that joins the values of some fields, such as 11 (trace number) and 41 (terminal),
 * which a response repeats. Use it as `key` of `node.request`.
 *
 * The key does not contain the message type, because that differs between request and response. Messages in BCD or EBCDIC
 * need a key function of your own.
 *
 * @param fields numbers from 2 to 64
 * @returns a function that returns undefined for a payload that is shorter, or has none of these fields
 * @throws RangeError if a number is not a field from 2 to 64
 */
export function isoKey(
  fields: readonly number[],
  { offset = 0, bitmap = 'hex' }: IsoKeyOptions = {},
): (payload: Uint8Array) => string | undefined {
  for (const field of fields) {
    if (Number.isInteger(field) && field >= 2 && field <= FIELD_MAX) continue
    throw new RangeError(`isoKey: field ${String(field)} is not a number from 2 to 64`)
  }
  const wanted = new Set(fields)
  const last = Math.max(...fields)
  return (payload) => {
    const text = new TextDecoder('latin1').decode(payload.subarray(offset))
    const values = valuesOf(text, bitmap, last)
    const found = [...wanted].map((field) => values?.get(field))
    return found.every((value) => value === undefined) ? undefined : found.join('|')
  }
}

/** The fields up to `last`; undefined: the message ends before. */
function valuesOf(
  text: string,
  form: 'hex' | 'binary',
  last: number,
): Map<number, string> | undefined {
  const bits = bitsOf(text, form)
  if (bits === undefined) return undefined
  // The first bit announces a second bitmap behind the first one.
  let at = TYPE_CHARACTERS + (form === 'hex' ? 16 : 8) * (bits.startsWith('1') ? 2 : 1)
  const values = new Map<number, string>()
  for (let field = 2; field <= last; field++) {
    if (bits.charAt(field - 1) !== '1') continue
    const size = SIZES[field - 2] ?? ''
    const digits = size.startsWith('l') ? size.length : 0
    const characters = Number(digits === 0 ? size : text.slice(at, at + digits))
    const end = at + digits + characters
    if (!Number.isInteger(characters) || end > text.length) return undefined
    values.set(field, text.slice(at + digits, end))
    at = end
  }
  return values
}

/** Bits 1 to 64 as a text of zeros and ones. */
function bitsOf(text: string, form: 'hex' | 'binary'): string | undefined {
  if (form === 'binary') {
    const bytes = text.slice(TYPE_CHARACTERS, TYPE_CHARACTERS + 8)
    if (bytes.length < 8) return undefined
    return Array.from(bytes, (byte) => byte.charCodeAt(0).toString(2).padStart(8, '0')).join('')
  }
  const digits = text.slice(TYPE_CHARACTERS, TYPE_CHARACTERS + 16)
  if (!/^[0-9a-fA-F]{16}$/.test(digits)) return undefined
  return digits.replace(/./g, (digit) => Number.parseInt(digit, 16).toString(2).padStart(4, '0'))
}
