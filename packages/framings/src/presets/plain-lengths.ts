import type { Framing } from '../framing.js'

/** A number, and then so many bytes. */
export const PLAIN_LENGTHS: readonly Framing[] = [
  {
    name: 'len32',
    title: '4-byte length, then the payload',
    titleZh: '4 字节长度，后跟载荷',
    codec: 'length-field',
    options: { length: 4 },
    open: ['maxPayload', 'emptyFrames'],
    source: 'Erlang {packet, 4}; Thrift framed transport; jPOS RawChannel',
    samples: [{ frame: '00000003 616263', payload: '616263', about: 'abc' }],
    notes: [],
  },
]
