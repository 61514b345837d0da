import { PluginOptionReader, type Size, sizeBytes } from '@commloop/core'
import {
  BYTES_EXPECTED,
  bytesText,
  CHECKSUM_FORMS,
  checksumForm,
  type ChecksumForm,
  type ChecksumName,
  configuredBytes,
  type ConfiguredBytes,
  FrameTail,
  isMap,
  readChecksum,
  readTail,
  type TailOption,
  WrittenChecksum,
} from '@commloop/framings'
import type { Escape } from './escape.js'
import { type EscapeOption, readEscape } from './escape-options.js'

/** How the frames of a stream are marked. All `bytes` are written as a text, `{ hex: … }` or `{ base64: … }`. */
export interface DelimitedOptions {
  /** What a frame begins with. Default: nothing, so that a frame begins behind the one before. */
  readonly start?: ConfiguredBytes
  /** What ends a frame. Of a list, any one ends a received frame, and the first is written. */
  readonly end: ConfiguredBytes | readonly ConfiguredBytes[]
  /** How a frame contains the bytes of its start and end. Default `none`: such payloads cannot be carried. */
  readonly escape?: EscapeOption
  /** A checksum of the payload between the payload and the end. It is escaped like the payload. */
  readonly check?: CheckOption
  /** What follows the end: constant bytes and checksums. */
  readonly after?: readonly TailOption[]
  /** Each of these bytes, outside of a frame, is a frame by itself, and the payload is that byte. */
  readonly singles?: ConfiguredBytes
  /** Each of these bytes is skipped before a frame. */
  readonly preamble?: ConfiguredBytes
  /** `frame`: payloads contain the start, the end and what follows it. Default `nothing`. */
  readonly keep?: 'nothing' | 'frame'
  /** Default `deliver`. Between equal flags, an empty frame is always skipped. */
  readonly emptyFrames?: 'deliver' | 'skip' | 'reject'
  /** What bytes that are not a frame do: end the connection, or have the decoder look for the next frame. Default `close`. */
  readonly resync?: 'close' | 'hunt'
  /** Largest payload in both directions. Default 64 KiB. */
  readonly maxPayload?: Size
}

export interface CheckOption {
  readonly checksum: ChecksumName
  /** Default `big`. Without an escape only `hex` and `HEX`, because a binary checksum may contain the end. */
  readonly as?: ChecksumForm
  /** Stands between the payload and the checksum, which does not cover it. Default: nothing. */
  readonly mark?: ConfiguredBytes
}

/** `DelimitedOptions`, validated, with defaults. */
export interface DelimitedSettings {
  readonly start: Uint8Array
  readonly ends: readonly Uint8Array[]
  /** Start and end are the same single byte, so that one flag may end a frame and begin the next one. */
  readonly sharesFlag: boolean
  readonly escape: Escape | undefined
  /** The lead of the ends, if it is doubled in the content. */
  readonly doubled: number | undefined
  readonly check: WrittenChecksum | undefined
  readonly checkMark: Uint8Array
  readonly after: FrameTail
  readonly singles: Uint8Array
  readonly preamble: Uint8Array
  readonly keepsFrame: boolean
  readonly emptyFrames: 'deliver' | 'skip' | 'reject'
  readonly hunts: boolean
  readonly payloadBytesMax: number
}

export const PAYLOAD_BYTES_MAX_DEFAULT = 65_536
const PAYLOAD_BYTES_MAX = 2 ** 30
const DELIMITER_BYTES_MAX = 32
const ENDS_MAX = 8
const OUTSIDE_BYTES_MAX = 32
const NOTHING = new Uint8Array(0)

const KNOWN = [
  'start',
  'end',
  'escape',
  'check',
  'after',
  'singles',
  'preamble',
  'keep',
  'emptyFrames',
  'resync',
  'maxPayload',
]

/**
 * Validates options of any type, because they may come from a configuration file.
 * @throws CommloopError CML_ERR_CONFIG_INVALID with every wrong option, what was expected and what was found.
 */
export function delimitedSettings(options: Readonly<Record<string, unknown>>): DelimitedSettings {
  const reader = new PluginOptionReader('codec delimited', options, KNOWN)
  const start = reader.read(
    'start',
    NOTHING,
    upTo(DELIMITER_BYTES_MAX),
    bytesUpTo(DELIMITER_BYTES_MAX),
  )
  const ends = readEnds(reader, options['end'])
  const { escape, doubled } = readEscape(reader, options['escape'], start, ends)
  const { check, checkMark } = readCheck(reader, options['check'], escape !== undefined)
  const settings = {
    start,
    ends,
    sharesFlag: start.length === 1 && ends.some((end) => end.length === 1 && end[0] === start[0]),
    escape,
    doubled,
    check,
    checkMark,
    after: readTail(reader, 'after', options['after']),
    singles: readOutside(reader, 'singles'),
    preamble: readOutside(reader, 'preamble'),
    keepsFrame:
      reader.read('keep', 'nothing', "'nothing' or 'frame'", oneOf('nothing', 'frame')) === 'frame',
    emptyFrames: reader.read(
      'emptyFrames',
      'deliver',
      EMPTY_EXPECTED,
      oneOf('deliver', 'skip', 'reject'),
    ),
    hunts: reader.read('resync', 'close', "'close' or 'hunt'", oneOf('close', 'hunt')) === 'hunt',
    payloadBytesMax: reader.read('maxPayload', PAYLOAD_BYTES_MAX_DEFAULT, SIZES, payloadSize),
  }
  rejectContradictions(reader, settings)
  reader.throwRejected()
  return settings
}

