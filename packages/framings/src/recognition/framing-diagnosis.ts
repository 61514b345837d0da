import { framing } from '../presets/framings.js'
import { type Candidate, candidateOf } from './candidate.js'
import { codecText, optionText } from './codec-text.js'
import {
  type ForeignProtocol,
  likelyProtocol,
  tpkt,
  unmistakableProtocol,
} from './foreign-protocol.js'
import {
  bestGuesses,
  type FramingGuess,
  framingsOf,
  guessesOf,
  ownEvidenceBits,
  sameFrames,
} from './framing-guess.js'
import { isFramedBy, type LengthLayout, layoutName } from './length-layout.js'
import { openingText } from './opening-text.js'
import type { OwnFraming } from './own-framing.js'
import { differingOptions } from './wire-options.js'

/** The most common layout first. The first one that fits is reported. */
const LAYOUTS: readonly LengthLayout[] = ([2, 4] as const).flatMap((lengthBytes) =>
  [false, true].flatMap((countsHeader) =>
    (['big', 'little'] as const).map((byteOrder) => ({ lengthBytes, byteOrder, countsHeader })),
  ),
)
/** The most names in one message. */
const NAMES_MAX = 4
/** More options than this are another codec. */
const CHANGES_MAX = 2
/** How much more evidence another framing needs than that of the codec itself. */
const DOUBT_BITS = 6
/** With so much evidence for the framing of the codec itself, weak signs of others are not reported. */
const OWN_BITS_MIN = 8

/**
 * Says what a stream looks like if a codec could not decode any frame from it, and what to do about it. A codec's
 * decoder can return this from `diagnosis`. undefined: no known framing or protocol fits, or the codec's own does.
 *
 * @param opening the first bytes of the stream, up to `FIRST_BYTES_MAX`
 */
export function framingDiagnosis(opening: Uint8Array, own: OwnFraming): string | undefined {
  const unmistakable = unmistakableProtocol(opening)
  if (unmistakable !== undefined) return reportOf(opening, unmistakable)
  // The peer speaks the right framing, but was cut off or exceeded the size limit: the link's reason says so.
  if (own.fits(opening)) return undefined
  const guesses = otherGuesses(opening, own)
  if (guesses.length > 0) return report(opening, namesText(guesses), adviceText(guesses, own))
  if (isBegun(opening, own)) return undefined
  return fallback(opening, own)
}

/** What can be said without decoders, or about protocols that are not framings. */
function fallback(opening: Uint8Array, own: OwnFraming): string | undefined {
  const layout = LAYOUTS.find((candidate) => isFramedBy(candidate, opening))
  if (layout !== undefined) {
    const advice = own.advice?.(layout) ?? USE_LENGTH_FIELD
    return report(opening, layoutName(layout), advice)
  }
  const likely = tpkt(opening) ?? likelyProtocol(opening)
  return likely && reportOf(opening, likely)
}

const USE_LENGTH_FIELD = 'the codec length-field decodes it, docs/framings.md'

/** The best guesses about the stream that are clearly better than the framing of the codec itself. */
function otherGuesses(
  opening: Uint8Array,
  { candidate, spec }: OwnFraming,
): readonly FramingGuess[] {
  const mine = candidate === undefined ? 0 : ownEvidenceBits(candidate, opening)
  const least = mine === 0 ? 0 : mine + DOUBT_BITS
  const variants = candidate === undefined ? [] : variantsOf(candidate, spec?.use)
  const guesses = [...guessesOf(variants, opening), ...framingsOf(opening)].filter(
    (guess) =>
      guess.evidenceBits >= least && (candidate === undefined || !isSame(guess, candidate)),
  )
  return bestGuesses(guesses.sort((one, other) => other.evidenceBits - one.evidenceBits))
}

function isSame({ codec }: FramingGuess, { codec: own, options }: Candidate): boolean {
  return codec.use === own && differingOptions(codec.options, options).length === 0
}

