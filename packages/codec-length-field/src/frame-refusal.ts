import { CommloopError } from '@commloop/core'
import { bytesText } from '@commloop/framings'
import { countedBytes, hasMagic, isRepeated, strippedBytes } from './frame-measure.js'
import type { LengthFieldSettings } from './length-field-settings.js'

/** The most bytes of a header that a message shows. */
const SHOWN_BYTES_MAX = 24

/** The error for bytes at `at` that are not a frame. */
export function frameRefusal(
  settings: LengthFieldSettings,
  bytes: Uint8Array,
  at: number,
  end: number,
): CommloopError {
  const { length, magic } = settings
  if (!hasMagic(magic, bytes, at, end)) return invalid(magicText(settings, bytes, at, end))
  const written = length.number.read(bytes, at + length.offset, end)
  const header = `header ${headerText(settings, bytes, at, end)}`
  if (written < 0) {
    const place = `byte ${String(length.offset)}`
    return invalid(`${header} has no length: expected ${length.text} at ${place}`)
  }
  const found = `length ${String(written)} (${header})`
  const counted = countedBytes(settings, written)
  if (counted < 0) return invalid(`${found} does not end with the bits of "low"`)
  if (!isRepeated(settings, bytes, at)) return invalid(`${header} has two different lengths`)
  return sizeRefusal(settings, found, counted, bytes, at)
}

function sizeRefusal(
  settings: LengthFieldSettings,
  found: string,
  counted: number,
  bytes: Uint8Array,
  at: number,
): CommloopError {
  const { length, varies, uncountedBytes, tail, payloadBytesMax } = settings
  const taken = varies ? length.number.bytesAt(bytes, at + length.offset) : 0
  const headerBytes = settings.headerBytes + taken
  const frameBytes = counted + uncountedBytes + taken
  const payloadBytes = frameBytes - strippedBytes(settings, headerBytes)
  if (payloadBytes > payloadBytesMax) {
    const announced = `announces a payload of ${String(payloadBytes)} bytes`
    const text = `${found} ${announced}, above the limit of ${String(payloadBytesMax)}`
    return new CommloopError('CML_ERR_FRAME_TOO_LARGE', text)
  }
  if (frameBytes === headerBytes + tail.bytes) {
    return invalid(`${found} announces an empty frame, which emptyFrames: reject forbids`)
  }
  const own = tail.bytes === 0 ? 'its own header' : 'its own header and trailer'
  return invalid(`${found} does not cover ${own}`)
}

function magicText(
  { magic, headerBytes }: LengthFieldSettings,
  bytes: Uint8Array,
  at: number,
  end: number,
): string {
  const wrong = magic.find(({ at: place, byte }) => at + place < end && bytes[at + place] !== byte)
  const place = wrong?.at ?? 0
  const shown = bytes.subarray(at, Math.min(end, at + Math.min(headerBytes, SHOWN_BYTES_MAX)))
  const expected = bytesText(Uint8Array.of(wrong?.byte ?? 0))
  return `header ${bytesText(shown)} is not that of a frame: expected ${expected} at byte ${String(place)}`
}

function headerText(
  { headerBytes, varies, length }: LengthFieldSettings,
  bytes: Uint8Array,
  at: number,
  end: number,
): string {
  const whole = varies ? headerBytes + length.number.bytesMax : headerBytes
  return bytesText(bytes.subarray(at, Math.min(end, at + Math.min(whole, SHOWN_BYTES_MAX))))
}

function invalid(message: string): CommloopError {
  return new CommloopError('CML_ERR_FRAME_INVALID', message)
}
