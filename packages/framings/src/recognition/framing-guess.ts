import type { FrameDecoder } from '@commloop/core'
import { allCandidates, type Candidate, type CodecSpec } from './candidate.js'
import { decoderSource } from './decoder-source.js'
import { latin1 } from './foreign-protocol.js'
import type { LengthLayout } from './length-layout.js'
import type { PeerHabit } from './peer-habits.js'
import { sameOnWire } from './wire-options.js'

/** A framing that explains the first bytes of a stream. */
export interface FramingGuess {
  /** The name of a codec, or how people call it if it has none. */
  readonly name: string
  /** What a configuration contains for it. */
  readonly spec: CodecSpec
  /** The codec that does the work, with all of its options. */
  readonly codec: CodecSpec
  /** -log2 of the probability that the bytes would be such frames by chance. An estimate. */
  readonly evidenceBits: number
  /** Complete frames in the bytes. */
  readonly frames: number
  /** Whether the last frame ends with the last byte. */
  readonly isWhole: boolean
  /** Set for a plain binary length of two or four bytes. */
  readonly layout: LengthLayout | undefined
}

/** More bytes are not considered. */
export const OPENING_BYTES_MAX = 1024
/** How far habits look. */
const HABIT_BYTES_MAX = 64
/** With less evidence, a guess says nothing. */
const EVIDENCE_BITS_MIN = 10
/** What a frame must show beside its length if it is the only one and does not end with the last byte. */
const BEGUN_BITS_MIN = 20
/** An empty frame is evidence only if so much of it had to be right. Zeros look like empty frames of many framings. */
const EMPTY_BITS_MIN = 20
/** Less than this between two guesses does not decide. */
const AMBIGUOUS_BITS = 4
/** A frame ends with the last byte by chance once in so many bits. More are not counted. */
const END_BITS_MAX = 8
/** Bytes of random streams are text with a probability of 2^-1.4 each. More than this is not counted. */
const TEXT_BITS_MAX = 6
const TEXT_BITS_PER_BYTE = 1.4

/**
 * The framings that the first bytes of a stream may have, the best guess first. Empty: none is known. Only the codecs whose
 * packages are loaded are considered. This takes about a millisecond, so it is for streams that failed.
 */
export function framingsOf(opening: Uint8Array): readonly FramingGuess[] {
  return guessesOf(allCandidates(), opening)
}

/** Those of the candidates that explain the first bytes of a stream, the best one first. */
export function guessesOf(
  candidates: readonly Candidate[],
  opening: Uint8Array,
): readonly FramingGuess[] {
  const bytes = opening.slice(0, OPENING_BYTES_MAX)
  const text = latin1(bytes.subarray(0, HABIT_BYTES_MAX))
  const guesses = candidates.flatMap((candidate) => guessOf(candidate, bytes, text) ?? [])
  return guesses.sort((one, other) => other.evidenceBits - one.evidenceBits)
}

/** The best guess, those that are not clearly worse, and those that mean the same frames. */
export function bestGuesses(guesses: readonly FramingGuess[]): readonly FramingGuess[] {
  const [best] = guesses
  if (best === undefined) return []
  return guesses.filter(
    (guess) => guess.evidenceBits > best.evidenceBits - AMBIGUOUS_BITS || sameFrames(guess, best),
  )
}

/** Whether two guesses mean the same frames, so that it does not matter which one is right. */
export function sameFrames({ codec: one }: FramingGuess, { codec: other }: FramingGuess): boolean {
  return one.use === other.use && sameOnWire(one.options, other.options)
}

/** How well a framing explains these bytes; undefined: not at all. */
function guessOf(
  candidate: Candidate,
  opening: Uint8Array,
  text: string,
): FramingGuess | undefined {
  const habitBits = bitsOfHabit(candidate, text)
  const seen = habitBits === undefined ? undefined : decoded(candidate, opening, habitBits)
  if (habitBits === undefined || seen === undefined) return undefined
  const evidenceBits = Math.round(bitsOf(candidate, seen, opening, habitBits))
  if (evidenceBits < EVIDENCE_BITS_MIN) return undefined
  const { name, spec, codec, options, layout } = candidate
  const { frames, isWhole } = seen
  return { name, spec, codec: { use: codec, options }, evidenceBits, frames, isWhole, layout }
}

/**
 * The evidence that these bytes are frames of this candidate although the last one is cut off. 0: there is none, or they
 * cannot be its frames.
 */
