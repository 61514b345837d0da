import { LENGTH_MAX, type LengthNumber } from './length-number.js'

/** An unsigned binary number of 1 to 8 bytes. */
export class BinaryNumber implements LengthNumber {
  readonly bytesMin: number
  readonly bytesMax: number
  readonly valueMax: number
  readonly isLittle: boolean

  constructor(bytes: number, byteOrder: 'big' | 'little') {
    this.bytesMin = bytes
    this.bytesMax = bytes
    this.valueMax = Math.min(LENGTH_MAX, 256 ** bytes - 1)
    this.isLittle = byteOrder === 'little'
  }

  read(bytes: Uint8Array, at: number): number {
    const last = this.bytesMax - 1
    let value = 0
    for (let place = 0; place <= last; place++) {
      value = value * 256 + (bytes[this.isLittle ? at + last - place : at + place] ?? 0)
    }
    return value
  }

  bytesAt(): number {
    return this.bytesMax
  }

  write(value: number, into: Uint8Array, at: number): number {
    const last = this.bytesMax - 1
    let rest = value
    for (let place = 0; place <= last; place++) {
      into[this.isLittle ? at + place : at + last - place] = rest
      rest = Math.floor(rest / 256)
    }
    return at + this.bytesMax
  }
}
