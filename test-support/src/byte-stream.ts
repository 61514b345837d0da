import type { FrameCodec, FrameDecoder } from '@commloop/core'
import type { Len16Options } from '@commloop/codec-len16'

export function frameOf(codec: FrameCodec, payload: Uint8Array): Uint8Array {
  const into = new Uint8Array(codec.frameBytesMax(payload.length))
  return into.subarray(0, codec.encode(payload, into, 0))
}

export function streamOf(codec: FrameCodec, payloads: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(payloads.map((payload) => frameOf(codec, payload)))
}

/** Bytes that depend on position and seed, so that a payload in the wrong position is noticed. */
export function payloadOf(bytes: number, seed = bytes): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, at) => (at * 7 + (at >> 8) + seed * 13) & 0xff)
}

export function cutAt(stream: Uint8Array, places: readonly number[]): Uint8Array[] {
  const edges = [0, ...places, stream.length]
  return edges.slice(1).map((edge, index) => stream.slice(edges[index] ?? 0, edge))
}

export function cutEvery(stream: Uint8Array, bytes: number): Uint8Array[] {
  const count = Math.ceil(stream.length / bytes)
  return Array.from({ length: count }, (_, at) => stream.slice(at * bytes, (at + 1) * bytes))
}

export function pull(decoder: FrameDecoder): Uint8Array[] {
  const payloads: Uint8Array[] = []
  for (let payload = decoder.next(); payload !== undefined; payload = decoder.next()) {
    payloads.push(payload)
  }
  return payloads
}

export function decode(codec: FrameCodec, chunks: readonly Uint8Array[]): Uint8Array[] {
  const decoder = codec.createDecoder()
  return chunks.flatMap((chunk) => {
    decoder.push(chunk)
    return pull(decoder)
  })
}

export function hexOf(payloads: readonly Uint8Array[]): string[] {
  return payloads.map((payload) => Buffer.from(payload).toString('hex'))
}

/** The payloads that a decoder returned for a stream, and why it stopped. */
export interface Reading {
  readonly payloads: readonly Uint8Array[]
  readonly end: 'whole' | 'truncated' | 'CML_ERR_FRAME_INVALID' | 'CML_ERR_FRAME_TOO_LARGE'
}

/** A simple reference: it decodes the whole stream with DataView. */
export function naiveReading(stream: Uint8Array, options: Len16Options): Reading {
  const { byteOrder, lengthIncludesHeader = false, emptyFrames } = options
  const payloadBytesMax = Number(options.maxPayload ?? (lengthIncludesHeader ? 65533 : 65535))
  const view = new DataView(stream.buffer, stream.byteOffset, stream.length)
  const payloads: Uint8Array[] = []
  let at = 0
  while (stream.length - at >= 2) {
    const length = view.getUint16(at, byteOrder === 'little')
    const payloadBytes = lengthIncludesHeader ? length - 2 : length
    if (payloadBytes > payloadBytesMax) return { payloads, end: 'CML_ERR_FRAME_TOO_LARGE' }
    if (payloadBytes < 0 || (payloadBytes === 0 && emptyFrames === 'reject')) {
      return { payloads, end: 'CML_ERR_FRAME_INVALID' }
    }
    if (at + 2 + payloadBytes > stream.length) return { payloads, end: 'truncated' }
    payloads.push(stream.slice(at + 2, at + 2 + payloadBytes))
    at += 2 + payloadBytes
  }
  return { payloads, end: at === stream.length ? 'whole' : 'truncated' }
}
