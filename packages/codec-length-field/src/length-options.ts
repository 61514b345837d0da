import type { PluginOptionReader } from '@commloop/core'
import { BYTES_EXPECTED, configuredBytes, isMap } from '@commloop/framings'
import type { LengthEncoding } from './length-field-options.js'
import { BinaryNumber } from './number/binary-number.js'
import { BcdNumber, DigitNumber } from './number/digit-number.js'
import type { LengthNumber } from './number/length-number.js'
import { BerNumber, EndedDigitsNumber, VarintNumber } from './number/varying-number.js'

/** How and where the length is written. */
export interface LengthSettings {
  readonly number: LengthNumber
  /** For messages: `4 decimal digits`. */
  readonly text: string
  readonly offset: number
  readonly again: number | undefined
  readonly shift: number
  readonly low: number
  readonly mask: number | undefined
  readonly idle: number | undefined
}

const ENCODINGS: readonly LengthEncoding[] = [
  'binary',
  'decimal',
  'hex',
  'bcd',
  'varint',
  'ber',
  'digits',
]
const OFFSET_MAX = 255
const BYTES_MAX = 8
const DIGITS_MAX = 9
/** Bit operations of JavaScript have 32 bits. */
const BITWISE_BYTES_MAX = 4

const KNOWN = [
  'encoding',
  'bytes',
  'byteOrder',
  'offset',
  'pad',
  'end',
  'again',
  'shift',
  'low',
  'mask',
  'idle',
]

/** Options that only these encodings have. */
const ONLY_FOR: Readonly<Record<string, readonly LengthEncoding[]>> = {
  bytes: ['binary', 'decimal', 'hex', 'bcd', 'digits'],
  byteOrder: ['binary'],
  pad: ['decimal', 'hex'],
  end: ['digits'],
  again: ['binary', 'decimal', 'hex', 'bcd'],
  shift: ['binary'],
  low: ['binary'],
  mask: ['binary'],
  idle: ['binary', 'decimal', 'hex', 'bcd'],
}

/** Reads the option `length`. What is wrong with it, the reader rejects. */
export function readLength(outer: PluginOptionReader, value: unknown): LengthSettings {
  const options = typeof value === 'number' ? { bytes: value } : value
  if (!isMap(options)) {
    outer.reject(
      'length',
      `the bytes of a binary length (1 to ${String(BYTES_MAX)}), or a map`,
      value,
    )
    return readOptions(outer.inside('length', {}, KNOWN), { bytes: 4 })
  }
  return readOptions(outer.inside('length', options, KNOWN), options)
}

type Options = Readonly<Record<string, unknown>>

function readOptions(reader: PluginOptionReader, options: Options): LengthSettings {
  const encoding = reader.read('encoding', 'binary', `one of ${ENCODINGS.join(', ')}`, encodingOf)
  rejectForeign(reader, options, encoding)
  const number = readNumber(reader, options, encoding)
  const bits = 8 * number.bytesMax
  const shift = reader.read(
    'shift',
    0,
    `a number from 0 to ${String(bits - 1)}`,
    whole(0, bits - 1),
  )
  const low = reader.read('low', 0, `a number of ${String(shift)} bits`, whole(0, 2 ** shift - 1))
  const mask = optional(
    reader,
    'mask',
    'a number of as many bits as the length',
    whole(1, 2 ** bits - 1),
  )
  if ((shift > 0 || mask !== undefined) && number.bytesMax > BITWISE_BYTES_MAX) {
    reader.rejectText('bytes', 'a length with shift or mask has up to 4 bytes')
  }
  return {
    number,
    text: lengthText(encoding, number),
    offset: reader.read('offset', 0, offsets, whole(0, OFFSET_MAX)),
    again: optional(reader, 'again', offsets, whole(0, OFFSET_MAX)),
    shift,
    low,
    mask,
    idle: optional(reader, 'idle', 'a number that the length can have', whole(0, number.valueMax)),
  }
}

