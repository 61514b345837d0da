import type { PluginOptionReader } from '@commloop/core'
import { BYTES_EXPECTED, configuredBytes, type ConfiguredBytes, isMap } from '@commloop/framings'
import { CobsEscape, type Escape, type EscapePair, HexEscape, PairEscape } from './escape.js'

export type EscapeName = 'none' | 'slip' | 'jt808' | 'hdlc' | 'dle' | 'cobs' | 'hex'

/** The name of an escape, or a lead byte and what follows it in place of each byte that has a meaning. */
export type EscapeOption =
  | EscapeName
  | {
      readonly lead: ConfiguredBytes
      readonly pairs: readonly { readonly byte: ConfiguredBytes; readonly as: ConfiguredBytes }[]
    }

interface ReadEscape {
  readonly escape: Escape | undefined
  readonly doubled: number | undefined
}

const PAIRS_MAX = 64
const ONE_BYTE = `one byte: ${BYTES_EXPECTED}`
/** HDLC inverts this bit of a byte that it escapes. */
const HDLC_BIT = 0x20
const HDLC_FLAG = 0x7e

const PAIRS_EXPECTED = `a list of 1 to ${String(PAIRS_MAX)} maps { byte, as }`
const NO_ESCAPE: ReadEscape = { escape: undefined, doubled: undefined }

const ESCAPES: Readonly<Record<Exclude<EscapeName, 'dle'>, (() => Escape) | undefined>> = {
  none: undefined,
  slip: () =>
    new PairEscape(0xdb, [
      { byte: 0xc0, as: 0xdc },
      { byte: 0xdb, as: 0xdd },
    ]),
  jt808: () =>
    new PairEscape(0x7d, [
      { byte: 0x7e, as: 0x02 },
      { byte: 0x7d, as: 0x01 },
    ]),
  // A peer may escape any byte, such as control characters, so every second byte but the flag has a meaning.
  hdlc: () =>
    new PairEscape(
      0x7d,
      [
        { byte: 0x7e, as: 0x5e },
        { byte: 0x7d, as: 0x5d },
      ],
      (second) => (second === HDLC_FLAG ? undefined : second ^ HDLC_BIT),
    ),
  cobs: () => new CobsEscape(),
  hex: () => new HexEscape(),
}

const NAMES = [...Object.keys(ESCAPES), 'dle']
const EXPECTED = `one of ${NAMES.join(', ')}, or a map { lead, pairs }`

/** Reads the option `escape`. Rejects an escape that cannot hide the start and the ends. */
export function readEscape(
  reader: PluginOptionReader,
  value: unknown,
  start: Uint8Array,
  ends: readonly Uint8Array[],
): ReadEscape {
  if (value === undefined) return NO_ESCAPE
  if (value === 'dle') return doubledLead(reader, start, ends)
  if (isMap(value)) return custom(reader, value, ends)
  if (typeof value !== 'string' || !Object.hasOwn(ESCAPES, value)) {
    reader.reject('escape', EXPECTED, value)
    return NO_ESCAPE
  }
  const escape = ESCAPES[value as keyof typeof ESCAPES]?.()
  if (
    value === 'cobs' &&
    (start.length > 0 || ends.some((end) => end.length > 1 || end[0] !== 0))
  ) {
    reader.rejectText('escape', 'cobs needs "end: { hex: 00 }" and no "start"')
    return NO_ESCAPE
  }
  if (escape !== undefined) rejectVisible(reader, escape, ends)
  return { escape, doubled: undefined }
}

function rejectVisible(
  reader: PluginOptionReader,
  escape: Escape,
  ends: readonly Uint8Array[],
): void {
  if (ends.every((end) => escape.hides(end))) return
  reader.rejectText(
    'escape',
    'does not escape a byte of "end", so the end could stand in a payload: choose another escape or end',
  )
}

/** A byte that begins the start and every end, and stands for itself if it is doubled. */
function doubledLead(
  reader: PluginOptionReader,
  start: Uint8Array,
  ends: readonly Uint8Array[],
): ReadEscape {
  const lead = ends[0]?.[0] ?? 0
  const marks = start.length === 0 ? ends : [start, ...ends]
  if (marks.some((mark) => mark.length !== 2 || mark[0] !== lead || mark[1] === lead)) {
    reader.rejectText(
      'escape',
      'dle needs "end", and "start" if there is one, of two bytes: the byte that is doubled and another one, as in { hex: 1003 }',
    )
    return NO_ESCAPE
  }
  return { escape: new PairEscape(lead, [{ byte: lead, as: lead }]), doubled: lead }
}

function custom(
  outer: PluginOptionReader,
  value: Readonly<Record<string, unknown>>,
  ends: readonly Uint8Array[],
): ReadEscape {
  const reader = outer.inside('escape', value, ['lead', 'pairs'])
  const lead = readByte(reader, 'lead', value['lead'])
  const pairs = readPairs(reader, value['pairs'])
  if (lead === undefined || pairs === undefined) return NO_ESCAPE
  const problem = pairsProblem(lead, pairs)
  if (problem !== undefined) {
    reader.rejectText('pairs', problem)
    return NO_ESCAPE
  }
  const escape = new PairEscape(lead, pairs)
  rejectVisible(outer, escape, ends)
  return { escape, doubled: undefined }
}

function readPairs(reader: PluginOptionReader, value: unknown): readonly EscapePair[] | undefined {
  const listed = Array.isArray(value) ? (value as readonly unknown[]) : []
  if (listed.length === 0 || listed.length > PAIRS_MAX || !listed.every(isMap)) {
    reader.reject('pairs', PAIRS_EXPECTED, value)
    return undefined
  }
  const pairs = listed.map((pair, index) => {
    const inner = reader.inside(`pairs.${String(index)}`, pair, ['byte', 'as'])
    return { byte: readByte(inner, 'byte', pair['byte']), as: readByte(inner, 'as', pair['as']) }
  })
  return pairs.every(isWhole) ? pairs : undefined
}

function isWhole(pair: { byte: number | undefined; as: number | undefined }): pair is EscapePair {
  return pair.byte !== undefined && pair.as !== undefined
}

/** What would make two contents the same, or none. */
function pairsProblem(lead: number, pairs: readonly EscapePair[]): string | undefined {
  const bytes = pairs.map(({ byte }) => byte)
  if (!bytes.includes(lead)) return 'the lead needs a pair too, so that it can stand in a payload'
  if (new Set(bytes).size < bytes.length) return 'two pairs have the same "byte": remove one'
  if (new Set(pairs.map(({ as }) => as)).size < bytes.length) {
    return 'two pairs have the same "as": choose another byte for one of them'
  }
  const shown = pairs.find(({ as }) => as !== lead && bytes.includes(as))
  return shown === undefined
    ? undefined
    : 'an "as" is itself a byte that is escaped: choose another one'
}

function readByte(reader: PluginOptionReader, option: string, value: unknown): number | undefined {
  const bytes = configuredBytes(value)
  if (bytes?.length === 1) return bytes[0]
  reader.reject(option, ONE_BYTE, value)
  return undefined
}
