import type { LengthNumber } from './length-number.js'

/** The length of frames that all have the same size: it is not written, and always 0. */
export class NoNumber implements LengthNumber {
  readonly bytesMin = 0
  readonly bytesMax = 0
  readonly valueMax = 0

  read(): number {
    return 0
  }

  bytesAt(): number {
    return 0
  }

  write(_value: number, _into: Uint8Array, at: number): number {
    return at
  }
}
