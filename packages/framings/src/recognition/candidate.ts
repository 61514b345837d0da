import type { PluginOptions } from '@commloop/core'
import { configuredBytes } from '../configured-bytes.js'
import type { Framing } from '../framing.js'
import { FRAMINGS } from '../presets/framings.js'
import { type MayBegin, mayBegin } from './frame-beginning.js'
import { type FrameEvidence, frameEvidence, lengthMap } from './frame-evidence.js'
import { type LengthLayout, layoutName } from './length-layout.js'
import { carriesText, doubtBits, type PeerHabit, peerHabit } from './peer-habits.js'

/** A codec as a configuration names it. */
export interface CodecSpec {
  readonly use: string
  readonly options: PluginOptions
}

/** A framing that a stream may have. */
export interface Candidate {
  /** How people call it. */
  readonly name: string
  readonly spec: CodecSpec
  /** The codec whose decoder is tried, with its options. */
  readonly codec: string
  readonly options: PluginOptions
  readonly mayBegin: MayBegin
  readonly evidence: FrameEvidence
  readonly doubt: number
  readonly habit: PeerHabit | undefined
  readonly carriesText: boolean
  /** Size of a payload without a body. */
  readonly emptyBytes: number
  /** Bytes that are frames by themselves. They are everywhere, so they are not evidence. */
  readonly singles: Uint8Array
  /** Set for a plain binary length of two or four bytes. */
  readonly layout: LengthLayout | undefined
}

/** The framing of a codec whose options say everything. */
export function candidateOf(codec: string, options: PluginOptions, name = codec): Candidate {
  return {
    name,
    spec: { use: codec, options },
    codec,
    options,
    mayBegin: mayBegin(codec, options),
    evidence: frameEvidence(codec, options),
    doubt: doubtBits(name),
    habit: peerHabit(name),
    carriesText: carriesText(name),
    emptyBytes: emptyBytes(options),
    singles: configuredBytes(options['singles']) ?? new Uint8Array(0),
    layout: undefined,
  }
}

/** Everything that is recognised, in the order in which equally good guesses are listed. */
export function allCandidates(): readonly Candidate[] {
  all ??= [...layouts(), ...FRAMINGS.map(named), ...digits()]
  return all
}

let all: readonly Candidate[] | undefined

function named(framing: Framing): Candidate {
  const { name, codec, options } = framing
  const candidate = candidateOf(codec, options, name)
  return { ...candidate, spec: { use: name, options: {} }, layout: PLAIN_LAYOUTS[name] }
}

const PLAIN_LAYOUTS: Readonly<Record<string, LengthLayout>> = {
  len32: { lengthBytes: 4, byteOrder: 'big', countsHeader: false },
  'len32-le': { lengthBytes: 4, byteOrder: 'little', countsHeader: false },
  'len32-inclusive': { lengthBytes: 4, byteOrder: 'big', countsHeader: true },
}

/** Those of len16, and the one of four bytes that has no name. */
function layouts(): Candidate[] {
  const ofTwo = [false, true].flatMap((countsHeader) =>
    (['big', 'little'] as const).map((byteOrder) => {
      return { lengthBytes: 2, byteOrder, countsHeader } as const
    }),
  )
  return [...ofTwo, { lengthBytes: 4, byteOrder: 'little', countsHeader: true } as const].map(
    (layout) => {
      const { lengthBytes, byteOrder, countsHeader } = layout
      const options = {
        length: { bytes: lengthBytes, ...(byteOrder === 'big' ? {} : { byteOrder }) },
        ...(countsHeader ? { counts: 'frame' } : {}),
      }
      const candidate = candidateOf('length-field', options, layoutName(layout))
      const ofLen16 = {
        ...(byteOrder === 'big' ? {} : { byteOrder }),
        ...(countsHeader ? { lengthIncludesHeader: true } : {}),
      }
      const spec = lengthBytes === 2 ? { use: 'len16', options: ofLen16 } : candidate.spec
      return { ...candidate, doubt: countsHeader || byteOrder === 'little' ? 1 : 0, spec, layout }
    },
  )
}

const DIGITS = [2, 3, 4, 5, 6, 8] as const

/** Lengths in digits that have no name of their own. */
function digits(): Candidate[] {
  const hex = { length: { encoding: 'hex', bytes: 4 }, counts: 'frame' }
  const ofHex = candidateOf('length-field', hex, 'hex-4 that counts itself')
  const ofDecimal = DIGITS.flatMap((bytes) =>
    (['body', 'frame'] as const).flatMap((counts) => {
      if (bytes === 4 && counts === 'body') return []
      const options = {
        length: { encoding: 'decimal', bytes },
        ...(counts === 'body' ? {} : { counts }),
      }
      const base = bytes === 4 ? 'decimal-4' : `a length in ${String(bytes)} ASCII digits`
      const name = counts === 'body' ? base : `${base} that counts itself`
      return [{ ...candidateOf('length-field', options, name), doubt: 2 }]
    }),
  )
  return [...ofDecimal, { ...ofHex, doubt: 4 }]
}

function emptyBytes({ keep, header, length }: PluginOptions): number {
  if (keep === 'frame') return 2
  if (keep !== 'header') return 0
  if (typeof header === 'number') return header
  const { offset, again, bytes } = lengthMap(length)
  return Math.max(numberOr(offset, 0), numberOr(again, 0)) + numberOr(bytes, 1)
}

function numberOr(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise
}