const offsets = `a number from 0 to ${String(OFFSET_MAX)}`

function optional(
  reader: PluginOptionReader,
  option: string,
  expected: string,
  usable: (value: unknown) => number | undefined,
): number | undefined {
  return reader.read<number | undefined>(option, undefined, expected, usable)
}

function rejectForeign(
  reader: PluginOptionReader,
  options: Options,
  encoding: LengthEncoding,
): void {
  for (const [option, encodings] of Object.entries(ONLY_FOR)) {
    if (options[option] === undefined || encodings.includes(encoding)) continue
    reader.rejectText(option, `the encoding ${encoding} does not have it: remove it`)
  }
}

function readNumber(
  reader: PluginOptionReader,
  options: Options,
  encoding: LengthEncoding,
): LengthNumber {
  if (encoding === 'varint') return new VarintNumber()
  if (encoding === 'ber') return new BerNumber()
  const isDigits = encoding === 'digits'
  const most = isDigits ? DIGITS_MAX : BYTES_MAX
  const expected = `a number from 1 to ${String(most)}`
  if (options['bytes'] === undefined && !isDigits) reader.reject('bytes', expected, undefined)
  const bytes = reader.read('bytes', isDigits ? DIGITS_MAX : 4, expected, whole(1, most))
  if (isDigits) return new EndedDigitsNumber(bytes, readEnd(reader))
  if (encoding === 'bcd') return new BcdNumber(bytes)
  if (encoding === 'binary') {
    return new BinaryNumber(bytes, reader.read('byteOrder', 'big', "'big' or 'little'", byteOrder))
  }
  const pad = reader.read('pad', '0', "'0' or ' '", padOf)
  return new DigitNumber(bytes, encoding === 'hex' ? 16 : 10, pad)
}

function readEnd(reader: PluginOptionReader): number {
  const expected = `one byte that is not a digit: ${BYTES_EXPECTED}`
  return reader.read('end', 0x3a, expected, (value) => {
    const byte = oneByte(value)
    return byte !== undefined && (byte < 0x30 || byte > 0x39) ? byte : undefined
  })
}

/** The only byte of a value; undefined if it is not one byte. */
export function oneByte(value: unknown): number | undefined {
  const bytes = configuredBytes(value)
  return bytes?.length === 1 ? bytes[0] : undefined
}

/** A reader of whole numbers in a range. */
export function whole(least: number, most: number): (value: unknown) => number | undefined {
  return (value) => {
    const isWhole = typeof value === 'number' && Number.isInteger(value)
    return isWhole && value >= least && value <= most ? value : undefined
  }
}

/** A reader of one of several words. */
export function oneOf<Word extends string>(
  ...words: readonly Word[]
): (value: unknown) => Word | undefined {
  return (value) => words.find((word) => word === value)
}

const encodingOf = oneOf(...ENCODINGS)
const byteOrder = oneOf('big', 'little')

/** YAML reads `pad: 0` as a number. */
function padOf(value: unknown): '0' | ' ' | undefined {
  return value === 0 || value === '0' ? '0' : oneOf(' ')(value)
}

function lengthText(encoding: LengthEncoding, { bytesMax }: LengthNumber): string {
  switch (encoding) {
    case 'binary':
      return bytesMax === 1 ? 'a byte' : `${String(bytesMax)} bytes`
    case 'decimal':
    case 'hex':
      return `${String(bytesMax)} ${encoding === 'hex' ? 'hexadecimal' : 'decimal'} digits`
    case 'bcd':
      return `${String(2 * bytesMax)} decimal digits in ${String(bytesMax)} bytes`
    case 'digits':
      return `up to ${String(bytesMax - 1)} decimal digits and their end`
    case 'varint':
      return 'a varint of up to 5 bytes'
    case 'ber':
      return 'a definite BER length of up to 4 bytes'
  }
}
