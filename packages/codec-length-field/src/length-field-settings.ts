import { PluginOptionReader, sizeBytes } from '@commloop/core'
import {
  BYTES_EXPECTED,
  configuredBytes,
  type FrameTail,
  isMap,
  readTail,
} from '@commloop/framings'
import { type LengthSettings, oneByte, oneOf, readLength, whole } from './length-options.js'
import { LENGTH_MAX } from './number/length-number.js'

/** One constant byte of a header. */
export interface MagicByte {
  readonly at: number
  readonly byte: number
}

export type Keep = 'nothing' | 'header' | 'frame'
export type EmptyFrames = 'deliver' | 'reject' | 'skip'

/** `LengthFieldOptions`, validated, with defaults. */
export interface LengthFieldSettings {
  readonly length: LengthSettings
  /** The size of the number depends on its value. */
  readonly varies: boolean
  /** Bytes before the body, without the length itself if its size varies. */
  readonly headerBytes: number
  /** A frame has this many bytes more than its length says, without the length itself if its size varies. */
  readonly uncountedBytes: number
  readonly magic: readonly MagicByte[]
  readonly tail: FrameTail
  readonly keep: Keep
  /** -1: none */
  readonly preamble: number
  readonly emptyFrames: EmptyFrames
  readonly hunts: boolean
  readonly payloadBytesMax: number
  /** What both sides must have in common, for comparison. */
  readonly wire: Readonly<Record<string, string>>
}

const PAYLOAD_BYTES_MAX_DEFAULT = 2 ** 20
/** Above, a header is probably a body. */
const HEADER_BYTES_MAX = 1024
const ADJUST_MAX = 65_536
const MAGIC_PARTS_MAX = 8

const COUNTS = ['body', 'rest', 'itself', 'frame'] as const
const KNOWN = [
  'length',
  'counts',
  'adjust',
  'header',
  'magic',
  'trailer',
  'keep',
  'preamble',
  'emptyFrames',
  'resync',
  'maxPayload',
]
/** Options about which the two sides of a link may differ. */
const LOCAL = ['keep', 'emptyFrames', 'resync', 'maxPayload']

type Options = Readonly<Record<string, unknown>>

/**
 * Validates options of any type, because they may come from a configuration file.
 * @throws CommloopError CML_ERR_CONFIG_INVALID with every wrong option, what is wrong and what to do.
 */
export function lengthFieldSettings(options: Options): LengthFieldSettings {
  const reader = new PluginOptionReader('codec length-field', options, KNOWN)
  const length = readLength(reader, options['length'])
  const { number } = length
  const varies = number.bytesMin !== number.bytesMax
  const headerBytes = readHeader(reader, length, varies)
  const tail = readTail(reader, 'trailer', options['trailer'])
  const magic = readMagic(reader, options['magic'])
  rejectOverlaps(reader, length, varies ? length.offset : headerBytes, magic)
  const keep = reader.read('keep', 'nothing', "'nothing', 'header' or 'frame'", keepOf)
  const layout = { length, varies, headerBytes, tail, keep, magic }
  const uncountedBytes = readUncounted(reader, layout)
  rejectIdle(reader, layout, uncountedBytes)
  const settings = {
    ...layout,
    uncountedBytes,
    preamble: readPreamble(reader, magic),
    emptyFrames: reader.read('emptyFrames', 'deliver', "'deliver', 'reject' or 'skip'", emptyOf),
    hunts: readHunts(reader, magic),
    payloadBytesMax: readPayloadBytesMax(reader, layout, uncountedBytes),
    wire: wireOf(options),
  }
  reader.throwRejected()
  return settings
}

type Layout = Pick<
  LengthFieldSettings,
  'length' | 'varies' | 'headerBytes' | 'tail' | 'keep' | 'magic'
>

const keepOf = oneOf('nothing', 'header', 'frame')
const emptyOf = oneOf('deliver', 'reject', 'skip')

function readHeader(
  reader: PluginOptionReader,
  { offset, again, number }: LengthSettings,
  varies: boolean,
): number {
  const least = varies ? offset : Math.max(offset, again ?? 0) + number.bytesMax
  const expected = varies
    ? 'no such option, because the body follows a length of varying size'
    : `a number from ${String(least)}, where the length ends, to ${String(HEADER_BYTES_MAX)}`
  return reader.read(
    'header',
    least,
    expected,
    varies ? () => undefined : whole(least, HEADER_BYTES_MAX),
  )
}

function readUncounted(reader: PluginOptionReader, layout: Layout): number {
  const { length, varies, headerBytes, tail } = layout
  const words = varies ? COUNTS.slice(0, 2) : COUNTS
  const counts = reader.read('counts', 'body', `one of ${words.join(', ')}`, oneOf(...words))
  const range = `a whole number from -${String(ADJUST_MAX)} to ${String(ADJUST_MAX)}`
  const adjust = reader.read('adjust', 0, range, whole(-ADJUST_MAX, ADJUST_MAX))
  const uncounted = {
    body: headerBytes + tail.bytes,
    rest: varies ? length.offset : length.offset + length.number.bytesMax,
    itself: length.offset,
    frame: 0,
  }
  const uncountedBytes = uncounted[counts] - adjust
  if (uncountedBytes > headerBytes + tail.bytes) {
    reader.rejectText(
      'adjust',
      'the length of an empty frame would be negative: use a larger number',
    )
  }
  return uncountedBytes
}

