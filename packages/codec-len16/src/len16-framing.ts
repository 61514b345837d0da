import type { OwnFraming } from './framing-diagnosis.js'
import { isFramedBy, type LengthLayout } from './length-layout.js'
import type { Len16Settings } from './len16-options.js'

/** The framing of len16 with these settings, for the diagnosis of streams from which no frame could be decoded. */
export function len16Framing({ byteOrder, countedHeaderBytes }: Len16Settings): OwnFraming {
  const own: LengthLayout = { lengthBytes: 2, byteOrder, countsHeader: countedHeaderBytes > 0 }
  return {
    fits: (opening) => isFramedBy(own, opening),
    advice: (layout) => advice(layout, own),
  }
}

function advice(layout: LengthLayout, own: LengthLayout): string {
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
