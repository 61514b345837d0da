import type { PluginOptionReader } from '@commloop/core'
import { type Checksum, checksum, CHECKSUM_NAMES, type ChecksumName } from './checksum.js'
import { BYTES_EXPECTED, configuredBytes, type ConfiguredBytes, isMap } from './configured-bytes.js'
import { FrameTail, type TailPart } from './frame-tail.js'
import { CHECKSUM_FORMS, type ChecksumForm, WrittenChecksum } from './written-checksum.js'

/** One part of the end of a frame, as a configuration writes it. */
export type TailOption =
  | { readonly bytes: ConfiguredBytes }
  | {
      readonly checksum: ChecksumName
      /** Default `big`. */
      readonly as?: ChecksumForm
      /** First byte of the frame that the checksum covers; it covers everything from there up to itself. Default 0. */
      readonly from?: number
    }

/** The most parts, and the most constant bytes in one of them. */
const PARTS_MAX = 8
const CONSTANT_BYTES_MAX = 64
const FROM_MAX = 255

const EXPECTED = `a list of up to ${String(PARTS_MAX)} parts, each { bytes } or { checksum, as, from }`

/** The tail that the option describes. What is wrong with it, the reader rejects. */
export function readTail(reader: PluginOptionReader, option: string, value: unknown): FrameTail {
  if (value === undefined) return new FrameTail([])
  if (!Array.isArray(value) || value.length > PARTS_MAX) {
    reader.reject(option, EXPECTED, value)
    return new FrameTail([])
  }
  const parts = value.map((part: unknown, index) => {
    const place = `${option}.${String(index)}`
    if (isMap(part)) return readPart(reader, place, part)
    reader.reject(place, '{ bytes } or { checksum, as, from }', part)
    return undefined
  })
  return new FrameTail(parts.filter((part) => part !== undefined))
}

function readPart(
  outer: PluginOptionReader,
  place: string,
  part: Readonly<Record<string, unknown>>,
): TailPart | undefined {
  if ('bytes' in part) {
    const reader = outer.inside(place, part, ['bytes'])
    const bytes = reader.read<Uint8Array | undefined>(
      'bytes',
      undefined,
      constantExpected,
      constant,
    )
    return bytes === undefined ? undefined : { bytes }
  }
  const reader = outer.inside(place, part, ['checksum', 'as', 'from'])
  const named = readChecksum(reader, part['checksum'])
  const form = reader.read('as', 'big', `one of ${CHECKSUM_FORMS.join(', ')}`, checksumForm)
  const from = reader.read('from', 0, `a number from 0 to ${String(FROM_MAX)}`, coveredFrom)
  return named === undefined ? undefined : { written: new WrittenChecksum(named, form), from }
}

/** Reads the name of a checksum, which the option must have. */
export function readChecksum(reader: PluginOptionReader, name: unknown): Checksum | undefined {
  const found = typeof name === 'string' ? checksum(name) : undefined
  if (found === undefined) reader.reject('checksum', `one of ${CHECKSUM_NAMES.join(', ')}`, name)
  return found
}

const constantExpected = `1 to ${String(CONSTANT_BYTES_MAX)} bytes: ${BYTES_EXPECTED}`

function constant(value: unknown): Uint8Array | undefined {
  const bytes = configuredBytes(value)
  if (bytes === undefined) return undefined
  return bytes.length >= 1 && bytes.length <= CONSTANT_BYTES_MAX ? bytes : undefined
}

/** The form of a checksum that an option names; undefined for other values. */
export function checksumForm(value: unknown): ChecksumForm | undefined {
  return CHECKSUM_FORMS.find((form) => form === value)
}

function coveredFrom(value: unknown): number | undefined {
  const isPlace = typeof value === 'number' && Number.isInteger(value)
  return isPlace && value >= 0 && value <= FROM_MAX ? value : undefined
}
