import assert from 'node:assert/strict'
import type { FrameCodec } from '@commloop/core'
import { SeededRandom } from '../virtual/seeded-random.js'
import type { Check } from './check.js'
import type { CodecUnderTest } from './codec-under-test.js'
import {
  assertPayloads,
  assertThrowsCode,
  cutAt,
  cutAtRandom,
  cutEvery,
  decode,
  frameOf,
  pull,
  streamOf,
} from './frame-stream.js'

const CUTS = [1, 2, 3, 7, 1460, 65_536, Infinity] as const
/** A stream that can be cut at n places can be cut in 2^n ways. */
const CUT_PLACES_MAX = 12
const RANDOM_STREAMS = 40

/** What the contract of FrameDecoder requires for streams that are complete, cut or ended. */
export function frameCodecDecodingChecks(subject: CodecUnderTest): readonly Check[] {
  return [
    ...CUTS.map((cut) => ({
      name: `returns every payload of a stream that arrives ${cut === Infinity ? 'in one chunk' : `in chunks of ${String(cut)} bytes`}`,
      check: () => {
        decodesCutEvery(subject, cut)
      },
    })),
    {
      name: 'returns every payload if the stream is cut at any byte',
      check: () => {
        decodesEveryCut(subject)
      },
    },
    {
      name: 'returns every payload of a short stream for every way to cut it',
      check: () => {
        decodesEveryPartition(subject)
      },
    },
    {
      name: 'returns every payload of random streams in random chunks',
      check: () => {
        decodesRandomStreams(subject)
      },
    },
    {
      name: 'accepts empty chunks anywhere',
      check: () => {
        takesEmptyChunks(subject)
      },
    },
    ...payloadViewChecks(subject),
    ...streamEndChecks(subject),
    ...separateDecoderChecks(subject),
    {
      name: 'takes time in proportion to the bytes, one at a time or many frames in one chunk',
      check: () => {
        assert.equal(subject.quadratic, undefined, subject.quadratic)
      },
    },
  ]
}

function payloadViewChecks(subject: CodecUnderTest): readonly Check[] {
  return [
    {
      name: 'returns payloads that do not change when more bytes arrive',
      check: () => {
        payloadsStay(subject)
      },
    },
    {
      name: 'does not change the chunks',
      check: () => {
        leavesChunks(subject)
      },
    },
    {
      name: 'returns views into the chunk if the chunk contains the whole payload',
      ...(subject.returnsViews ? {} : { skipped: 'the codec does not return views' }),
      check: () => {
        handsOutViews(subject)
      },
    },
  ]
}

function streamEndChecks(subject: CodecUnderTest): readonly Check[] {
  return [
    {
      name: 'reports a stream that ends inside a frame, at any byte',
      check: () => {
        forEachTruncation(subject, reportsTruncation)
      },
    },
    {
      name: 'reports a stream that ends inside a frame and arrived byte by byte',
      check: () => {
        forEachTruncation(subject, (truncated, ...rest) => {
          reportsTruncation(truncated, ...rest, 1)
        })
      },
    },
    {
      name: 'accepts a stream that ends between frames, or before the first one',
      check: () => {
        acceptsEnd(subject)
      },
    },
    {
      name: 'is midFrame after every byte of a frame except its last, and at no other time',
      check: () => {
        knowsMidFrame(subject)
      },
    },
  ]
}

function separateDecoderChecks(subject: CodecUnderTest): readonly Check[] {
  return [
    {
      name: 'keeps the streams of two decoders separate',
      check: () => {
        keepsStreamsApart(subject)
      },
    },
    {
      name: 'starts every decoder empty, whatever an earlier decoder has left',
      check: () => {
        startsClean(subject)
      },
    },
    {
      name: 'encodes and decodes at the same time',
      check: () => {
        encodesBetweenChunks(subject)
      },
    },
  ]
}

function decodesCutEvery(subject: CodecUnderTest, cut: number): void {
  const { codec } = subject
  const payloads = subject.edgePayloads(cut)
  const stream = streamOf(codec, payloads)
  const chunks = cutEvery(stream, Math.min(cut, stream.length))
  assertPayloads(decode(codec, chunks), payloads, `cut every ${String(cut)} bytes`)
}

