import { latin1, likelyProtocol, tpkt, unmistakableProtocol } from './foreign-protocol.js'
import { isFramedBy, type LengthLayout } from './length-layout.js'

/** What a codec knows about its own framing, so that `framingDiagnosis` can distinguish it from others. */
export interface OwnFraming {
  /**
   * Whether these bytes are frames of this codec, with its present settings. Then the peer speaks the right framing,
   * and the stream ended for another reason.
   */
  fits(opening: Uint8Array): boolean
  /** What the operator can do if the peer sends frames of this layout instead: `set byteOrder: little in "codec"`. */
  advice(layout: LengthLayout): string
}

/** The most common layout first. The first one that fits is reported. */
const LAYOUTS: readonly LengthLayout[] = ([2, 4] as const).flatMap((lengthBytes) =>
  [false, true].flatMap((countsHeader) =>
    (['big', 'little'] as const).map((byteOrder) => ({ lengthBytes, byteOrder, countsHeader })),
  ),
)
const SHOWN_BYTES_MAX = 8
const SHOWN_TEXT_MAX = 16

/**
 * Says what a stream looks like if a codec could not decode any frame from it, and what to do about it. A codec's
 * decoder can return this from `diagnosis`. undefined: no known framing or protocol fits, or the codec's own does.
 *
 * @param opening the first bytes of the stream, up to `FIRST_BYTES_MAX`
 */
export function framingDiagnosis(opening: Uint8Array, own: OwnFraming): string | undefined {
  const unmistakable = unmistakableProtocol(opening)
  if (unmistakable !== undefined) return report(opening, unmistakable.name, unmistakable.advice)
  // The peer speaks the right framing, but was cut off or exceeded the size limit: the link's reason says so.
  if (own.fits(opening)) return undefined
  const layout = LAYOUTS.find((candidate) => isFramedBy(candidate, opening))
  if (layout !== undefined) return report(opening, layoutName(layout), own.advice(layout))
  const likely = tpkt(opening) ?? likelyProtocol(opening)
  return likely && report(opening, likely.name, likely.advice)
}

function report(opening: Uint8Array, name: string, advice: string): string {
  return `the peer's first bytes (${shown(opening)}) look like ${name}: ${advice}`
}

function layoutName({ lengthBytes, byteOrder, countsHeader }: LengthLayout): string {
  const width = lengthBytes === 2 ? 'two' : 'four'
  const counted = countsHeader ? ' that counts itself' : ''
  return `a length of ${width} bytes, ${byteOrder} endian${counted}`
}

/** Text as text, with a dot for every other byte; anything else in hexadecimal. */
function shown(opening: Uint8Array): string {
  const text = latin1(opening.subarray(0, SHOWN_TEXT_MAX))
  if (/^[\x20-\x7e]{4}/.test(text)) return `"${text.replace(/[^\x20-\x7e]+/g, '.')}"`
  const bytes = [...opening.subarray(0, SHOWN_BYTES_MAX)]
  const more = opening.length > SHOWN_BYTES_MAX ? ' …' : ''
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(' ') + more
}
