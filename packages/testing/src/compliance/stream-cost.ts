import type { FrameCodec } from '@commloop/core'
import { cutEvery, frameOf } from './frame-stream.js'

/** The largest stream that is measured. A linear decoder takes a few hundredths of a second. */
const BYTES_MAX = 2 ** 18
/** Each stream is this many times as large as the one before. */
const STEP = 4
/** Linear time grows by `STEP`, quadratic time by its square. */
const GROWTH_MAX = 8
/** Less CPU time is not worth a judgement. */
const JUDGED_MS_MIN = 50
const ROUNDS = 3
const SIZES_TRIED = 64

/**
 * Finds out whether the work of a decoder for n bytes grows like n². It measures CPU time, so other programs on the machine
 * do not matter, and compares a stream with one of a quarter of its size, so the speed of the machine does not matter.
 *
 * @returns which stream took how long; undefined: the time is linear, or too short to judge
 */
export function quadraticCost(
  codec: FrameCodec,
  payloadOf: (bytes: number) => Buffer | undefined,
): string | undefined {
  return (
    costOf('one at a time', (bytes) => largeFrame(codec, payloadOf, bytes), codec, 1) ??
    costOf('of small frames in one chunk', (bytes) => manyFrames(codec, payloadOf, bytes), codec)
  )
}

function costOf(
  how: string,
  streamOf: (bytes: number) => Buffer | undefined,
  codec: FrameCodec,
  cut = Infinity,
): string | undefined {
  let before: { readonly bytes: number; readonly ms: number } | undefined
  for (const bytes of [BYTES_MAX / STEP ** 3, BYTES_MAX / STEP ** 2, BYTES_MAX / STEP, BYTES_MAX]) {
    const stream = streamOf(bytes)
    if (stream === undefined) continue
    const ms = leastMs(codec, cutEvery(stream, Math.min(cut, stream.length)))
    const growth = before === undefined ? 0 : ms / before.ms / (stream.length / before.bytes / STEP)
    if (before !== undefined && ms >= JUDGED_MS_MIN && growth > GROWTH_MAX) {
      const shorter = `${String(before.bytes)} bytes ${before.ms.toFixed(0)} ms`
      return `quadratic: ${String(stream.length)} bytes, ${how}, took ${ms.toFixed(0)} ms of CPU time, and ${shorter}`
    }
    before = { bytes: stream.length, ms }
  }
  return undefined
}

/** One frame of about this many bytes. */
function largeFrame(
  codec: FrameCodec,
  payloadOf: (bytes: number) => Buffer | undefined,
  bytes: number,
): Buffer | undefined {
  // Not every codec carries every size, such as one of a fixed size or with a small limit.
  for (let less = 0; less < SIZES_TRIED; less++) {
    const payload = payloadOf(bytes - less)
    if (payload !== undefined) return frameOf(codec, payload)
  }
  return undefined
}

/** Frames of the smallest payload, up to this many bytes together. */
function manyFrames(
  codec: FrameCodec,
  payloadOf: (bytes: number) => Buffer | undefined,
  bytes: number,
): Buffer | undefined {
  for (let size = 1; size <= SIZES_TRIED; size++) {
    const payload = payloadOf(size)
    if (payload === undefined) continue
    const frame = frameOf(codec, payload)
    return Buffer.concat(new Array<Buffer>(Math.ceil(bytes / frame.length)).fill(frame))
  }
  return undefined
}

/** The least CPU time of a few rounds. The others included the work of the compiler or the garbage collector. */
function leastMs(codec: FrameCodec, chunks: readonly Uint8Array[]): number {
  let least = Infinity
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage()
    drain(codec, chunks)
    const { user, system } = process.cpuUsage(before)
    least = Math.min(least, (user + system) / 1000)
    if (least < JUDGED_MS_MIN) break
  }
  return Math.max(least, 0.001)
}

function drain(codec: FrameCodec, chunks: readonly Uint8Array[]): void {
  const decoder = codec.createDecoder()
  for (const chunk of chunks) {
    decoder.push(chunk)
    while (decoder.next() !== undefined);
  }
}
