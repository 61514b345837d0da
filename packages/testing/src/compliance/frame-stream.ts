import assert from 'node:assert/strict'
import { CommloopError, type ErrorCode, type FrameCodec, type FrameDecoder } from '@commloop/core'
import type { SeededRandom } from '../virtual/seeded-random.js'

/** Bytes that differ from their neighbours and from those of another size, so that a shifted view is noticed. */
export function payloadOf(bytes: number): Buffer {
  const payload = Buffer.allocUnsafe(bytes)
  for (let at = 0; at < bytes; at++)
    payload[at] = (at * 151 + (at >> 8) * 17 + bytes * 29 + 7) & 0xff
  return payload
}

/** One complete frame, in separate memory. */
export function frameOf(codec: FrameCodec, payload: Uint8Array): Buffer {
  const into = Buffer.alloc(codec.frameBytesMax(payload.length))
  return into.subarray(0, codec.encode(payload, into, 0))
}

/** The frames of all payloads, one after the other. */
export function streamOf(codec: FrameCodec, payloads: readonly Uint8Array[]): Buffer {
  return Buffer.concat(payloads.map((payload) => frameOf(codec, payload)))
}

/** The stream in chunks of `bytes`, each in separate memory, as a socket delivers them. */
export function cutEvery(stream: Uint8Array, bytes: number): Buffer[] {
  const chunks: Buffer[] = []
  for (let at = 0; at < stream.length; at += bytes) {
    chunks.push(Buffer.from(stream.subarray(at, at + bytes)))
  }
  return chunks
}

/** The stream cut at these positions, in rising order. */
export function cutAt(stream: Uint8Array, positions: readonly number[]): Buffer[] {
  const edges = [0, ...positions, stream.length]
  return edges.slice(1).map((edge, index) => Buffer.from(stream.subarray(edges[index], edge)))
}

/** The stream in chunks of 1 to `bytesMax` bytes. */
export function cutAtRandom(stream: Uint8Array, bytesMax: number, random: SeededRandom): Buffer[] {
  const chunks: Buffer[] = []
  for (let at = 0; at < stream.length;) {
    const end = at + 1 + random.int(bytesMax)
    chunks.push(Buffer.from(stream.subarray(at, end)))
    at = end
  }
  return chunks
}

/** All complete payloads of the decoder, as the views that it returns. */
export function pull(decoder: FrameDecoder, payloadsMax = 1_000_000): Uint8Array[] {
  const payloads: Uint8Array[] = []
  for (let payload = decoder.next(); payload !== undefined; payload = decoder.next()) {
    payloads.push(payload)
    assert.ok(payloads.length <= payloadsMax, 'next() never returns undefined')
  }
  return payloads
}

/** The payloads that a new decoder returns for these chunks. */
export function decode(codec: FrameCodec, chunks: readonly Uint8Array[]): Uint8Array[] {
  const decoder = codec.createDecoder()
  const payloads: Uint8Array[] = []
  for (const chunk of chunks) {
    decoder.push(chunk)
    for (const payload of pull(decoder)) payloads.push(payload)
  }
  return payloads
}

export function assertPayloads(
  actual: readonly Uint8Array[],
  expected: readonly Uint8Array[],
  context: string,
): void {
  assert.deepEqual(
    actual.map((payload) => payload.length),
    expected.map((payload) => payload.length),
    `${context}: payload sizes`,
  )
  for (const [index, payload] of expected.entries()) {
    const same = Buffer.compare(actual[index] ?? new Uint8Array(), payload) === 0
    assert.ok(same, `${context}: payload ${String(index)} differs from the one that was sent`)
  }
}

/** Fails if `action` does not throw a CommloopError with this code. */
export function assertThrowsCode(action: () => unknown, code: ErrorCode, context: string): void {
  try {
    action()
  } catch (error) {
    const thrown = error instanceof Error ? error.message : typeof error
    assert.ok(CommloopError.is(error), `${context}: not a CommloopError: ${thrown}`)
    assert.equal(error.code, code, context)
    return
  }
  assert.fail(`${context}: nothing was thrown, expected ${code}`)
}
