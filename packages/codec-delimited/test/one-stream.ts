import type { FrameCodec } from '@commloop/core'

/** The frame of one payload. */
export function encoded(codec: FrameCodec, payload: Uint8Array): Buffer {
  const into = Buffer.alloc(codec.frameBytesMax(payload.length))
  return into.subarray(0, codec.encode(payload, into, 0))
}

/** The payloads of a stream that arrives in these chunks and ends between two frames. */
export function payloadsOf(codec: FrameCodec, chunks: readonly Uint8Array[]): Buffer[] {
  const decoder = codec.createDecoder()
  const payloads: Buffer[] = []
  for (const chunk of chunks) {
    decoder.push(chunk)
    for (let payload = decoder.next(); payload !== undefined; payload = decoder.next()) {
      payloads.push(Buffer.from(payload))
    }
  }
  decoder.end()
  return payloads
}

/** The stream in chunks of this many bytes. */
export function cutEvery(stream: Uint8Array, bytes: number): Uint8Array[] {
  const chunks: Uint8Array[] = []
  for (let at = 0; at < stream.length; at += bytes) chunks.push(stream.slice(at, at + bytes))
  return chunks
}
