/** A framing with a binary length before each payload. */
export interface LengthLayout {
  readonly lengthBytes: 2 | 4
  readonly byteOrder: 'big' | 'little'
  /** True if the length includes its own bytes. */
  readonly countsHeader: boolean
}

/** One frame may fit by chance; two in a row, or one that ends with the last byte, hardly do. */
const FRAMES_MIN = 2

/**
 * Whether the first bytes of a stream are frames of this layout: complete frames up to the last byte, or two complete
 * frames and the start of another. Empty frames do not count as evidence, because the leading zeros of a longer length look
 * like empty frames of a shorter one.
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

/** `a length of two bytes, big endian that counts itself` */
export function layoutName({ lengthBytes, byteOrder, countsHeader }: LengthLayout): string {
  const width = lengthBytes === 2 ? 'two' : 'four'
  const counted = countsHeader ? ' that counts itself' : ''
  return `a length of ${width} bytes, ${byteOrder} endian${counted}`
}
