import assert from 'node:assert/strict'
import { CommloopError, type FrameCodec, type FrameDecoder } from '@commloop/core'
import { SeededRandom } from '../virtual/seeded-random.js'
import type { Check } from './check.js'
import type { CodecUnderTest } from './codec-under-test.js'
import {
  assertPayloads,
  assertThrowsCode,
  cutAtRandom,
  cutEvery,
  decode,
  frameOf,
  pull,
} from './frame-stream.js'

const LIMITS = [1, 2, 100, 127, 255, 256, 1000, 32_767] as const
const FRAME_CODES = [
  'CML_ERR_FRAME_INVALID',
  'CML_ERR_FRAME_CHECKSUM',
  'CML_ERR_FRAME_TOO_LARGE',
  'CML_ERR_FRAME_TRUNCATED',
]
/** A decoder that takes quadratic time gets larger frames in chunks of this size. */
const TRICKLED_BYTES_MAX = 1000
const GARBAGE_STREAMS = 200
const GARBAGE_BYTES_MAX = 3000
const OPEN_FRAMES = 100
/** How much of a frame has arrived if the codec does not announce the size of frames. */
const BEGUN_BYTES = 16
/** Below this size it is acceptable to allocate a whole frame immediately. */
const COSTLY_PAYLOAD_BYTES = 32_768

/** What the contract of FrameCodec requires for hostile and foreign streams. */
export function frameCodecLimitChecks(subject: CodecUnderTest): readonly Check[] {
  const { codec } = subject
  const { invalid = [] } = subject.options
  return [
    ...payloadLimitChecks(subject),
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
        spendsNothingOnAnnouncements(subject)
      },
    },
  ]
}

function payloadLimitChecks(subject: CodecUnderTest): readonly Check[] {
  const { withLimit } = subject.options
  const limits = LIMITS.filter((limit) => carriesAround(subject, limit))
  const skipped =
    withLimit === undefined
      ? { skipped: 'no way to set the limit was given' }
      : limits.length === 0
        ? { skipped: 'the codec carries one size only' }
        : {}
  const forEachLimit = (check: (subject: CodecUnderTest, limited: FrameCodec) => void): void => {
    if (withLimit === undefined) return
    for (const limit of limits) check(subject, withLimit(limit))
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

/** The codec carries payloads of this size and of one byte more. */
function carriesAround(subject: CodecUnderTest, limit: number): boolean {
  return (
    limit < subject.codec.payloadBytesMax && subject.carries(limit) && subject.carries(limit + 1)
  )
}

function skippedUnlessCostly(codec: FrameCodec): { skipped?: string } {
  return codec.payloadBytesMax < COSTLY_PAYLOAD_BYTES
    ? { skipped: 'the frames of this codec are small' }
    : {}
}

function acceptsLimit(subject: CodecUnderTest, limited: FrameCodec): void {
  const { codec } = subject
  const limit = limited.payloadBytesMax
  assert.ok((LIMITS as readonly number[]).includes(limit), `payloadBytesMax is ${String(limit)}`)
  const payload = carried(subject, limit)
  const frame = frameOf(codec, payload)
  for (const cut of cutsOf(subject, frame)) {
    assertPayloads(decode(limited, cutEvery(frame, cut)), [payload], `limit ${String(limit)}`)
  }
  assertPayloads(decode(limited, [frameOf(limited, payload)]), [payload], 'its own frame')
}

function carried(subject: CodecUnderTest, bytes: number): Buffer {
  return subject.payload(bytes) ?? assert.fail(`the codec carries no ${String(bytes)} bytes`)
}

/** Byte by byte, and in one chunk. A decoder that takes quadratic time gets large frames in larger chunks. */
function cutsOf(subject: CodecUnderTest, stream: Uint8Array): number[] {
  const isSlow = stream.length > TRICKLED_BYTES_MAX && subject.quadratic !== undefined
  return [isSlow ? TRICKLED_BYTES_MAX : 1, stream.length]
}

function refusesAboveLimit(subject: CodecUnderTest, limited: FrameCodec): void {
  const limit = limited.payloadBytesMax
  const frame = frameOf(subject.codec, carried(subject, limit + 1))
  // If frames do not announce their size, it is known at the latest when the frame is complete.
  const announced = frame.subarray(0, subject.announcedBytes ?? frame.length)
  for (const stream of [announced, frame]) {
    for (const cut of cutsOf(subject, stream)) {
      const context = `${String(limit + 1)} bytes, limit ${String(limit)}, cut every ${String(cut)}`
      assertThrowsCode(
        () => decode(limited, cutEvery(stream, cut)),
        'CML_ERR_FRAME_TOO_LARGE',
        context,
      )
    }
  }
}

function handsOutWhatCameBefore(subject: CodecUnderTest, limited: FrameCodec): void {
  const { codec } = subject
  const payload = carried(subject, limited.payloadBytesMax)
  const good = frameOf(codec, payload)
  const decoder = limited.createDecoder()
  decoder.push(Buffer.concat([good, good, frameOf(codec, carried(subject, payload.length + 1))]))
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

function spendsNothingOnAnnouncements(subject: CodecUnderTest): void {
  const { codec } = subject
  const largest = subject.edgePayloads().at(-1) ?? assert.fail('the codec carries no payload')
  const size = largest.length
  const begun = frameOf(codec, largest).subarray(0, (subject.announcedBytes ?? BEGUN_BYTES) + 1)
  const before = process.memoryUsage().arrayBuffers
  const decoders = Array.from({ length: OPEN_FRAMES }, () => codec.createDecoder())
  for (const decoder of decoders) {
    for (const chunk of cutEvery(begun, 1)) {
      decoder.push(chunk)
      assert.equal(decoder.next(), undefined)
    }
  }
  const each = (process.memoryUsage().arrayBuffers - before) / OPEN_FRAMES
  assert.ok(each < size / 4, `${String(each)} bytes allocated for each frame that has only begun`)
}
