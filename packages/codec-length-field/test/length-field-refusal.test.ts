import { describe, expect, it } from 'vitest'
import { LengthFieldCodec, type LengthFieldOptions } from '../src/index.js'
import { hex, pulled } from './bytes.js'

const INVALID = 'CML_ERR_FRAME_INVALID'
const DECIMAL = { length: { encoding: 'decimal', bytes: 4 } } as const
const CHECKED = {
  length: { bytes: 1, offset: 1 },
  magic: { hex: '68' },
  trailer: [{ checksum: 'sum-8' }, { bytes: { hex: '16' } }],
} as const

/** Options, a stream, and how its refusal begins. */
const REFUSALS: readonly [string, LengthFieldOptions, string, string, string][] = [
  [
    'another magic',
    { length: { bytes: 2, offset: 2 }, magic: { hex: '0300' } },
    '47455420',
    INVALID,
    'header 47 45 54 20 is not that of a frame: expected 03 at byte 0',
  ],
  [
    'another magic in a text',
    { ...DECIMAL, length: { ...DECIMAL.length, offset: 2 }, magic: '##' },
    '474554 2f 2f 2f',
    INVALID,
    'header 47 45 54 2f 2f 2f ("GET///") is not that of a frame: expected 23 ("#") at byte 0',
  ],
  [
    'another third byte of a magic',
    { length: { bytes: 1, offset: 3 }, magic: 'abc' },
    '616264 01 78',
    INVALID,
    'header 61 62 64 01 is not that of a frame: expected 63 ("c") at byte 2',
  ],
  [
    'letters for digits',
    DECIMAL,
    '16030102',
    INVALID,
    'header 16 03 01 02 has no length: expected 4 decimal digits at byte 0',
  ],
  [
    'a varint without an end',
    { length: { encoding: 'varint' } },
    'ffffffffff',
    INVALID,
    'header ff ff ff ff ff has no length: expected a varint of up to 5 bytes at byte 0',
  ],
  [
    'digits without an end',
    { length: { encoding: 'digits', bytes: 3 } },
    '31323334',
    INVALID,
    'header 31 32 33 34 ("1234") has no length: expected up to 3 decimal digits and their end at byte 0',
  ],
  [
    'an indefinite BER length',
    { length: { encoding: 'ber', offset: 1 } },
    '3080',
    INVALID,
    'header 30 80 has no length: expected a definite BER length of up to 4 bytes at byte 1',
  ],
  [
    'a length below its own header',
    { length: 4, counts: 'frame' },
    '00000003',
    INVALID,
    'length 3 (header 00 00 00 03) does not cover its own header',
  ],
  [
    'a length below its own trailer',
    { length: 2, counts: 'rest', trailer: [{ bytes: 'x' }] },
    '0000',
    INVALID,
    'length 0 (header 00 00) does not cover its own header and trailer',
  ],
  [
    'an empty frame',
    { length: 2, emptyFrames: 'reject' },
    '0000',
    INVALID,
    'length 0 (header 00 00) announces an empty frame, which emptyFrames: reject forbids',
  ],
  [
    'two lengths',
    { length: { bytes: 1, again: 1 } },
    '0304',
    INVALID,
    'header 03 04 has two different lengths',
  ],
  [
    'low bits',
    { length: { bytes: 2, shift: 2, low: 2 } },
    '0001',
    INVALID,
    'length 1 (header 00 01) does not end with the bits of "low"',
  ],
  [
    'a large length',
    { length: 4, maxPayload: 100 },
    '00000065',
    'CML_ERR_FRAME_TOO_LARGE',
    'length 101 (header 00 00 00 65) announces a payload of 101 bytes, above the limit of 100',
  ],
  [
    '4 GiB',
    { length: 4 },
    'ffffffff',
    'CML_ERR_FRAME_TOO_LARGE',
    'length 4294967295 (header ff ff ff ff) announces a payload of 4294967295 bytes',
  ],
  [
    '2^31',
    { length: { bytes: 4, byteOrder: 'little' } },
    '00000080',
    'CML_ERR_FRAME_TOO_LARGE',
    'length 2147483648',
  ],
  [
    '2^62',
    { length: 8 },
    '4000000000000000',
    'CML_ERR_FRAME_TOO_LARGE',
    'length 4611686018427388000',
  ],
  [
    'a wrong checksum',
    CHECKED,
    '680161 ff 16',
    'CML_ERR_FRAME_CHECKSUM',
    'the frame has the checksum ff, expected ca',
  ],
  ['a wrong end', CHECKED, '680161 ca 17', INVALID, 'the frame ends with 17, expected 16'],
]