function decodesEveryCut(subject: CodecUnderTest): void {
  const { codec } = subject
  const payloads = subject.smallPayloads()
  const stream = streamOf(codec, payloads)
  for (let place = 1; place < stream.length; place++) {
    assertPayloads(decode(codec, cutAt(stream, [place])), payloads, `cut at ${String(place)}`)
  }
}

function decodesEveryPartition(subject: CodecUnderTest): void {
  const { codec } = subject
  const payloads = subject.smallPayloads([0, 1, 2])
  const stream = streamOf(codec, payloads)
  const places = Math.min(stream.length - 1, CUT_PLACES_MAX)
  for (let mask = 0; mask < 2 ** places; mask++) {
    const cuts: number[] = []
    for (let place = 0; place < places; place++) if ((mask >> place) & 1) cuts.push(place + 1)
    assertPayloads(decode(codec, cutAt(stream, cuts)), payloads, `cut at ${cuts.join(', ')}`)
  }
}

function decodesRandomStreams(subject: CodecUnderTest): void {
  const { codec } = subject
  const random = new SeededRandom('frame codec compliance')
  for (let round = 0; round < RANDOM_STREAMS; round++) {
    const sizeMax = Math.min(random.pick([4, 300, 5000]), codec.payloadBytesMax)
    const payloads = Array.from({ length: 1 + random.int(30) }, () =>
      subject.randomPayload(sizeMax, random),
    )
    const chunks = cutAtRandom(streamOf(codec, payloads), random.pick([3, 100, 4000]), random)
    assertPayloads(decode(codec, chunks), payloads, `random stream ${String(round)}`)
  }
}

function takesEmptyChunks(subject: CodecUnderTest): void {
  const { codec } = subject
  const payloads = subject.smallPayloads()
  const chunks = cutEvery(streamOf(codec, payloads), 1).flatMap((chunk) => [Buffer.alloc(0), chunk])
  assertPayloads(decode(codec, [...chunks, Buffer.alloc(0)]), payloads, 'empty chunks in between')
  const decoder = codec.createDecoder()
  decoder.push(Buffer.alloc(0))
  assert.equal(decoder.next(), undefined, 'an empty chunk contains no payload')
  assert.equal(decoder.midFrame, false, 'an empty chunk begins no frame')
  decoder.end()
}

function payloadsStay(subject: CodecUnderTest): void {
  const { codec } = subject
  for (const cut of [1, 5, 1000, 70_000]) {
    const payloads = subject.edgePayloads(cut)
    const stream = streamOf(codec, payloads)
    const views = decode(codec, cutEvery(stream, cut))
    const held = new Set(views)
    assert.equal(held.size, payloads.length, 'every payload is a separate view')
    assertPayloads(views, payloads, `looked at after the whole stream, cut every ${String(cut)}`)
  }
}

function leavesChunks(subject: CodecUnderTest): void {
  const { codec } = subject
  for (const cut of [1, 3, 1000, 70_000]) {
    const stream = streamOf(codec, subject.edgePayloads(cut))
    const chunks = cutEvery(stream, cut)
    decode(codec, chunks)
    assert.ok(Buffer.concat(chunks).equals(stream), 'a chunk was written to')
  }
}

function handsOutViews(subject: CodecUnderTest): void {
  const { codec } = subject
  const payload = subject.viewedPayload()
  const stream = streamOf(codec, [payload, payload])
  const chunk = new Uint8Array(stream)
  const views = decode(codec, [chunk])
  assertPayloads(views, [payload, payload], 'two frames in one chunk')
  for (const view of views) assert.equal(view.buffer, chunk.buffer, 'the payload was copied')
}

type TruncationCheck = (
  truncated: Uint8Array,
  codec: FrameCodec,
  before: readonly Uint8Array[],
  context: string,
) => void

/** Every truncation of frames of several sizes, first in the stream or later. */
function forEachTruncation(subject: CodecUnderTest, check: TruncationCheck): void {
  const { codec } = subject
  const payloads = subject.smallPayloads([0, 1, 3, 300])
  for (const before of [[], [subject.smallPayload(1)], subject.smallPayloads([0, 1])]) {
    const whole = streamOf(codec, before)
    for (const payload of payloads) {
      const frame = frameOf(codec, payload)
      for (let end = 1; end < frame.length; end++) {
        const truncated = Buffer.concat([whole, frame.subarray(0, end)])
        const context = `${String(end)} of ${String(frame.length)} bytes, after ${String(before.length)} frames`
        check(truncated, codec, before, context)
      }
    }
  }
}