function readMagic(reader: PluginOptionReader, value: unknown): readonly MagicByte[] {
  if (value === undefined) return []
  if (!Array.isArray(value) || value.length > MAGIC_PARTS_MAX) {
    const bytes = configuredBytes(value)
    if (bytes !== undefined && bytes.length > 0) return magicBytes(0, bytes)
    const list = `a list of up to ${String(MAGIC_PARTS_MAX)} parts { at, bytes }`
    reader.reject('magic', `${BYTES_EXPECTED}, or ${list}`, value)
    return []
  }
  return value.flatMap((part: unknown, index) => {
    const place = `magic.${String(index)}`
    if (!isMap(part)) {
      reader.reject(place, '{ at, bytes }', part)
      return []
    }
    const inner = reader.inside(place, part, ['at', 'bytes'])
    const at = inner.read('at', 0, 'a place in the header', whole(0, HEADER_BYTES_MAX - 1))
    const bytes = configuredBytes(part['bytes'])
    if (bytes === undefined) inner.reject('bytes', BYTES_EXPECTED, part['bytes'])
    return bytes === undefined ? [] : magicBytes(at, bytes)
  })
}

function magicBytes(at: number, bytes: Uint8Array): readonly MagicByte[] {
  return Array.from(bytes, (byte, place) => ({ at: at + place, byte }))
}

/** Each byte of a header has one meaning. */
function rejectOverlaps(
  reader: PluginOptionReader,
  { offset, again, number }: LengthSettings,
  headerBytes: number,
  magic: readonly MagicByte[],
): void {
  const width = number.bytesMax
  if (again !== undefined && Math.abs(again - offset) < width) {
    reader.rejectText('length.again', 'the two lengths overlap: use another place')
  }
  const taken = new Set<number>()
  for (const { at } of magic) {
    const isLength = [offset, again].some(
      (from) => from !== undefined && at >= from && at < from + width,
    )
    if (at >= headerBytes) {
      const remedy = 'use places before it, or a larger header'
      reader.rejectText('magic', `byte ${String(at)} is behind the header: ${remedy}`)
    } else if (isLength || taken.has(at)) {
      reader.rejectText('magic', `byte ${String(at)} has another meaning already: use other places`)
    }
    taken.add(at)
  }
}

function rejectIdle(reader: PluginOptionReader, layout: Layout, uncountedBytes: number): void {
  const { length, headerBytes, tail } = layout
  const { idle, shift, mask } = length
  if (idle === undefined) return
  if (shift > 0 || mask !== undefined) {
    reader.rejectText('length.idle', 'not possible with shift or mask: remove one of them')
  }
  if (idle + uncountedBytes >= headerBytes + tail.bytes) {
    reader.rejectText('length.idle', 'a frame can have this length: use emptyFrames: skip')
  }
}

function readPreamble(reader: PluginOptionReader, magic: readonly MagicByte[]): number {
  const preamble = reader.read('preamble', -1, `one byte: ${BYTES_EXPECTED}`, oneByte)
  const first = magic.find(({ at }) => at === 0)
  if (preamble !== -1 && (first === undefined || first.byte === preamble)) {
    reader.rejectText('preamble', 'add a magic that begins the frame with another byte')
  }
  return preamble
}

function readHunts(reader: PluginOptionReader, magic: readonly MagicByte[]): boolean {
  const hunts =
    reader.read('resync', 'close', "'close' or 'hunt'", oneOf('close', 'hunt')) === 'hunt'
  if (hunts && !magic.some(({ at }) => at === 0)) {
    reader.rejectText('resync', 'hunt needs a magic at the first byte, to find the next frame by')
  }
  return hunts
}

function readPayloadBytesMax(
  reader: PluginOptionReader,
  layout: Layout,
  uncountedBytes: number,
): number {
  const { length, varies, headerBytes, tail, keep } = layout
  const { number, shift, mask } = length
  const highest = mask === undefined ? number.valueMax : Math.min(number.valueMax, mask)
  const keptLength = varies && keep !== 'nothing' ? number.bytesMax : 0
  const stripped = { nothing: headerBytes + tail.bytes, header: tail.bytes, frame: 0 }[keep]
  const most = Math.floor(highest / 2 ** shift) + uncountedBytes + keptLength - stripped
  const limit = Math.min(most, LENGTH_MAX - HEADER_BYTES_MAX)
  if (limit < 1) reader.rejectText('length', 'no payload fits: use more bytes')
  const expected = `a size of 1 to ${String(limit)} bytes`
  return reader.read(
    'maxPayload',
    Math.min(limit, PAYLOAD_BYTES_MAX_DEFAULT),
    expected,
    (value) => {
      const isSize = typeof value === 'number' || typeof value === 'string'
      const bytes = isSize ? sizeBytes(value) : undefined
      return bytes !== undefined && bytes >= 1 && bytes <= limit ? bytes : undefined
    },
  )
}

function wireOf(options: Options): Readonly<Record<string, string>> {
  const shared = KNOWN.filter((option) => !LOCAL.includes(option))
  return Object.fromEntries(shared.map((option) => [option, wireText(option, options[option])]))
}

const DEFAULTS: Readonly<Record<string, unknown>> = { counts: 'body', adjust: 0 }

/** Equal options lead to equal texts, whatever the order of their keys and the form of their bytes. */
function wireText(option: string, value: unknown): string {
  if (option === 'length' && typeof value === 'number') return wireText(option, { bytes: value })
  return JSON.stringify(canonical(value ?? DEFAULTS[option] ?? null))
}

function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical)
  if (!isMap(value)) return value
  const bytes = configuredBytes(value)
  if (bytes !== undefined) return String.fromCharCode(...bytes)
  const keys = Object.keys(value).sort()
  return Object.fromEntries(keys.map((key) => [key, canonical(value[key])]))
}
