import { PluginOptionReader, type Size, sizeBytes } from '@commloop/core'

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
 * @throws CommloopError CML_ERR_CONFIG_INVALID with every wrong option, what was expected and what was found.
 */
export function len16Settings(options: Readonly<Record<string, unknown>>): Len16Settings {
  const reader = new PluginOptionReader('codec len16', options, KNOWN)
  const countsHeader = reader.read('lengthIncludesHeader', false, 'true or false', asFlag)
  const countedHeaderBytes = countsHeader ? HEADER_BYTES : 0
  const bytesMax = LENGTH_MAX - countedHeaderBytes
  const byteOrder = reader.read('byteOrder', 'big', "'big' or 'little'", oneOf('big', 'little'))
  const emptyFrames = reader.read(
    'emptyFrames',
    'deliver',
    "'deliver' or 'reject'",
    oneOf('deliver', 'reject'),
  )
  const sizes = `a size of 1 to ${String(bytesMax)} bytes`
  const payloadBytesMax = reader.read('maxPayload', bytesMax, sizes, (value) =>
    asBytes(value, bytesMax),
  )
  reader.throwRejected()
  return {
    byteOrder,
    countedHeaderBytes,
    payloadBytesMin: emptyFrames === 'reject' ? 1 : 0,
    payloadBytesMax,
  }
}

function asFlag(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined
}

function asBytes(value: unknown, bytesMax: number): number | undefined {
  const bytes =
    typeof value === 'number' || typeof value === 'string' ? sizeBytes(value) : undefined
  return bytes !== undefined && bytes >= 1 && bytes <= bytesMax ? bytes : undefined
}

function oneOf<Choice extends string>(
  ...choices: readonly Choice[]
): (value: unknown) => Choice | undefined {
  return (value) => choices.find((choice) => choice === value)
}