describe('a stream that is not of this codec', () => {
  it.each(REFUSALS)(
    'is rejected for %s, and the message names the bytes',
    (_, options, stream, code, message) => {
      const bytes = hex(stream)
      for (const chunkBytes of [bytes.length, 1]) {
        const decoder = new LengthFieldCodec(options).createDecoder()
        const read = (): void => {
          for (let at = 0; at < bytes.length; at += chunkBytes) {
            decoder.push(bytes.subarray(at, at + chunkBytes))
            decoder.next()
          }
        }
        expect(read).toThrow(expect.objectContaining({ code }) as Error)
        // A second call must not continue with the bytes behind.
        const again = (): unknown => decoder.next()
        expect(again).toThrow(expect.objectContaining({ code }) as Error)
        if (chunkBytes > 1) expect(again).toThrow(message)
      }
    },
  )

  it('is rejected with the first byte that no frame has, before the header is complete', () => {
    const decoder = new LengthFieldCodec({
      length: { bytes: 2, offset: 22 },
      magic: '##',
    }).createDecoder()
    decoder.push(Buffer.from('GET'))
    expect(() => decoder.next()).toThrow(/expected 23/)
  })

  it('loses no frame before the bytes that are rejected', () => {
    const decoder = new LengthFieldCodec(CHECKED).createDecoder()
    decoder.push(hex('680161ca16 680162cb16 680163ff16'))
    expect(Buffer.from(decoder.next() ?? []).toString()).toBe('a')
    expect(Buffer.from(decoder.next() ?? []).toString()).toBe('b')
    expect(() => decoder.next()).toThrow(/checksum/)
  })
})

describe('payloads that the codec cannot carry', () => {
  const refusals: readonly [string, LengthFieldOptions, string, string][] = [
    [
      'without a header',
      { length: 4, header: 16, keep: 'header' },
      '00000000',
      'the payload has 4 bytes, but keep: header means that it begins with the header of 16 bytes',
    ],
    [
      'without a trailer',
      { length: 1, trailer: [{ bytes: 'xy' }], keep: 'frame' },
      '0061',
      'the payload has 2 bytes, but keep: frame means that it begins with the header and trailer of 3 bytes',
    ],
    [
      'without a body',
      { length: 2, header: 4, keep: 'header', emptyFrames: 'reject' },
      '00000000',
      'the payload has no body, and emptyFrames: reject forbids empty frames',
    ],
    [
      'with another length',
      { length: { encoding: 'ber', offset: 1 }, keep: 'frame' },
      '3004616263',
      'must contain its length (a definite BER length of up to 4 bytes), found 4 in 5 bytes',
    ],
  ]
  it.each(refusals)('%s are rejected, and the message says why', (_, options, payload, message) => {
    const codec = new LengthFieldCodec(options)
    const encode = (): number => codec.encode(hex(payload), new Uint8Array(64), 0)
    expect(encode).toThrow(expect.objectContaining({ code: 'CML_ERR_PAYLOAD_INVALID' }) as Error)
    expect(encode).toThrow(message)
  })

  it('never change: the codec writes into its own buffer', () => {
    const payload = hex('00000000 0102')
    const into = new Uint8Array(6)
    new LengthFieldCodec({ length: 4, keep: 'header' }).encode(payload, into, 0)
    expect([...into]).toEqual([0, 0, 0, 2, 1, 2])
    expect([...payload]).toEqual([0, 0, 0, 0, 1, 2])
  })
})

describe('bits of the length that do not count', () => {
  const options = { length: { bytes: 4, mask: 0x7fffffff } } as const
  it('are passed over, and belong to the sender if the header is kept', () => {
    const kept = new LengthFieldCodec({ ...options, keep: 'header' })
    const into = new Uint8Array(8)
    kept.encode(hex('80000000 616263'), into, 0)
    expect(Buffer.from(into.subarray(0, 7)).toString('hex')).toBe('80000003616263')
    const decoder = new LengthFieldCodec(options).createDecoder()
    decoder.push(into.subarray(0, 7))
    expect(pulled(decoder)).toEqual(['616263'])
  })
})

describe('a header that is not a frame', () => {
  const options = { length: { bytes: 2, idle: 0 }, counts: 'frame' } as const
  it.each([1, 2, 3, 100])('is passed over, in chunks of %i bytes', (chunkBytes) => {
    const decoder = new LengthFieldCodec(options).createDecoder()
    const stream = hex('0000 0003 61 0000 0000 0003 62 0000')
    const payloads: string[] = []
    for (let at = 0; at < stream.length; at += chunkBytes) {
      decoder.push(stream.subarray(at, at + chunkBytes))
      payloads.push(...pulled(decoder))
    }
    expect(payloads).toEqual(['61', '62'])
    decoder.end()
  })
  it('is not the beginning of a frame', () => {
    const decoder = new LengthFieldCodec(options).createDecoder()
    decoder.push(hex('0000'))
    expect(decoder.midFrame).toBe(false)
    decoder.end()
  })
})
