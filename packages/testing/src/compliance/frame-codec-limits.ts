import assert from 'node:assert/strict'
import { CommloopError, type FrameCodec, type FrameDecoder } from '@commloop/core'
import { SeededRandom } from '../virtual/seeded-random.js'
import type { Check } from './check.js'
import type { FrameCodecComplianceOptions } from './frame-codec-options.js'
import {
  assertPayloads,
  assertThrowsCode,
  cutAtRandom,
  cutEvery,
  decode,
  frameOf,
  payloadOf,
  pull,
} from './frame-stream.js'

const LIMITS = [1, 2, 100, 127, 255, 256, 1000, 32_767] as const
const FRAME_CODES = ['CML_ERR_FRAME_INVALID', 'CML_ERR_FRAME_TOO_LARGE', 'CML_ERR_FRAME_TRUNCATED']
const GARBAGE_STREAMS = 200
const GARBAGE_BYTES_MAX = 3000
const OPEN_FRAMES = 100
/** Below this size it is acceptable to allocate a whole frame immediately. */
const COSTLY_PAYLOAD_BYTES = 32_768

/** What the contract of FrameCodec requires for hostile and foreign streams. */
export function frameCodecLimitChecks(
  codec: FrameCodec,
  options: FrameCodecComplianceOptions,
): readonly Check[] {
  const { invalid = [] } = options
  return [
    ...payloadLimitChecks(codec, options.withLimit),
    {
      name: 'rejects invalid streams, in one chunk and byte by byte',
      ...(invalid.length === 0 ? { skipped: 'no invalid streams were given' } : {}),
      check: () => {
        for (const stream of invalid) refusesInvalid(codec, stream)
      },
    },
    {
      name: 'decodes random bytes to payloads within its limit or throws a frame error',
      check: () => {
        survivesGarbage(codec)
      },
    },
    {
      name: 'allocates no memory for announced bytes that have not arrived',
      ...skippedUnlessCostly(codec),
      check: () => {
        spendsNothingOnAnnouncements(codec)
      },
    },
  ]
}

function payloadLimitChecks(
  codec: FrameCodec,
  withLimit: FrameCodecComplianceOptions['withLimit'],
): readonly Check[] {
  const skipped = withLimit === undefined ? { skipped: 'no way to set the limit was given' } : {}
  const forEachLimit = (check: (codec: FrameCodec, limited: FrameCodec) => void): void => {
    if (withLimit === undefined) return
    for (const limit of LIMITS) if (limit < codec.payloadBytesMax) check(codec, withLimit(limit))
  }
  return [
    {
      ...skipped,
      name: 'accepts a payload of exactly its limit',
      check: () => {
        forEachLimit(acceptsLimit)
      },
    },
    {
      ...skipped,
      name: 'rejects a payload of one byte more, as soon as its size is known',
      check: () => {
        forEachLimit(refusesAboveLimit)
      },
    },
    {
      ...skipped,
      name: 'returns the frames before a frame that is too large',
      check: () => {
        forEachLimit(handsOutWhatCameBefore)
      },
    },
  ]
}

function skippedUnlessCostly(codec: FrameCodec): { skipped?: string } {
  if (codec.header === undefined) return { skipped: 'this codec has no header' }
  return codec.payloadBytesMax < COSTLY_PAYLOAD_BYTES
    ? { skipped: 'the frames of this codec are small' }
    : {}
}

function acceptsLimit(codec: FrameCodec, limited: FrameCodec): void {
  const limit = limited.payloadBytesMax
  assert.ok((LIMITS as readonly number[]).includes(limit), `payloadBytesMax is ${String(limit)}`)
  const payload = payloadOf(limit)
  for (const cut of [1, Infinity]) {
    const chunks = cutEvery(frameOf(codec, payload), Math.min(cut, codec.frameBytesMax(limit)))
    assertPayloads(decode(limited, chunks), [payload], `limit ${String(limit)}`)
  }
  assertPayloads(decode(limited, [frameOf(limited, payload)]), [payload], 'its own frame')
}

