/** Parameters of a CRC in the Rocksoft model, as the RevEng catalogue lists them. */
export interface CrcModel {
  readonly width: 8 | 16 | 32
  readonly poly: number
  readonly init: number
  /** True if bits are taken from the lowest to the highest, both of the input and of the result. */
  readonly reflected: boolean
  readonly xorOut: number
}

/** A CRC with one table look-up for each byte. */
export class Crc {
  readonly bytes: 1 | 2 | 4
  readonly #model: CrcModel
  readonly #table: Uint32Array

  constructor(model: CrcModel) {
    this.bytes = BYTES_OF_WIDTH[model.width]
    this.#model = model
    this.#table = crcTable(model)
  }

  /** The CRC of the bytes from `from` up to, but not including, `to`. */
  of(bytes: Uint8Array, from: number, to: number): number {
    const { init, reflected, xorOut, width } = this.#model
    const table = this.#table
    let crc = init
    if (reflected) {
      for (let at = from; at < to; at++) {
        crc = (crc >>> 8) ^ (table[(crc ^ (bytes[at] ?? 0)) & 0xff] ?? 0)
      }
    } else {
      const topByte = width - 8
      for (let at = from; at < to; at++) {
        crc = (crc << 8) ^ (table[((crc >>> topByte) ^ (bytes[at] ?? 0)) & 0xff] ?? 0)
      }
    }
    return lowBits(crc ^ xorOut, width)
  }
}

const BYTES_OF_WIDTH = { 8: 1, 16: 2, 32: 4 } as const

/** What each value of a byte contributes to the register. */
export function crcTable({ width, poly, reflected }: CrcModel): Uint32Array {
  const step = reflected ? reflectedStep(mirrored(poly, width)) : plainStep(poly, width)
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let register = reflected ? byte : byte << (width - 8)
    for (let bit = 0; bit < 8; bit++) register = step(register)
    return lowBits(register, width)
  })
}

type Step = (register: number) => number

function reflectedStep(poly: number): Step {
  return (register) => (register & 1 ? (register >>> 1) ^ poly : register >>> 1)
}

function plainStep(poly: number, width: number): Step {
  const top = 1 << (width - 1)
  return (register) => (register & top ? (register << 1) ^ poly : register << 1)
}

function mirrored(poly: number, width: number): number {
  let result = 0
  for (let bit = 0; bit < width; bit++) {
    if ((poly >>> bit) & 1) result |= 1 << (width - 1 - bit)
  }
  return result
}

/** As an unsigned number. */
function lowBits(value: number, width: number): number {
  return width === 32 ? value >>> 0 : value & ((1 << width) - 1)
}