function reportsTruncation(
  truncated: Uint8Array,
  codec: FrameCodec,
  before: readonly Uint8Array[],
  context: string,
  cut = truncated.length,
): void {
  const decoder = codec.createDecoder()
  const payloads: Uint8Array[] = []
  for (const chunk of cutEvery(truncated, cut)) {
    decoder.push(chunk)
    for (const payload of pull(decoder)) payloads.push(payload)
  }
  assertPayloads(payloads, before, context)
  assert.equal(decoder.midFrame, true, `midFrame with ${context}`)
  assertThrowsCode(
    () => {
      decoder.end()
    },
    'CML_ERR_FRAME_TRUNCATED',
    context,
  )
}

function acceptsEnd(subject: CodecUnderTest): void {
  const { codec } = subject
  codec.createDecoder().end()
  const payloads = subject.smallPayloads()
  for (let count = 1; count <= payloads.length; count++) {
    const decoder = codec.createDecoder()
    decoder.push(streamOf(codec, payloads.slice(0, count)))
    assert.equal(pull(decoder).length, count)
    assert.equal(decoder.next(), undefined, 'next() after undefined')
    decoder.end()
  }
}

function knowsMidFrame(subject: CodecUnderTest): void {
  const { codec } = subject
  const decoder = codec.createDecoder()
  assert.equal(decoder.midFrame, false, 'midFrame before the first byte')
  for (const payload of subject.smallPayloads()) {
    const frame = frameOf(codec, payload)
    for (const [at, byte] of frame.entries()) {
      decoder.push(Uint8Array.of(byte))
      const last = at === frame.length - 1
      assert.equal(pull(decoder).length, last ? 1 : 0, 'payloads at this byte')
      assert.equal(
        decoder.midFrame,
        !last,
        `midFrame after ${String(at + 1)} of ${String(frame.length)} bytes`,
      )
    }
  }
}

function keepsStreamsApart(subject: CodecUnderTest): void {
  const { codec } = subject
  const left = subject.smallPayloads()
  const right = [...left].reverse()
  const leftStream = streamOf(codec, left)
  const rightStream = streamOf(codec, right)
  for (const cut of [1, 2, 5, 260]) {
    const leftDecoder = codec.createDecoder()
    const rightDecoder = codec.createDecoder()
    const leftOut: Uint8Array[] = []
    const rightOut: Uint8Array[] = []
    for (let at = 0; at < Math.max(leftStream.length, rightStream.length); at += cut) {
      leftDecoder.push(Buffer.from(leftStream.subarray(at, at + cut)))
      rightDecoder.push(Buffer.from(rightStream.subarray(at, at + cut)))
      leftOut.push(...pull(leftDecoder))
      rightOut.push(...pull(rightDecoder))
    }
    assertPayloads(leftOut, left, `left of two, cut every ${String(cut)}`)
    assertPayloads(rightOut, right, `right of two, cut every ${String(cut)}`)
  }
}

function startsClean(subject: CodecUnderTest): void {
  const { codec } = subject
  const payloads = subject.smallPayloads()
  const stream = streamOf(codec, payloads)
  for (let end = 1; end < stream.length; end++) {
    const abandoned = codec.createDecoder()
    abandoned.push(stream.subarray(0, end))
    pull(abandoned)
    assert.equal(codec.createDecoder().midFrame, false, 'a new decoder is not inside a frame')
    assertPayloads(
      decode(codec, [stream]),
      payloads,
      `after a decoder that was abandoned at byte ${String(end)}`,
    )
  }
}

function encodesBetweenChunks(subject: CodecUnderTest): void {
  const { codec } = subject
  const payloads = subject.smallPayloads()
  const decoder = codec.createDecoder()
  const received: Uint8Array[] = []
  for (const chunk of cutEvery(streamOf(codec, payloads), 2)) {
    decoder.push(chunk)
    frameOf(codec, subject.smallPayload(7))
    received.push(...pull(decoder))
  }
  assertPayloads(received, payloads, 'encoding in between')
}
