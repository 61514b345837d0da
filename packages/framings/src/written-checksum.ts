import type { Checksum } from './checksum.js'

/** How a checksum stands in a frame: as a binary number, or as hexadecimal digits with the highest first. */
export type ChecksumForm = 'big' | 'little' | 'hex' | 'HEX'

export const CHECKSUM_FORMS: readonly ChecksumForm[] = ['big', 'little', 'hex', 'HEX']

const DIGIT_ZERO = 0x30
/** Added to a digit above 9. */
const LOWER_CASE = 0x57
const UPPER_CASE = 0x37
/** The bit in which the two cases of a letter differ. */
const CASE_BIT = 0x20

/** A checksum in the form in which a protocol writes it. It allocates nothing. */
export class WrittenChecksum {
  readonly checksum: Checksum
  readonly form: ChecksumForm
  /** Size in a frame. */
  readonly bytes: number

  constructor(checksum: Checksum, form: ChecksumForm = 'big') {
    this.checksum = checksum
    this.form = form
    this.bytes = isHex(form) ? 2 * checksum.bytes : checksum.bytes
  }

  /** Writes a checksum into `into`, beginning at `at`, and returns the position after its last byte. */
  write(value: number, into: Uint8Array, at: number): number {
    for (let place = 0; place < this.bytes; place++) into[at + place] = this.byteOf(value, place)
    return at + this.bytes
  }

  /** Byte number `place` of the checksum `value`. */
  byteOf(value: number, place: number): number {
    const { form, bytes } = this
    if (form === 'little') return (value >>> (8 * place)) & 0xff
    if (form === 'big') return (value >>> (8 * (bytes - 1 - place))) & 0xff
    const digit = (value >>> (4 * (bytes - 1 - place))) & 15
    if (digit < 10) return DIGIT_ZERO + digit
    return (form === 'HEX' ? UPPER_CASE : LOWER_CASE) + digit
  }

  /** Whether the checksum `value` stands at `at`. Hexadecimal digits may be of either case. */
  stands(value: number, bytes: Uint8Array, at: number): boolean {
    const anyCase = isHex(this.form) ? CASE_BIT : 0
    for (let place = 0; place < this.bytes; place++) {
      const found = bytes[at + place] ?? 0
      const expected = this.byteOf(value, place)
      if (found !== expected && (expected < 0x40 || (found | anyCase) !== (expected | anyCase))) {
        return false
      }
    }
    return true
  }
}

function isHex(form: ChecksumForm): boolean {
  return form === 'hex' || form === 'HEX'
}
