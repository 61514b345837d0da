import type { LengthFieldSettings } from './length-field-settings.js'
import { MORE } from './number/length-number.js'

/** Results of `frameBytesAt` that are not a size. */
export const INCOMPLETE = 0
export const NOT_A_FRAME = -1
/** A header whose number is `idle`: it is passed over. */
export const IDLE = -2

/**
 * The size of the frame that begins at `at`, of whose header at least the fewest bytes have arrived. It throws nothing and
 * allocates nothing, because a decoder that hunts asks for each place where a frame may begin. `frameRefusal` says what
 * is wrong.
 */
export function frameBytesAt(
  settings: LengthFieldSettings,
  bytes: Uint8Array,
  at: number,
  end: number,
): number {
  const { length, varies, magic, uncountedBytes } = settings
  if (!hasMagic(magic, bytes, at, end)) return NOT_A_FRAME
  const lengthAt = at + length.offset
  const written = length.number.read(bytes, lengthAt, end)
  if (written === MORE) return INCOMPLETE
  if (written < 0) return NOT_A_FRAME
  if (written === length.idle) return IDLE
  const counted = countedBytes(settings, written)
  if (counted < 0 || !isRepeated(settings, bytes, at)) return NOT_A_FRAME
  const taken = varies ? length.number.bytesAt(bytes, lengthAt) : 0
  const frameBytes = counted + uncountedBytes + taken
  return isAllowed(settings, frameBytes, settings.headerBytes + taken) ? frameBytes : NOT_A_FRAME
}

/** Whether the constant bytes of a header are right, as far as they have arrived. */
export function hasMagic(
  magic: LengthFieldSettings['magic'],
  bytes: Uint8Array,
  at: number,
  end: number,
): boolean {
  for (const { at: place, byte } of magic) {
    if (at + place < end && bytes[at + place] !== byte) return false
  }
  return true
}

/** What the number stands for, without the bits that mean something else; negative: those bits are wrong. */
export function countedBytes({ length }: LengthFieldSettings, written: number): number {
  const { shift, low, mask } = length
  const masked = mask === undefined ? written : (written & mask) >>> 0
  if (shift === 0) return masked
  return masked % 2 ** shift === low ? Math.floor(masked / 2 ** shift) : -1
}

/** Whether the second length, if there is one, has the same bytes as the first. */
export function isRepeated(
  { length }: LengthFieldSettings,
  bytes: Uint8Array,
  at: number,
): boolean {
  const { again, offset, number } = length
  if (again === undefined) return true
  for (let place = 0; place < number.bytesMax; place++) {
    if (bytes[at + again + place] !== bytes[at + offset + place]) return false
  }
  return true
}

function isAllowed(
  settings: LengthFieldSettings,
  frameBytes: number,
  headerBytes: number,
): boolean {
  const { tail, emptyFrames, payloadBytesMax } = settings
  const bodyBytes = frameBytes - headerBytes - tail.bytes
  if (bodyBytes < 0 || (bodyBytes === 0 && emptyFrames === 'reject')) return false
  return frameBytes - strippedBytes(settings, headerBytes) <= payloadBytesMax
}

/** Bytes of a frame that are not payload. */
export function strippedBytes({ keep, tail }: LengthFieldSettings, headerBytes: number): number {
  if (keep === 'frame') return 0
  return keep === 'header' ? tail.bytes : headerBytes + tail.bytes
}