/** The begun frame is one of this codec as far as it goes, so that weak evidence for others says nothing. */
function isBegun(opening: Uint8Array, { candidate }: OwnFraming): boolean {
  return candidate !== undefined && ownEvidenceBits(candidate, opening) >= OWN_BITS_MIN
}

// ── what it looks like ──────────────────────────────────────────────────────────────────────────────────────────

function reportOf(opening: Uint8Array, { name, advice }: ForeignProtocol): string {
  return report(opening, name, advice)
}

function report(opening: Uint8Array, name: string, advice: string): string {
  return `the peer's first bytes (${openingText(opening)}) look like ${name}: ${advice}`
}

/** `telegram-40`; `decimal-4 that counts itself, or telegram-40`. */
export function namesText(guesses: readonly FramingGuess[]): string {
  const named = guesses.filter(hasName)
  const others = guesses.filter(
    (guess) => !hasName(guess) && !named.some((other) => sameFrames(guess, other)),
  )
  const names = [...new Set([...named, ...others].map(({ name }) => name))]
  const listed = names.slice(0, NAMES_MAX)
  if (names.length > NAMES_MAX)
    return `${listed.join(', ')}, or ${String(names.length - NAMES_MAX)} more`
  const last = listed.pop() ?? ''
  return listed.length === 0 ? last : `${listed.join(', ')}, or ${last}`
}

/** Whether a configuration can name the framing instead of all its options. */
function hasName({ spec, codec }: FramingGuess): boolean {
  return spec.use !== codec.use
}

// ── what to do ──────────────────────────────────────────────────────────────────────────────────────────────────

/** One advice if all guesses are the same frames, and one for each of them otherwise. */
function adviceText(guesses: readonly FramingGuess[], own: OwnFraming): string {
  const distinct = guesses.filter(
    (guess, index) => guesses.findIndex((earlier) => sameFrames(earlier, guess)) === index,
  )
  const advices = distinct.slice(0, NAMES_MAX).map((guess) => adviceFor(guess, own))
  return advices.join(', or ')
}

function adviceFor(guess: FramingGuess, own: OwnFraming): string {
  const { layout } = guess
  const ofCodec = layout === undefined ? undefined : own.advice?.(layout)
  return ofCodec ?? changes(guess, own) ?? `set codec: ${codecText(guess.spec)}`
}

/** The options to change, if the codec is the right one and few of its options are wrong. */
function changes({ codec }: FramingGuess, { spec, candidate }: OwnFraming): string | undefined {
  if (spec === undefined || candidate === undefined || codec.use !== candidate.codec)
    return undefined
  const paths = differingOptions(candidate.options, codec.options)
  if (paths.length === 0 || paths.length > CHANGES_MAX) return undefined
  const isGeneral = spec.use === candidate.codec
  const open = framing(spec.use)?.open ?? []
  if (!isGeneral && !paths.every((path) => open.includes(path.split('.')[0] ?? '')))
    return undefined
  return `set ${paths.map((path) => optionText(path, codec.options)).join(' and ')} in "codec"`
}

const ORDERS = ['big', 'little'] as const
const COUNTS = ['frame', 'body', 'rest', 'itself'] as const
const BINARY_BYTES = [1, 2, 3, 4, 8] as const

/** The framing with one option changed, for codecs whose options an operator may have mixed up. */
function variantsOf({ codec, options }: Candidate, use: string | undefined): readonly Candidate[] {
  if (codec !== 'length-field' || use !== codec) return []
  const { length } = options
  const map = typeof length === 'number' ? { bytes: length } : { ...(length as object) }
  const isBinary = !('encoding' in map) || map.encoding === 'binary'
  const changed = [
    ...(isBinary ? ORDERS.map((byteOrder) => ({ length: { ...map, byteOrder } })) : []),
    ...COUNTS.map((counts) => ({ counts })),
    ...(isBinary ? BINARY_BYTES.map((bytes) => ({ length: { ...map, bytes } })) : []),
  ]
  return changed.map((change) => {
    const others = { ...options, ...change }
    const paths = differingOptions(options, others).map((path) => optionText(path, others))
    return candidateOf(codec, others, `${codec} with ${paths.join(' and ')}`)
  })
}
