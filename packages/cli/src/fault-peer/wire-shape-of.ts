import type { FrameCodec } from '@commloop/core'
import { wireFrame, type WireShape } from '@commloop/fault-peer'

const HEADER_SHAPES = (['big', 'little'] as const).flatMap((byteOrder) =>
  [false, true].map((lengthIncludesHeader) => ({ byteOrder, lengthIncludesHeader })),
)

/** Payload sizes whose lengths differ in both bytes and are not the same backwards. */
const SAMPLE_BYTES = [1, 2, 3, 255, 256, 770]

/**
 * The shape of a codec's frames, found by encoding and decoding. The fault peer builds frames by hand, so that it can
 * build wrong ones, and it knows only frames of a two-byte length and the payload. undefined: the codec's frames differ.
 */
export function wireShapeOf(codec: FrameCodec): WireShape | undefined {
  const { payloadBytesMax } = codec
  const samples = SAMPLE_BYTES.filter((bytes) => bytes <= payloadBytesMax).map((bytes) =>
    Buffer.alloc(bytes, 'x'),
  )
  try {
    const header = HEADER_SHAPES.find((shape) =>
      samples.every((payload) => encoded(codec, payload).equals(wireFrame(payload, shape))),
    )
    if (header === undefined) return undefined
    return { ...header, payloadBytesMax, emptyFrames: emptyFrames(codec, wireFrame('', header)) }
  } catch {
    // Its frames do not even fit into the room that the codec asks for, or into two bytes of length.
    return undefined
  }
}

function encoded(codec: FrameCodec, payload: Uint8Array): Buffer {
  const room = Buffer.alloc(codec.frameBytesMax(payload.length))
  return room.subarray(0, codec.encode(payload, room, 0))
}

function emptyFrames(codec: FrameCodec, frame: Uint8Array): WireShape['emptyFrames'] {
  const decoder = codec.createDecoder()
  decoder.push(frame)
  try {
    return decoder.next() === undefined ? 'reject' : 'deliver'
  } catch {
    return 'reject'
  }
}
