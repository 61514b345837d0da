/**
 * How the length is written in a header. It holds no state, so that all connections of a codec share it.
 *
 * A number that is not valid is negative, so that the decoder's comparison with the least frame also rejects it.
 */
export interface LengthNumber {
  /** Fewest and most bytes on the wire. They are equal for all but the varying forms. */
  readonly bytesMin: number
  readonly bytesMax: number
  /** The largest length that can be written, up to `LENGTH_MAX`. */
  readonly valueMax: number
  /**
   * The number at `at`; a larger one than `LENGTH_MAX` need not be exact.
   * @param end the position after the last byte that has arrived
   * @returns MORE: the number is not complete; INVALID: these bytes are not a number
   */
  read(bytes: Uint8Array, at: number, end: number): number
  /** How many bytes the complete number at `at` takes. */
  bytesAt(bytes: Uint8Array, at: number): number
  /** Writes a number of up to `valueMax`, and returns the position after its last byte. */
  write(value: number, into: Uint8Array, at: number): number
}

export const MORE = -1
export const INVALID = -2

/** 2 GiB − 1. Positions in a buffer stay small integers, which V8 calculates fastest. */
export const LENGTH_MAX = 2 ** 31 - 1
