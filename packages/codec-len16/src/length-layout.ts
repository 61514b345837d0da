/** Where a frame's length stands and what it counts: of this codec, and of others that peers may speak instead. */
export interface LengthLayout {
  readonly lengthBytes: 2 | 4
  readonly byteOrder: 'big' | 'little'
  /** The length counts its own bytes too. */
  readonly countsHeader: boolean
}

/** One such frame may be chance; two in a row, or one that ends with the last byte, hardly is. */
const FRAMES_MIN = 2

/**
 * Whether the beginning of a stream is frames of this layout: whole ones up to its last byte, or two and a begun
 * one. Frames without payload are no evidence: to a shorter length, zeros in front of a longer one look like them.
 */
export function isFramedBy(layout: LengthLayout, opening: Uint8Array): boolean {
  const { lengthBytes, countsHeader } = layout
  const view = new DataView(opening.buffer, opening.byteOffset, opening.byteLength)
  let at = 0
  let frames = 0
  while (opening.length - at >= lengthBytes) {
    const length = lengthAt(view, at, layout)
    const frameBytes = countsHeader ? length : length + lengthBytes
    if (frameBytes <= lengthBytes) return false
    if (frameBytes > opening.length - at) return frames >= FRAMES_MIN
    at += frameBytes
    frames++
  }
  return at === opening.length ? frames > 0 : frames >= FRAMES_MIN
}

function lengthAt(view: DataView, at: number, { lengthBytes, byteOrder }: LengthLayout): number {
  const little = byteOrder === 'little'
  return lengthBytes === 2 ? view.getUint16(at, little) : view.getUint32(at, little)
}
