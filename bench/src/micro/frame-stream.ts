import { Len16Codec } from '@commloop/codec-len16'

/** Consecutive frames of one size, cut into chunks at any byte, as they arrive from a socket. */
export interface FrameStream {
  readonly frames: number
  readonly payloadBytes: number
  readonly chunks: readonly Uint8Array[]
}

/** As many complete frames as fit into `bytes`. */
export function frameStream(payloadBytes: number, bytes: number, chunkBytes: number): FrameStream {
  const codec = new Len16Codec()
  const frames = Math.floor(bytes / codec.frameBytesMax(payloadBytes))
  const stream = new Uint8Array(frames * codec.frameBytesMax(payloadBytes))
  const payload = new Uint8Array(payloadBytes).fill(0x61)
  let end = 0
  for (let frame = 0; frame < frames; frame++) end = codec.encode(payload, stream, end)
  const chunks: Uint8Array[] = []
  for (let at = 0; at < end; at += chunkBytes) {
    chunks.push(stream.slice(at, Math.min(at + chunkBytes, end)))
  }
  return { frames, payloadBytes, chunks }
}