function refusesAboveLimit(codec: FrameCodec, limited: FrameCodec): void {
  const limit = limited.payloadBytesMax
  const frame = frameOf(codec, payloadOf(limit + 1))
  // With a header the size is known when the header is complete; without one, at the latest when the frame is complete.
  const announced = frame.subarray(0, codec.header?.bytes ?? frame.length)
  for (const stream of [announced, frame]) {
    for (const cut of [1, stream.length]) {
      const context = `${String(limit + 1)} bytes, limit ${String(limit)}, cut every ${String(cut)}`
      assertThrowsCode(
        () => decode(limited, cutEvery(stream, cut)),
        'CML_ERR_FRAME_TOO_LARGE',
        context,
      )
    }
  }
}

function handsOutWhatCameBefore(codec: FrameCodec, limited: FrameCodec): void {
  const payload = payloadOf(limited.payloadBytesMax)
  const good = frameOf(codec, payload)
  const decoder = limited.createDecoder()
  decoder.push(Buffer.concat([good, good, frameOf(codec, payloadOf(payload.length + 1))]))
  const received = [decoder.next(), decoder.next()].filter((each) => each !== undefined)
  assertPayloads(received, [payload, payload], 'frames before one that is too large')
  assertThrowsCode(() => decoder.next(), 'CML_ERR_FRAME_TOO_LARGE', 'after two good frames')
}

function refusesInvalid(codec: FrameCodec, stream: Uint8Array): void {
  const hex = Buffer.from(stream).toString('hex')
  for (const cut of [1, stream.length]) {
    assertThrowsCode(() => decode(codec, cutEvery(stream, cut)), 'CML_ERR_FRAME_INVALID', hex)
  }
}

function survivesGarbage(codec: FrameCodec): void {
  const random = new SeededRandom('garbage for a frame codec')
  for (let round = 0; round < GARBAGE_STREAMS; round++) {
    const garbage = garbageOf(1 + random.int(GARBAGE_BYTES_MAX), random)
    const decoder = codec.createDecoder()
    try {
      for (const chunk of cutAtRandom(garbage, 500, random)) pullWithinLimit(codec, decoder, chunk)
      decoder.end()
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error
      const code = CommloopError.is(error) ? error.code : undefined
      assert.ok(
        code !== undefined && FRAME_CODES.includes(code),
        `random bytes led to ${String(error)}`,
      )
    }
  }
}

/** Mostly zeros and small numbers: uniform random bytes would announce only large frames. */
function garbageOf(bytes: number, random: SeededRandom): Buffer {
  const valueMax = random.pick([1, 4, 256])
  return Buffer.from(Array.from({ length: bytes }, () => random.int(valueMax)))
}

function pullWithinLimit(codec: FrameCodec, decoder: FrameDecoder, chunk: Uint8Array): void {
  decoder.push(chunk)
  for (const payload of pull(decoder, GARBAGE_BYTES_MAX)) {
    assert.ok(
      payload.length <= codec.payloadBytesMax,
      `a payload of ${String(payload.length)} bytes`,
    )
  }
}

function spendsNothingOnAnnouncements(codec: FrameCodec): void {
  const size = codec.payloadBytesMax
  const begun = frameOf(codec, payloadOf(size)).subarray(0, (codec.header?.bytes ?? 0) + 1)
  const before = process.memoryUsage().arrayBuffers
  const decoders = Array.from({ length: OPEN_FRAMES }, () => codec.createDecoder())
  for (const decoder of decoders) {
    for (const chunk of cutEvery(begun, 1)) {
      decoder.push(chunk)
      assert.equal(decoder.next(), undefined)
    }
  }
  const each = (process.memoryUsage().arrayBuffers - before) / OPEN_FRAMES
  assert.ok(
    each < size / 4,
    `${String(each)} bytes allocated for each frame of which one byte has arrived`,
  )
}
