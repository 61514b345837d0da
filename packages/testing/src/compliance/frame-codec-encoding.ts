import assert from 'node:assert/strict'
import type { FrameCodec, FrameHeader } from '@commloop/core'
import type { Check } from './check.js'
import { assertPayloads, decode, frameOf, payloadOf } from './frame-stream.js'

/** Around every size at which an encoded length changes its number of bytes or its sign. */
const EDGE_SIZES = [
  0, 1, 2, 3, 127, 128, 255, 256, 257, 1000, 32_767, 32_768, 65_534, 65_535, 65_536,
]
/** Room before and after the frame. */
const MARGIN_BYTES = 11
const FILLS = [0x00, 0xff, 0x5a] as const

/** Payload sizes up to the limit of a codec, including the limit itself. */
export function sizesUpTo(limit: number): number[] {
  const sizes = [...EDGE_SIZES, limit - 1, limit].filter((size) => size >= 0 && size <= limit)
  return [...new Set(sizes)].sort((left, right) => left - right)
}

/** What the contract of FrameCodec promises about encoding. */
export function frameCodecEncodingChecks(codec: FrameCodec): readonly Check[] {
  return [
    {
      name: 'reports in frameBytesMax at least the size of each frame, and no empty frame',
      check: () => {
        forEachSize(codec, announcesRoom)
      },
    },
    {
      name: 'encodes at any offset and changes nothing outside the frame',
      check: () => {
        forEachSize(codec, touchesNothingElse)
      },
    },
    {
      name: 'encodes into a buffer of exactly frameBytesMax',
      check: () => {
        forEachSize(codec, fitsExactly)
      },
    },
    {
      name: 'does not change the payload',
      check: () => {
        forEachSize(codec, leavesPayload)
      },
    },
    {
      name: 'accepts and returns plain Uint8Arrays with any byteOffset',
      check: () => {
        forEachSize(codec, takesPlainArrays)
      },
    },
    ...headerChecks(codec),
  ]
}

function headerChecks(codec: FrameCodec): readonly Check[] {
  const header = codec.header
  const skipped = header === undefined ? { skipped: 'this codec has no header' } : {}
  return [
    {
      ...skipped,
      name: 'encodes a frame as its header and the unchanged payload',
      check: () => {
        if (header === undefined) return
        forEachSize(codec, (_, size) => {
          isHeaderAndPayload(codec, header, size)
        })
      },
    },
    {
      ...skipped,
      name: 'writes the header at any offset and changes nothing outside it',
      check: () => {
        if (header === undefined) return
        forEachSize(codec, (_, size) => {
          headerTouchesNothingElse(header, size)
        })
      },
    },
  ]
}

function forEachSize(codec: FrameCodec, check: (codec: FrameCodec, size: number) => void): void {
  for (const size of sizesUpTo(codec.payloadBytesMax)) check(codec, size)
}

function announcesRoom(codec: FrameCodec, size: number): void {
  const room = codec.frameBytesMax(size)
  assert.ok(
    Number.isSafeInteger(room) && room >= 1,
    `frameBytesMax(${String(size)}): ${String(room)}`,
  )
  const end = codec.encode(payloadOf(size), Buffer.alloc(room), 0)
  assert.ok(Number.isSafeInteger(end), `encode answers ${String(end)} for ${String(size)} bytes`)
  assert.ok(end >= 1, `a payload of ${String(size)} bytes becomes an empty frame`)
  assert.ok(
    end <= room,
    `${String(size)} bytes take ${String(end)}, announced were ${String(room)}`,
  )
}

function touchesNothingElse(codec: FrameCodec, size: number): void {
  const payload = payloadOf(size)
  for (const fill of FILLS) {
    const into = Buffer.alloc(MARGIN_BYTES + codec.frameBytesMax(size) + MARGIN_BYTES, fill)
    const end = codec.encode(payload, into, MARGIN_BYTES)
    assertFilled(into.subarray(0, MARGIN_BYTES), fill, `before a frame of ${String(size)} bytes`)
    assertFilled(into.subarray(end), fill, `after a frame of ${String(size)} bytes`)
    const frame = Buffer.from(into.subarray(MARGIN_BYTES, end))
    assertPayloads(decode(codec, [frame]), [payload], `encoded over bytes ${String(fill)}`)
  }
}

function fitsExactly(codec: FrameCodec, size: number): void {
  const payload = payloadOf(size)
  const into = Buffer.alloc(MARGIN_BYTES + codec.frameBytesMax(size))
  const end = codec.encode(payload, into, MARGIN_BYTES)
  const frame = Buffer.from(into.subarray(MARGIN_BYTES, end))
  assertPayloads(decode(codec, [frame]), [payload], 'encoded into exactly the room announced')
}

function leavesPayload(codec: FrameCodec, size: number): void {
  const payload = payloadOf(size)
  frameOf(codec, payload)
  assertPayloads([payload], [payloadOf(size)], 'after encode')
}

function takesPlainArrays(codec: FrameCodec, size: number): void {
  const payload = plainCopy(payloadOf(size))
  const into = plainCopy(Buffer.alloc(codec.frameBytesMax(size)))
  const frame = into.subarray(0, codec.encode(payload, into, 0))
  assertPayloads(decode(codec, [plainCopy(frame)]), [payload], 'plain Uint8Arrays')
}

/** A plain `Uint8Array` that does not begin at the start of its memory. */
function plainCopy(bytes: Uint8Array): Uint8Array {
  const memory = new Uint8Array(MARGIN_BYTES + bytes.length + MARGIN_BYTES)
  const copy = memory.subarray(MARGIN_BYTES, MARGIN_BYTES + bytes.length)
  copy.set(bytes)
  return copy
}

function isHeaderAndPayload(codec: FrameCodec, header: FrameHeader, size: number): void {
  assert.ok(Number.isSafeInteger(header.bytes) && header.bytes >= 1, 'header.bytes')
  const payload = payloadOf(size)
  const expected = Buffer.alloc(header.bytes + size)
  header.write(size, expected, 0)
  expected.set(payload, header.bytes)
  const context = `a frame of ${String(size)} bytes is not its header and its payload`
  assert.ok(frameOf(codec, payload).equals(expected), context)
}

function headerTouchesNothingElse(header: FrameHeader, size: number): void {
  const alone = Buffer.alloc(header.bytes)
  header.write(size, alone, 0)
  for (const fill of FILLS) {
    const into = Buffer.alloc(MARGIN_BYTES + header.bytes + MARGIN_BYTES, fill)
    header.write(size, into, MARGIN_BYTES)
    assertFilled(into.subarray(0, MARGIN_BYTES), fill, 'before the header')
    assertFilled(into.subarray(MARGIN_BYTES + header.bytes), fill, 'after the header')
    const written = into.subarray(MARGIN_BYTES, MARGIN_BYTES + header.bytes)
    assert.ok(written.equals(alone), `the header for ${String(size)} bytes depends on its place`)
  }
}

function assertFilled(bytes: Uint8Array, fill: number, where: string): void {
  assert.ok(
    bytes.every((byte) => byte === fill),
    `bytes ${where} were changed`,
  )
}