const EMPTY_EXPECTED = "'deliver', 'skip' or 'reject'"
const SIZES = `a size of 1 byte to ${String(PAYLOAD_BYTES_MAX / 2 ** 20)} MiB`

function readEnds(reader: PluginOptionReader, value: unknown): readonly Uint8Array[] {
  const expected = `${upTo(DELIMITER_BYTES_MAX)}, or a list of up to ${String(ENDS_MAX)} of them`
  const listed = Array.isArray(value) ? (value as readonly unknown[]) : [value]
  const ends = listed.map(bytesUpTo(DELIMITER_BYTES_MAX)).filter((end) => end !== undefined)
  if (ends.length < listed.length || ends.length === 0 || ends.length > ENDS_MAX) {
    reader.reject('end', expected, value)
    return [Uint8Array.of(0x0a)]
  }
  const hidden = ends.find((end) => ends.some((other) => other !== end && endsWithin(other, end)))
  if (hidden !== undefined) {
    const text = bytesText(hidden)
    reader.rejectText(
      'end',
      `${text} contains another end, which would always end the frame first: remove one of them`,
    )
  }
  return ends
}

function readCheck(
  outer: PluginOptionReader,
  value: unknown,
  isEscaped: boolean,
): Pick<DelimitedSettings, 'check' | 'checkMark'> {
  const none = { check: undefined, checkMark: NOTHING }
  if (value === undefined) return none
  if (!isMap(value)) {
    outer.reject('check', 'a map with the key "checksum"', value)
    return none
  }
  const reader = outer.inside('check', value, ['checksum', 'as', 'mark'])
  const checksum = readChecksum(reader, value['checksum'])
  const form = reader.read('as', 'big', `one of ${CHECKSUM_FORMS.join(', ')}`, checksumForm)
  const checkMark = reader.read(
    'mark',
    NOTHING,
    upTo(DELIMITER_BYTES_MAX),
    bytesUpTo(DELIMITER_BYTES_MAX),
  )
  if (!isEscaped && (form === 'big' || form === 'little')) {
    reader.rejectText(
      'as',
      'without an escape a binary checksum may contain the end of the frame: set hex or HEX',
    )
  }
  if (checksum === undefined) return none
  return { check: new WrittenChecksum(checksum, form), checkMark }
}

function readOutside(reader: PluginOptionReader, option: string): Uint8Array {
  return reader.read(option, NOTHING, upTo(OUTSIDE_BYTES_MAX), bytesUpTo(OUTSIDE_BYTES_MAX))
}

/** What no decoder could decide. */
function rejectContradictions(
  reader: PluginOptionReader,
  { start, singles, preamble, keepsFrame, escape, check }: DelimitedSettings,
): void {
  if (singles.length > 0 && start.length === 0) {
    reader.rejectText(
      'singles',
      'without "start" they cannot be told from the first byte of a frame: set "start"',
    )
  }
  for (const [option, bytes] of Object.entries({ singles, preamble })) {
    if (start[0] === undefined || !bytes.includes(start[0])) continue
    reader.rejectText(option, 'contains the first byte of "start", with which a frame begins')
  }
  if (singles.some((byte) => preamble.includes(byte))) {
    reader.rejectText(
      'singles',
      'and "preamble" contain the same byte, which would be skipped and delivered',
    )
  }
  if (keepsFrame && (escape !== undefined || check !== undefined)) {
    const option = escape === undefined ? 'check' : 'escape'
    reader.rejectText(
      'keep',
      `keeps frames as they are on the wire, which "${option}" changes: set keep: nothing`,
    )
  }
}

function upTo(bytesMax: number): string {
  return `1 to ${String(bytesMax)} bytes: ${BYTES_EXPECTED}`
}

function bytesUpTo(bytesMax: number): (value: unknown) => Uint8Array | undefined {
  return (value) => {
    const bytes = configuredBytes(value)
    return bytes !== undefined && bytes.length >= 1 && bytes.length <= bytesMax ? bytes : undefined
  }
}

/** Whether `end` is complete within `longer`, before its last byte. */
function endsWithin(end: Uint8Array, longer: Uint8Array): boolean {
  for (let at = 0; at + end.length < longer.length; at++) {
    if (end.every((byte, place) => longer[at + place] === byte)) return true
  }
  return false
}

function payloadSize(value: unknown): number | undefined {
  const bytes =
    typeof value === 'number' || typeof value === 'string' ? sizeBytes(value) : undefined
  return bytes !== undefined && bytes >= 1 && bytes <= PAYLOAD_BYTES_MAX ? bytes : undefined
}

function oneOf<Choice extends string>(
  ...choices: readonly Choice[]
): (value: unknown) => Choice | undefined {
  return (value) => choices.find((choice) => choice === value)
}
