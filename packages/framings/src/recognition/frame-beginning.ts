import type { PluginOptions } from '@commloop/core'
import { configuredBytes, isMap } from '../configured-bytes.js'
import { lengthMap } from './frame-evidence.js'

/** Whether a stream may begin with a frame. A cheap look that spares making a decoder for most framings. */
export type MayBegin = (opening: Uint8Array) => boolean

/** Constant bytes at the beginning of a frame, and a length in digits. */
export function mayBegin(codec: string, options: PluginOptions): MayBegin {
  // Bytes may stand before the first frame, or be frames by themselves.
  if (options['preamble'] !== undefined || options['singles'] !== undefined) return always
  if (codec === 'delimited') return beginsWith(0, options['start'])
  const { magic, length } = options
  const constants = Array.isArray(magic)
    ? magic.map((part: unknown) =>
        isMap(part) ? beginsWith(Number(part['at']), part['bytes']) : always,
      )
    : [beginsWith(0, magic)]
  return all([...constants, digitsOf(lengthMap(length))])
}

function always(): boolean {
  return true
}

function all(conditions: readonly MayBegin[]): MayBegin {
  return (opening) => conditions.every((condition) => condition(opening))
}

function beginsWith(at: number, value: unknown): MayBegin {
  const bytes = configuredBytes(value) ?? new Uint8Array(0)
  return (opening) =>
    bytes.every((byte, place) => at + place >= opening.length || opening[at + place] === byte)
}

const DIGITS: Readonly<Record<string, RegExp>> = {
  decimal: /[ \d]/,
  hex: /[ \da-fA-F]/,
  digits: /\d/,
}

/** The first character of a length in digits. */
function digitsOf({ encoding, offset }: PluginOptions): MayBegin {
  const digit = DIGITS[String(encoding)]
  if (digit === undefined) return always
  const at = typeof offset === 'number' ? offset : 0
  return (opening) => at >= opening.length || digit.test(String.fromCharCode(opening[at] ?? 0))
}
