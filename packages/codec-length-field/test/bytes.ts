import type { FrameCodec, FrameDecoder } from '@commloop/core'

/** The bytes of hexadecimal digits, with blanks anywhere. */
export function hex(digits: string): Uint8Array {
  return new Uint8Array(Buffer.from(digits.replaceAll(' ', ''), 'hex'))
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** Every payload that is ready, in hexadecimal digits. */
export function pulled(decoder: FrameDecoder): string[] {
  const payloads: string[] = []
  for (let next = decoder.next(); next !== undefined; next = decoder.next()) {
    payloads.push(hexOf(next))
  }
  return payloads
}

/** The payloads of a stream that is cut into chunks of this size. */
export function decoded(decoder: FrameDecoder, stream: Uint8Array, chunkBytes: number): string[] {
  const payloads: string[] = []
  for (let at = 0; at < stream.length; at += chunkBytes) {
    decoder.push(stream.subarray(at, at + chunkBytes))
    payloads.push(...pulled(decoder))
  }
  return payloads
}

export function encoded(codec: FrameCodec, payload: Uint8Array): string {
  const into = new Uint8Array(codec.frameBytesMax(payload.length))
  return hexOf(into.subarray(0, codec.encode(payload, into, 0)))
}
