import { isFramedBy, type LengthLayout, type OwnFraming, ownFraming } from '@commloop/framings'
import type { Len16Settings } from './len16-options.js'

/** The framing of len16 with these settings, for the diagnosis of streams from which no frame could be decoded. */
export function len16Framing({ byteOrder, countedHeaderBytes }: Len16Settings): OwnFraming {
  const own: LengthLayout = { lengthBytes: 2, byteOrder, countsHeader: countedHeaderBytes > 0 }
  const options = {
    length: { bytes: own.lengthBytes, byteOrder },
    counts: own.countsHeader ? 'frame' : 'body',
  }
  return {
    ...ownFraming('length-field', options),
    spec: { use: 'len16', options: {} },
    fits: (opening) => isFramedBy(own, opening),
    advice: (layout) => advice(layout, own),
  }
}

function advice(layout: LengthLayout, own: LengthLayout): string {
  if (layout.lengthBytes !== own.lengthBytes) return `set codec: ${codecWithFour(layout)}`
  const changes: string[] = []
  if (layout.byteOrder !== own.byteOrder) changes.push(`byteOrder: ${layout.byteOrder}`)
  if (layout.countsHeader !== own.countsHeader) {
    changes.push(`lengthIncludesHeader: ${String(layout.countsHeader)}`)
  }
  return `set ${changes.join(' and ')} in "codec"`
}

/** A length of four bytes has a name, unless it is little endian and counts itself. */
function codecWithFour({ byteOrder, countsHeader }: LengthLayout): string {
  if (!countsHeader) return byteOrder === 'big' ? 'len32' : 'len32-le'
  if (byteOrder === 'big') return 'len32-inclusive'
  return '{ use: length-field, length: { bytes: 4, byteOrder: little }, counts: frame }'
}
