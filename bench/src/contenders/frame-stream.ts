import { decode, encode } from 'frame-stream'
import { streamContender } from './stream-contender.js'

// Its own length of two bytes is signed, so that it ends at 32,767 bytes.
const UNSIGNED = {
  lengthSize: 2,
  getLength: (buffer: Buffer) => buffer.readUInt16BE(0),
  setLength: (buffer: Buffer, length: number) => {
    buffer.writeUInt16BE(length, 0)
  },
}

export const frameStream = streamContender(
  'frame-stream',
  'frame-stream 4.0.1, two bytes of length',
  {
    encode: () => encode(UNSIGNED),
    decode: () => decode(UNSIGNED),
  },
)
