import type { PluginOptions } from '@commloop/core'
import { checksum } from '../checksum.js'
import { configuredBytes, isMap } from '../configured-bytes.js'

/**
 * How much a frame says about its framing, in bits: -log2 of the probability that other bytes would have been a frame, too.
 * All numbers are estimates.
 */
export interface FrameEvidence {
  /** What had to be right at the beginning of a frame: constant bytes. */
  readonly head: number
  /** Bytes that must be there before the head is complete. */
  readonly headBytes: number
  /** What had to be right in a whole frame: constant bytes, digits that are digits, delimiters, and checksums. */
  readonly fixed: number
  /** What the length of a frame with this payload could have been, whether or not frames of that size are possible. */
  range(payloadBytes: number): number
}

const BYTE_BITS = 8
/** A character that had to be one of ten digits, one of sixteen, and a byte that had to be two digits in BCD. */
const DECIMAL_BITS = 4.7
const HEX_BITS = 4
const BCD_BITS = 1.35
/** What one decimal digit can say. */
const DIGIT_RANGE_BITS = 3.3
const LENGTH_BYTES_MAX = 4
/** From this size on, a length that varies has two bytes. One byte proves nothing: small numbers are everywhere. */
const LONG_FORM_BYTES = 128
const LONG_FORM_BITS = 14
const NONE: FrameEvidence = { head: 0, headBytes: 0, fixed: 0, range: () => 0 }

/** The evidence that one frame of this codec with these options is. */
export function frameEvidence(codec: string, options: PluginOptions): FrameEvidence {
  if (codec === 'delimited') return delimitedEvidence(options)
  // Any bytes are frames of a fixed size.
  return codec === 'fixed' ? NONE : lengthEvidence(options)
}

function delimitedEvidence({ start, end, check, after }: PluginOptions): FrameEvidence {
  const head = constantBits(start)
  const ends: readonly unknown[] = Array.isArray(end) ? end : [end]
  const endBits = Math.min(...ends.map(constantBits)) - Math.log2(ends.length)
  const mark = isMap(check) ? constantBits(check['mark']) : 0
  const fixed = head + endBits + mark + tailBits([check]) + tailBits(after)
  return { head, headBytes: head / BYTE_BITS, fixed, range: () => 0 }
}

function lengthEvidence({ length, magic, trailer, header }: PluginOptions): FrameEvidence {
  const options = lengthMap(length)
  const bytes = typeof options['bytes'] === 'number' ? options['bytes'] : LENGTH_BYTES_MAX
  const encoding = typeof options['encoding'] === 'string' ? options['encoding'] : 'binary'
  const { digits, range } = numberBits(encoding, bytes)
  const twice = options['again'] === undefined ? 0 : BYTE_BITS * bytes
  const shift = Number(options['shift'] ?? 0)
  const head = magicBits(magic) + twice + shift
  const places = [options['offset'], options['again']].map((at) => Number(at ?? 0))
  const headBytes = typeof header === 'number' ? header : Math.max(...places) + bytes
  return {
    head,
    headBytes,
    fixed: head + digits + tailBits(trailer),
    range: (payloadBytes) => Math.max(0, range(payloadBytes) - shift),
  }
}

/** `length: 4` and `length: { bytes: 4 }` are the same. */
export function lengthMap(length: unknown): PluginOptions {
  return isMap(length) ? length : { bytes: length }
}

interface NumberEvidence {
  readonly digits: number
  readonly range: (payloadBytes: number) => number
}

function numberBits(encoding: string, bytes: number): NumberEvidence {
  switch (encoding) {
    case 'decimal':
      return { digits: DECIMAL_BITS * bytes, range: () => DIGIT_RANGE_BITS * bytes }
    case 'hex':
      return { digits: HEX_BITS * bytes, range: () => 4 * bytes }
    case 'bcd':
      return { digits: BCD_BITS * bytes, range: () => 2 * DIGIT_RANGE_BITS * bytes }
    case 'digits':
      return { digits: DECIMAL_BITS + BYTE_BITS, range: () => 2 * DIGIT_RANGE_BITS }
    case 'varint':
    case 'ber':
      return { digits: 0, range: (size) => (size < LONG_FORM_BYTES ? 0 : LONG_FORM_BITS) }
    default:
      return {
        digits: 0,
        range: () => (bytes === 1 ? 0 : BYTE_BITS * Math.min(bytes, LENGTH_BYTES_MAX)),
      }
  }
}

function constantBits(value: unknown): number {
  return BYTE_BITS * (configuredBytes(value)?.length ?? 0)
}

function magicBits(magic: unknown): number {
  if (!Array.isArray(magic)) return constantBits(magic)
  return magic.reduce<number>((sum, part) => {
    return sum + (isMap(part) ? constantBits(part['bytes']) : 0)
  }, 0)
}

function tailBits(parts: unknown): number {
  if (!Array.isArray(parts)) return 0
  return parts.reduce<number>((sum, part: unknown) => sum + partBits(part), 0)
}

function partBits(part: unknown): number {
  if (!isMap(part)) return 0
  const { checksum: name, bytes } = part
  if (typeof name !== 'string') return constantBits(bytes)
  return BYTE_BITS * (checksum(name)?.bytes ?? 0)
}
