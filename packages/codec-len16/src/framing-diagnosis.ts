import { latin1, likelyProtocol, tpkt, unmistakableProtocol } from './foreign-protocol.js'
import { isFramedBy, type LengthLayout } from './length-layout.js'
import type { Len16Settings } from './len16-options.js'

/** In the order in which they are met in practice; the first that fits is named. */
const LAYOUTS: readonly LengthLayout[] = ([2, 4] as const).flatMap((lengthBytes) =>
  [false, true].flatMap((countsHeader) =>
    (['big', 'little'] as const).map((byteOrder) => ({ lengthBytes, byteOrder, countsHeader })),
  ),
)
const SHOWN_BYTES_MAX = 8
const SHOWN_TEXT_MAX = 16

/**
 * What a stream looks like that these settings could not cut into frames, and what to set; undefined: nothing that
 * is known, or the settings do fit. Judges from the first bytes alone: for streams that failed, not for all.
 */
export function framingDiagnosis(opening: Uint8Array, settings: Len16Settings): string | undefined {
  const own: LengthLayout = {
    lengthBytes: 2,
    byteOrder: settings.byteOrder,
    countsHeader: settings.countedHeaderBytes > 0,
  }
  const unmistakable = unmistakableProtocol(opening)
  if (unmistakable !== undefined) return told(opening, unmistakable.name, unmistakable.advice)
  // A right peer that was cut off, or that goes beyond `maxPayload`: what ended the stream says it all.
  if (isFramedBy(own, opening)) return undefined
  const layout = LAYOUTS.find((candidate) => isFramedBy(candidate, opening))
  if (layout !== undefined) return told(opening, layoutName(layout), layoutAdvice(layout, own))
  const likely = tpkt(opening) ?? likelyProtocol(opening)
  return likely && told(opening, likely.name, likely.advice)
}

function told(opening: Uint8Array, name: string, advice: string): string {
  return `the peer's first bytes (${shown(opening)}) look like ${name}: ${advice}`
}

function layoutName({ lengthBytes, byteOrder, countsHeader }: LengthLayout): string {
  const width = lengthBytes === 2 ? 'two' : 'four'
  const counted = countsHeader ? ' that counts itself' : ''
  return `a length of ${width} bytes, ${byteOrder} endian${counted}`
}

function layoutAdvice(layout: LengthLayout, own: LengthLayout): string {
  if (layout.lengthBytes !== own.lengthBytes) {
    return 'len16 has two; write a codec for it, docs/writing-a-codec.md'
  }
  const changes: string[] = []
  if (layout.byteOrder !== own.byteOrder) changes.push(`byteOrder: ${layout.byteOrder}`)
  if (layout.countsHeader !== own.countsHeader) {
    changes.push(`lengthIncludesHeader: ${String(layout.countsHeader)}`)
  }
  return `set ${changes.join(' and ')} in "codec"`
}

/** Text as text, with every other byte as a dot; the rest in hexadecimal. */
function shown(opening: Uint8Array): string {
  const text = latin1(opening.subarray(0, SHOWN_TEXT_MAX))
  if (/^[\x20-\x7e]{4}/.test(text)) return `"${text.replace(/[^\x20-\x7e]+/g, '.')}"`
  const bytes = [...opening.subarray(0, SHOWN_BYTES_MAX)]
  const more = opening.length > SHOWN_BYTES_MAX ? ' …' : ''
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(' ') + more
}
