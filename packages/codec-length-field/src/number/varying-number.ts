import { INVALID, LENGTH_MAX, type LengthNumber, MORE } from './length-number.js'

const VARINT_BYTES_MAX = 5
const CONTINUES = 0x80

/** Seven bits in each byte, the lowest first; the highest bit says that another byte follows (LEB128). */
export class VarintNumber implements LengthNumber {
  readonly bytesMin = 1
  readonly bytesMax = VARINT_BYTES_MAX
  readonly valueMax = LENGTH_MAX

  read(bytes: Uint8Array, at: number, end: number): number {
    let value = 0
    for (let place = 0; place < VARINT_BYTES_MAX; place++) {
      if (at + place >= end) return MORE
      const byte = bytes[at + place] ?? 0
      value += (byte & 0x7f) * 128 ** place
      if (byte < CONTINUES) return value
    }
    return INVALID
  }

  bytesAt(bytes: Uint8Array, at: number): number {
    let last = at
    while ((bytes[last] ?? 0) >= CONTINUES) last++
    return last + 1 - at
  }

  write(value: number, into: Uint8Array, at: number): number {
    let rest = value
    let place = at
    while (rest >= CONTINUES) {
      into[place++] = (rest & 0x7f) | CONTINUES
      rest >>>= 7
    }
    into[place++] = rest
    return place
  }
}

const BER_LONG_FORM = 0x80
/** Above, the peer announces more than 4 GiB. */
const BER_NUMBER_BYTES_MAX = 4

/** The definite length of ASN.1 BER: one byte, or 0x80 + n and then n bytes, the highest first. */
export class BerNumber implements LengthNumber {
  readonly bytesMin = 1
  readonly bytesMax = 1 + BER_NUMBER_BYTES_MAX
  readonly valueMax = LENGTH_MAX

  read(bytes: Uint8Array, at: number, end: number): number {
    if (at >= end) return MORE
    const first = bytes[at] ?? 0
    if (first < BER_LONG_FORM) return first
    const width = first - BER_LONG_FORM
    if (width === 0 || width > BER_NUMBER_BYTES_MAX) return INVALID
    if (at + width >= end) return MORE
    let value = 0
    for (let place = 1; place <= width; place++) value = value * 256 + (bytes[at + place] ?? 0)
    return value
  }

  bytesAt(bytes: Uint8Array, at: number): number {
    const first = bytes[at] ?? 0
    return first < BER_LONG_FORM ? 1 : 1 + first - BER_LONG_FORM
  }

  write(value: number, into: Uint8Array, at: number): number {
    if (value < BER_LONG_FORM) {
      into[at] = value
      return at + 1
    }
    let width = 1
    while (value >= 256 ** width) width++
    into[at] = BER_LONG_FORM + width
    for (let place = 0; place < width; place++) into[at + width - place] = value >>> (8 * place)
    return at + 1 + width
  }
}

const ZERO = 0x30

/** Decimal digits, as many as the number has, and then one byte that ends them. */
export class EndedDigitsNumber implements LengthNumber {
  readonly bytesMin = 2
  readonly bytesMax: number
  readonly valueMax: number
  readonly #digitsMax: number
  readonly #end: number

  constructor(digitsMax: number, end: number) {
    this.bytesMax = digitsMax + 1
    this.valueMax = Math.min(LENGTH_MAX, 10 ** digitsMax - 1)
    this.#digitsMax = digitsMax
    this.#end = end
  }

  read(bytes: Uint8Array, at: number, end: number): number {
    let value = 0
    for (let place = 0; place <= this.#digitsMax; place++) {
      if (at + place >= end) return MORE
      const byte = bytes[at + place] ?? 0
      if (byte === this.#end && place > 0) return value
      const digit = byte - ZERO
      // Zeros before a number are not allowed, so that each number can be written in one way only.
      if (digit < 0 || digit > 9 || (place > 0 && value === 0)) return INVALID
      value = value * 10 + digit
    }
    return INVALID
  }

  bytesAt(bytes: Uint8Array, at: number): number {
    let end = at
    while (bytes[end] !== this.#end) end++
    return end + 1 - at
  }

  write(value: number, into: Uint8Array, at: number): number {
    let digits = 1
    while (value >= 10 ** digits) digits++
    let rest = value
    for (let place = at + digits - 1; place >= at; place--) {
      into[place] = ZERO + (rest % 10)
      rest = Math.floor(rest / 10)
    }
    into[at + digits] = this.#end
    return at + digits + 1
  }
}