export function ownEvidenceBits(candidate: Candidate, opening: Uint8Array): number {
  const text = latin1(opening.subarray(0, HABIT_BYTES_MAX))
  const habitBits = bitsOfHabit({ ...candidate, habit: optional(candidate.habit) }, text) ?? 0
  const seen = decoded(candidate, opening, habitBits)
  if (seen === undefined) return 0
  const { fixedBits, rangeBits, frames } = seen
  return habitBits + (frames === 0 ? headBits(candidate, opening) : fixedBits + rangeBits)
}

/** A peer may have other habits than those that are known. */
function optional(habit: PeerHabit | undefined): PeerHabit | undefined {
  return habit && { ...habit, needed: false }
}

function headBits({ evidence }: Candidate, opening: Uint8Array): number {
  return opening.length >= evidence.headBytes ? evidence.head : 0
}

/** undefined: the framing is out of the question. */
function bitsOfHabit({ habit }: Candidate, text: string): number | undefined {
  if (habit === undefined) return 0
  if (habit.begins.test(text)) return habit.bits
  return habit.needed ? undefined : 0
}

const CODECS = new WeakMap<Candidate, ReturnType<NonNullable<ReturnType<typeof decoderSource>>>>()

/** @returns undefined if the package of the codec is not loaded, or rejects the options */
function decoderOf(candidate: Candidate): FrameDecoder | undefined {
  try {
    const codec = CODECS.get(candidate) ?? decoderSource(candidate.codec)?.(candidate.options)
    if (codec === undefined) return undefined
    CODECS.set(candidate, codec)
    return codec.createDecoder()
  } catch {
    return undefined
  }
}

interface Decoded {
  readonly frames: number
  readonly isWhole: boolean
  /** What had to be right in the frames, and what their lengths could have been. */
  readonly fixedBits: number
  readonly rangeBits: number
  readonly textBytes: number
}

/** What the decoder makes of the bytes; undefined: they are not its frames. */
function decoded(
  candidate: Candidate,
  opening: Uint8Array,
  habitBits: number,
): Decoded | undefined {
  const { evidence, emptyBytes, codec } = candidate
  const sum = { frames: 0, fixedBits: 0, rangeBits: 0, textBytes: 0 }
  const decoder = candidate.mayBegin(opening) ? decoderOf(candidate) : undefined
  if (decoder === undefined) return undefined
  let left = opening.length
  try {
    decoder.push(opening.slice())
    for (let payload = decoder.next(); payload !== undefined; payload = decoder.next()) {
      const isEmpty = payload.length <= emptyBytes
      const isSingle = payload.length === 1 && candidate.singles.includes(payload[0] ?? 0)
      if (candidate.carriesText && !isSingle && !isText(payload)) return undefined
      const places = codec === 'delimited' ? payload.length : left
      left = Math.max(0, left - payload.length - Math.ceil(evidence.fixed / 8))
      if (isSingle || (isEmpty && evidence.fixed + habitBits < EMPTY_BITS_MIN)) continue
      sum.frames++
      sum.fixedBits += evidence.fixed
      sum.textBytes += payload.length
      // A delimiter could have been at any place of the frame, and a length could have said any number.
      const range = evidence.range(payload.length) - Math.log2(places + 1)
      sum.rangeBits += codec === 'delimited' ? range : Math.max(0, range)
    }
    return { ...sum, isWhole: !decoder.midFrame && sum.frames > 0 }
  } catch {
    return undefined
  }
}

function bitsOf(
  candidate: Candidate,
  { frames, isWhole, fixedBits, rangeBits, textBytes }: Decoded,
  opening: Uint8Array,
  habitBits: number,
): number {
  const { doubt, carriesText } = candidate
  const beside = habitBits - doubt
  if (!isWhole && frames < 2) {
    // Its length proves nothing, and the end of a begun frame is not there.
    const bits = (frames === 0 ? headBits(candidate, opening) : fixedBits) + beside
    return bits >= BEGUN_BITS_MIN ? bits : 0
  }
  const ofText = carriesText ? Math.min(TEXT_BITS_MAX, TEXT_BITS_PER_BYTE * textBytes) : 0
  const atTheEnd = isWhole ? Math.min(END_BITS_MAX, Math.log2(opening.length + 1)) : 0
  return fixedBits + rangeBits + atTheEnd + ofText + beside
}

const UTF8 = new TextDecoder('utf-8', { fatal: true })

/** Characters, and the control characters that texts of devices contain. */
function isText(payload: Uint8Array): boolean {
  const isPlain = payload.every(
    (byte) => (byte >= 0x20 && byte !== 0x7f) || (byte >= 0x09 && byte <= 0x0d),
  )
  if (!isPlain) return false
  try {
    UTF8.decode(payload)
    return true
  } catch {
    return false
  }
}
