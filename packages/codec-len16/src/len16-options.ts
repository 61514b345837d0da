import { type CommloopError, jsonText, optionError, type Size, sizeBytes } from '@commloop/core'

/** Options on which both sides of a link must agree. */
export interface Len16Options {
  /** Order of the two length bytes: `big` (network order, RFC 1700) or `little`. Default `big`. */
  readonly byteOrder?: 'big' | 'little'
  /** true: the length includes its own two bytes, so that 2 announces an empty payload. Default false. */
  readonly lengthIncludesHeader?: boolean
  /** Largest payload in both directions: 1 to 65 535 bytes (default), or 65 533 with `lengthIncludesHeader`. */
  readonly maxPayload?: Size
  /** Whether a received empty frame is a message or an error. Default `deliver`. */
  readonly emptyFrames?: 'deliver' | 'reject'
}

/** `Len16Options`, validated, with defaults. */
export interface Len16Settings {
  readonly byteOrder: 'big' | 'little'
  /** Bytes that the length includes in addition to the payload: 0 or 2. */
  readonly countedHeaderBytes: number
  readonly payloadBytesMin: number
  readonly payloadBytesMax: number
}

export const HEADER_BYTES = 2
const LENGTH_MAX = 0xffff
const KNOWN = ['byteOrder', 'lengthIncludesHeader', 'maxPayload', 'emptyFrames']

/**
 * Validates options of any type, because they may come from a configuration file.
 * @throws CommloopError CML_ERR_CONFIG_INVALID with the option, what was expected and what was found.
 */
export function len16Settings(options: Readonly<Record<string, unknown>>): Len16Settings {
  for (const name of Object.keys(options)) {
    if (!KNOWN.includes(name)) throw unknown(name)
  }
  const countsHeader = lengthIncludesHeader(options['lengthIncludesHeader'])
  const countedHeaderBytes = countsHeader ? HEADER_BYTES : 0
  return {
    byteOrder: oneOf('byteOrder', options['byteOrder'], 'big', 'little'),
    countedHeaderBytes,
    payloadBytesMin:
      oneOf('emptyFrames', options['emptyFrames'], 'deliver', 'reject') === 'reject' ? 1 : 0,
    payloadBytesMax: maxPayload(options['maxPayload'], LENGTH_MAX - countedHeaderBytes),
  }
}

function lengthIncludesHeader(value: unknown): boolean {
  if (value === undefined) return false
  if (typeof value === 'boolean') return value
  throw invalid('lengthIncludesHeader', 'true or false', value)
}

function maxPayload(value: unknown, bytesMax: number): number {
  if (value === undefined) return bytesMax
  const bytes =
    typeof value === 'number' || typeof value === 'string' ? sizeBytes(value) : undefined
  if (bytes !== undefined && bytes >= 1 && bytes <= bytesMax) return bytes
  throw invalid('maxPayload', `a size of 1 to ${String(bytesMax)} bytes`, value)
}

/** The first choice is the default. */
function oneOf<Choice extends string>(
  name: string,
  value: unknown,
  byDefault: Choice,
  other: Choice,
): Choice {
  if (value === undefined || value === byDefault) return byDefault
  if (value === other) return other
  throw invalid(name, `'${byDefault}' or '${other}'`, value)
}

function invalid(option: string, expected: string, found: unknown): CommloopError {
  const problem = `expected ${expected}, found ${jsonText(found)}`
  return optionError({ plugin: 'codec len16', option, problem })
}

function unknown(option: string): CommloopError {
  const problem = `expected one of ${KNOWN.join(', ')}, found ${jsonText(option)}`
  return optionError({ plugin: 'codec len16', option, problem, unknown: true })
}
