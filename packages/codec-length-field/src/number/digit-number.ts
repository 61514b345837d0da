import { INVALID, LENGTH_MAX, type LengthNumber } from './length-number.js'

const BLANK = 0x20
const ZERO = 0x30
const NOT_A_DIGIT = 99

/** Decimal or hexadecimal digits of a fixed number, with zeros or blanks on the left. */
export class DigitNumber implements LengthNumber {
  readonly bytesMin: number
  readonly bytesMax: number
  readonly valueMax: number
  readonly radix: 10 | 16
  readonly #pad: number

  constructor(bytes: number, radix: 10 | 16, pad: '0' | ' ') {
    this.bytesMin = bytes
    this.bytesMax = bytes
    this.valueMax = Math.min(LENGTH_MAX, radix ** bytes - 1)
    this.radix = radix
    this.#pad = pad === ' ' ? BLANK : ZERO
  }

  get padsWithZeros(): boolean {
    return this.#pad === ZERO
  }

  read(bytes: Uint8Array, at: number): number {
    const end = at + this.bytesMax
    let place = at
    // A last blank is not a number, so it is left for the loop below, which rejects it.
    while (place < end - 1 && bytes[place] === BLANK) place++
    let value = 0
    for (; place < end; place++) {
      const digit = digitOf(bytes[place] ?? 0)
      if (digit >= this.radix) return INVALID
      value = value * this.radix + digit
    }
    return value
  }

  bytesAt(): number {
    return this.bytesMax
  }

  write(value: number, into: Uint8Array, at: number): number {
    const { radix } = this
    const last = at + this.bytesMax - 1
    let rest = value
    for (let place = last; place >= at; place--) {
      const isPad = rest === 0 && place < last
      into[place] = isPad ? this.#pad : characterOf(rest % radix)
      rest = Math.floor(rest / radix)
    }
    return at + this.bytesMax
  }
}

/** Two decimal digits in each byte. */
export class BcdNumber implements LengthNumber {
  readonly bytesMin: number
  readonly bytesMax: number
  readonly valueMax: number

  constructor(bytes: number) {
    this.bytesMin = bytes
    this.bytesMax = bytes
    this.valueMax = Math.min(LENGTH_MAX, 100 ** bytes - 1)
  }

  read(bytes: Uint8Array, at: number): number {
    let value = 0
    for (let place = at; place < at + this.bytesMax; place++) {
      const byte = bytes[place] ?? 0
      const tens = byte >>> 4
      const ones = byte & 15
      if (tens > 9 || ones > 9) return INVALID
      value = value * 100 + tens * 10 + ones
    }
    return value
  }

  bytesAt(): number {
    return this.bytesMax
  }

  write(value: number, into: Uint8Array, at: number): number {
    let rest = value
    for (let place = at + this.bytesMax - 1; place >= at; place--) {
      const pair = rest % 100
      into[place] = (Math.floor(pair / 10) << 4) | (pair % 10)
      rest = Math.floor(rest / 100)
    }
    return at + this.bytesMax
  }
}

function digitOf(byte: number): number {
  if (byte >= ZERO && byte <= ZERO + 9) return byte - ZERO
  const lowerCase = byte | 0x20
  return lowerCase >= 0x61 && lowerCase <= 0x66 ? lowerCase - 0x57 : NOT_A_DIGIT
}

function characterOf(digit: number): number {
  return digit < 10 ? ZERO + digit : 0x37 + digit
}
