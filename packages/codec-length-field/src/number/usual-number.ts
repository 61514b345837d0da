import { BinaryNumber } from './binary-number.js'
import { DigitNumber } from './digit-number.js'
import { INVALID, type LengthNumber } from './length-number.js'
import { NoNumber } from './no-number.js'
import { BerNumber, VarintNumber } from './varying-number.js'

/**
 * The usual forms of a length, which the decoder and the header read and write without a call through the interface. Such a
 * call costs more than the whole rest of the loop once a process has several forms.
 */
export const UNUSUAL = 0
export const ONE_BYTE = 1
export const BIG_2 = 2
export const BIG_3 = 3
export const BIG_4 = 4
export const LITTLE_2 = 5
export const LITTLE_4 = 6
export const DECIMAL_4 = 7
/** A varint or a BER length of one byte; longer ones are read by the interface. */
export const SHORT = 8
/** No length at all, for frames of a fixed size. */
export const NONE = 9

const BINARY_FORMS: Readonly<Record<string, number>> = {
  '1 big': ONE_BYTE,
  '1 little': ONE_BYTE,
  '2 big': BIG_2,
  '2 little': LITTLE_2,
  '3 big': BIG_3,
  '4 big': BIG_4,
  '4 little': LITTLE_4,
}

/** The form of a length, if it is one of the usual ones. */
export function usualForm(number: LengthNumber): number {
  if (number instanceof VarintNumber || number instanceof BerNumber) return SHORT
  if (number instanceof DigitNumber) {
    return number.bytesMax === 4 && number.radix === 10 && number.padsWithZeros
      ? DECIMAL_4
      : UNUSUAL
  }
  if (number instanceof NoNumber) return NONE
  if (!(number instanceof BinaryNumber)) return UNUSUAL
  const form = `${String(number.bytesMax)} ${number.isLittle ? 'little' : 'big'}`
  return BINARY_FORMS[form] ?? UNUSUAL
}

/** Reads a length of any usual form. A number above `LENGTH_MAX` and an invalid one are negative. */
export function readUsual(form: number, bytes: Uint8Array, at: number): number {
  switch (form) {
    case ONE_BYTE:
      return bytes[at] ?? 0
    case BIG_2:
      return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
    case BIG_3:
      return ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0)
    case LITTLE_2:
      return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8)
    case LITTLE_4:
      return readLittle4(bytes, at)
    case DECIMAL_4:
      return readDecimal4(bytes, at)
    case SHORT:
      return (bytes[at] ?? 0) < 0x80 ? (bytes[at] ?? 0) : INVALID
    case NONE:
      return 0
    default:
      return readBig4(bytes, at)
  }
}

function readBig4(bytes: Uint8Array, at: number): number {
  const high = ((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16)
  return high | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)
}

function readLittle4(bytes: Uint8Array, at: number): number {
  const low = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8)
  return low | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24)
}

function readDecimal4(bytes: Uint8Array, at: number): number {
  const a = (bytes[at] ?? 0) - 0x30
  const b = (bytes[at + 1] ?? 0) - 0x30
  const c = (bytes[at + 2] ?? 0) - 0x30
  const d = (bytes[at + 3] ?? 0) - 0x30
  // A digit has no bits above the lowest four, and still none if 6 is added to it. One comparison covers all.
  const bits = a | b | c | d | (a + 6) | (b + 6) | (c + 6) | (d + 6)
  return (bits & ~15) === 0 ? a * 1000 + b * 100 + c * 10 + d : INVALID
}

/** Writes a length of a usual form, except SHORT and NONE. */
export function writeUsual(form: number, value: number, into: Uint8Array, at: number): void {
  switch (form) {
    case ONE_BYTE:
      into[at] = value
      return
    case BIG_2:
      into[at] = value >>> 8
      into[at + 1] = value
      return
    case BIG_3:
      into[at] = value >>> 16
      into[at + 1] = value >>> 8
      into[at + 2] = value
      return
    case LITTLE_2:
      into[at] = value
      into[at + 1] = value >>> 8
      return
    case LITTLE_4:
      into[at] = value
      into[at + 1] = value >>> 8
      into[at + 2] = value >>> 16
      into[at + 3] = value >>> 24
      return
    case DECIMAL_4:
      writeDecimal4(value, into, at)
      return
    default:
      into[at] = value >>> 24
      into[at + 1] = value >>> 16
      into[at + 2] = value >>> 8
      into[at + 3] = value
  }
}

function writeDecimal4(value: number, into: Uint8Array, at: number): void {
  const high = (value / 100) | 0
  const low = value - high * 100
  const thousands = (high / 10) | 0
  const tens = (low / 10) | 0
  into[at] = 0x30 + thousands
  into[at + 1] = 0x30 + high - thousands * 10
  into[at + 2] = 0x30 + tens
  into[at + 3] = 0x30 + low - tens * 10
}
