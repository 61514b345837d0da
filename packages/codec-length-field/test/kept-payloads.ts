import { LengthFieldCodec, type LengthFieldOptions } from '../src/index.js'

/** More than any payload of the compliance suite has. */
const ROOM_BYTES = 200_000
/** The most bytes of a header and trailer in these tests. */
const AROUND_BYTES_MAX = 64

/** Makes payloads of exactly a given size that a codec with these options carries, also above its limit. */
export function keptPayloads(
  options: LengthFieldOptions,
): (bytes: number) => Uint8Array | undefined {
  const { keep = 'nothing', emptyFrames = 'deliver' } = options
  const bodyBytesMin = emptyFrames === 'deliver' ? 0 : 1
  if (keep === 'nothing') {
    return (bytes) => (bytes < bodyBytesMin ? undefined : pattern(bytes))
  }
  const bare = roomyCodec({ ...options, keep: 'nothing' })
  const trailerBytes =
    keep === 'frame' ? 0 : roomyCodec({ ...options, keep: 'header' }).frameBytesMax(0)
  return (bytes) => {
    const least = Math.max(bodyBytesMin, bytes - AROUND_BYTES_MAX)
    for (let bodyBytes = bytes; bodyBytes >= least; bodyBytes--) {
      const frame = frameOf(bare, pattern(bodyBytes))
      if (frame?.length === bytes + trailerBytes) return frame.subarray(0, bytes)
    }
    return undefined
  }
}

/** A frame with this payload; undefined: the length cannot express it. */
export function frameOf(codec: LengthFieldCodec, payload: Uint8Array): Uint8Array | undefined {
  if (payload.length > codec.payloadBytesMax) return undefined
  const into = new Uint8Array(codec.frameBytesMax(payload.length))
  return into.subarray(0, codec.encode(payload, into, 0))
}

/** A codec with the largest limit that its length can express. */
function roomyCodec(options: LengthFieldOptions): LengthFieldCodec {
  const { payloadBytesMax } = new LengthFieldCodec(unlimited(options))
  const maxPayload = Math.min(payloadBytesMax, ROOM_BYTES)
  return new LengthFieldCodec({ ...options, maxPayload })
}

function unlimited(options: LengthFieldOptions): LengthFieldOptions {
  const entries = Object.entries(options).filter(([option]) => option !== 'maxPayload')
  return Object.fromEntries(entries) as unknown as LengthFieldOptions
}

function pattern(bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, at) => (at * 7 + bytes) & 0xff)
}
