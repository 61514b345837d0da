import assert from 'node:assert/strict'
import type { FrameCodec, FrameHeader } from '@commloop/core'
import type { Check } from './check.js'
import type { CodecUnderTest } from './codec-under-test.js'
import { assertPayloads, decode, frameOf } from './frame-stream.js'

/** Room before and after the frame. */
const MARGIN_BYTES = 11
const FILLS = [0x00, 0xff, 0x5a] as const

/** What the contract of FrameCodec promises about encoding. */
export function frameCodecEncodingChecks(subject: CodecUnderTest): readonly Check[] {
  return [
    {
      name: 'reports in frameBytesMax at least the size of each frame, and no empty frame',
      check: () => {
        forEachPayload(subject, announcesRoom)
      },
    },
    {
      name: 'encodes at any offset and changes nothing outside the frame',
      check: () => {
        forEachPayload(subject, touchesNothingElse)
      },
    },
    {
      name: 'encodes into a buffer of exactly frameBytesMax',
      check: () => {
        forEachPayload(subject, fitsExactly)
      },
    },
    {
      name: 'does not change the payload',
      check: () => {
        forEachPayload(subject, leavesPayload)
      },
    },
    {
      name: 'accepts and returns plain Uint8Arrays with any byteOffset',
      check: () => {
        forEachPayload(subject, takesPlainArrays)
      },
    },
    ...headerChecks(subject),
  ]
}

function headerChecks(subject: CodecUnderTest): readonly Check[] {
  const { header } = subject.codec
  const skipped = header === undefined ? { skipped: 'this codec has no header' } : {}
  return [
    {
      ...skipped,
      name: 'encodes a frame as its header and the unchanged payload',
      check: () => {
        if (header === undefined) return
        forEachPayload(subject, (codec, payload) => {
          isHeaderAndPayload(codec, header, payload)
        })
      },
    },
    {
      ...skipped,
      name: 'writes the header at any offset and changes nothing outside it',
      check: () => {
        if (header === undefined) return
        forEachPayload(subject, (_, { length }) => {
          headerTouchesNothingElse(header, length)
        })
      },
    },
  ]
}

function forEachPayload(
  subject: CodecUnderTest,
  check: (codec: FrameCodec, payload: Buffer) => void,
): void {
  for (const payload of subject.edgePayloads()) check(subject.codec, payload)
}

function announcesRoom(codec: FrameCodec, payload: Buffer): void {
  const size = payload.length
  const room = codec.frameBytesMax(size)
  assert.ok(
    Number.isSafeInteger(room) && room >= 1,
    `frameBytesMax(${String(size)}): ${String(room)}`,
  )
  const end = codec.encode(payload, Buffer.alloc(room), 0)
  assert.ok(Number.isSafeInteger(end), `encode answers ${String(end)} for ${String(size)} bytes`)
  assert.ok(end >= 1, `a payload of ${String(size)} bytes becomes an empty frame`)
  assert.ok(
    end <= room,
    `${String(size)} bytes take ${String(end)}, announced were ${String(room)}`,
  )
}

function touchesNothingElse(codec: FrameCodec, payload: Buffer): void {
  const size = payload.length
  for (const fill of FILLS) {
    const into = Buffer.alloc(MARGIN_BYTES + codec.frameBytesMax(size) + MARGIN_BYTES, fill)
    const end = codec.encode(payload, into, MARGIN_BYTES)
    assertFilled(into.subarray(0, MARGIN_BYTES), fill, `before a frame of ${String(size)} bytes`)
    assertFilled(into.subarray(end), fill, `after a frame of ${String(size)} bytes`)
    const frame = Buffer.from(into.subarray(MARGIN_BYTES, end))
    assertPayloads(decode(codec, [frame]), [payload], `encoded over bytes ${String(fill)}`)
  }
}

function fitsExactly(codec: FrameCodec, payload: Buffer): void {
  const into = Buffer.alloc(MARGIN_BYTES + codec.frameBytesMax(payload.length))
  const end = codec.encode(payload, into, MARGIN_BYTES)
  const frame = Buffer.from(into.subarray(MARGIN_BYTES, end))
  assertPayloads(decode(codec, [frame]), [payload], 'encoded into exactly the room announced')
}

function leavesPayload(codec: FrameCodec, payload: Buffer): void {
  const encoded = Buffer.from(payload)
  frameOf(codec, encoded)
  assertPayloads([encoded], [payload], 'after encode')
}

function takesPlainArrays(codec: FrameCodec, payload: Buffer): void {
  const into = plainCopy(Buffer.alloc(codec.frameBytesMax(payload.length)))
  const frame = into.subarray(0, codec.encode(plainCopy(payload), into, 0))
  assertPayloads(decode(codec, [plainCopy(frame)]), [payload], 'plain Uint8Arrays')
}

/** A plain `Uint8Array` that does not begin at the start of its memory. */
function plainCopy(bytes: Uint8Array): Uint8Array {
  const memory = new Uint8Array(MARGIN_BYTES + bytes.length + MARGIN_BYTES)
  const copy = memory.subarray(MARGIN_BYTES, MARGIN_BYTES + bytes.length)
  copy.set(bytes)
  return copy
}

function isHeaderAndPayload(codec: FrameCodec, header: FrameHeader, payload: Buffer): void {
  assert.ok(Number.isSafeInteger(header.bytes) && header.bytes >= 1, 'header.bytes')
  const size = payload.length
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
