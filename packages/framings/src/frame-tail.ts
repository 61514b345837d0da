import { CommloopError } from '@commloop/core'
import type { WrittenChecksum } from './written-checksum.js'

/** One part of what follows the payload in a frame: constant bytes, or a checksum. */
export type TailPart = { readonly bytes: Uint8Array } | ChecksumPart

export interface ChecksumPart {
  readonly written: WrittenChecksum
  /** First byte of the frame that the checksum covers. It covers every byte from there up to itself. */
  readonly from: number
}

/** What follows the payload in a frame, checked and written in the order of its parts. */
export class FrameTail {
  readonly parts: readonly TailPart[]
  readonly bytes: number

  constructor(parts: readonly TailPart[]) {
    this.parts = parts
    this.bytes = parts.reduce((sum, part) => sum + bytesOf(part), 0)
  }

  /** Writes the tail of the frame that begins at `frameAt`, and returns the position after its last byte. */
  write(into: Uint8Array, frameAt: number, at: number): number {
    let end = at
    for (const part of this.parts) {
      if ('bytes' in part) end = writeBytes(part.bytes, into, end)
      else end = part.written.write(valueOf(part, into, frameAt, end), into, end)
    }
    return end
  }

  /** Whether the tail at `at` of the frame that begins at `frameAt` is right. It allocates nothing. */
  isRight(bytes: Uint8Array, frameAt: number, at: number): boolean {
    let partAt = at
    for (const part of this.parts) {
      if ('bytes' in part) {
        if (!standsAt(part.bytes, bytes, partAt)) return false
      } else if (!part.written.stands(valueOf(part, bytes, frameAt, partAt), bytes, partAt)) {
        return false
      }
      partAt += bytesOf(part)
    }
    return true
  }

  /** The error for the tail at `at` of the frame that begins at `frameAt`; undefined if the tail is right. */
  fault(bytes: Uint8Array, frameAt: number, at: number): CommloopError | undefined {
    let partAt = at
    for (const part of this.parts) {
      const fault =
        'bytes' in part
          ? bytesFault(part.bytes, bytes, partAt)
          : checksumFault(part, bytes, frameAt, partAt)
      if (fault !== undefined) return fault
      partAt += bytesOf(part)
    }
    return undefined
  }
}

function bytesOf(part: TailPart): number {
  return 'bytes' in part ? part.bytes.length : part.written.bytes
}

function writeBytes(constant: Uint8Array, into: Uint8Array, at: number): number {
  for (let place = 0; place < constant.length; place++) into[at + place] = constant[place] ?? 0
  return at + constant.length
}

function valueOf(part: ChecksumPart, bytes: Uint8Array, frameAt: number, at: number): number {
  return part.written.checksum.of(bytes, frameAt + part.from, at)
}

function standsAt(constant: Uint8Array, bytes: Uint8Array, at: number): boolean {
  for (let place = 0; place < constant.length; place++) {
    if (bytes[at + place] !== constant[place]) return false
  }
  return true
}

function bytesFault(
  constant: Uint8Array,
  bytes: Uint8Array,
  at: number,
): CommloopError | undefined {
  if (standsAt(constant, bytes, at)) return undefined
  const found = bytesText(bytes.subarray(at, at + constant.length))
  const message = `the frame ends with ${found}, expected ${bytesText(constant)}`
  return new CommloopError('CML_ERR_FRAME_INVALID', message)
}

function checksumFault(
  part: ChecksumPart,
  bytes: Uint8Array,
  frameAt: number,
  at: number,
): CommloopError | undefined {
  const value = valueOf(part, bytes, frameAt, at)
  const { written } = part
  if (written.stands(value, bytes, at)) return undefined
  const expected = new Uint8Array(written.bytes)
  written.write(value, expected, 0)
  const found = bytesText(bytes.subarray(at, at + written.bytes))
  const message = `the frame has the checksum ${found}, expected ${bytesText(expected)}`
  return new CommloopError('CML_ERR_FRAME_CHECKSUM', message)
}

/** Bytes as they appear in messages: `1c 0d`, and the text if all of them are printable. */
export function bytesText(bytes: Uint8Array): string {
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ')
  const isText = bytes.length > 0 && bytes.every((byte) => byte > 0x20 && byte < 0x7f)
  return isText ? `${hex} ("${String.fromCharCode(...bytes)}")` : hex
}
