const PERIOD = 251

/** Bytes that no shift, gap or repetition leaves equal: the period is a prime, and no power of two. */
const pattern = Uint8Array.from({ length: PERIOD }, (_, at) => (at * 167 + 13) % 256)

/**
 * The n-th payload of a series. It contains its number in four bytes, then a pattern that begins
 * elsewhere for each number.
 */
export function numbered(number: number, bytes: number): Buffer {
  const payload = Buffer.alloc(bytes)
  const shift = (number * 7) % PERIOD
  payload.fill(Buffer.concat([pattern.subarray(shift), pattern.subarray(0, shift)]))
  payload.writeUInt32BE(number)
  return payload
}

/** The number of a payload. @throws Error if any byte of it differs from the original */
export function numberOf(payload: Buffer): number {
  const number = payload.readUInt32BE()
  if (!payload.equals(numbered(number, payload.length))) {
    throw new Error(`payload ${String(number)} of ${String(payload.length)} bytes is damaged`)
  }
  return number
}

export function series(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, at) => from + at)
}
