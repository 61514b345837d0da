import { frameCodecCompliance } from '@commloop/testing/compliance'
import { FixedCodec, LengthFieldCodec, type LengthFieldOptions } from '../src/index.js'
import { keptPayloads } from './kept-payloads.js'

interface Facts {
  readonly invalid?: readonly string[]
  /** Bytes after which the size of a frame is known, and whether payloads are views. */
  readonly announcedBytes?: number
}

function comply(name: string, options: LengthFieldOptions, facts: Facts = {}): void {
  const given = { maxPayload: 5_000, ...options }
  const announcedBytes = facts.announcedBytes
  frameCodecCompliance(`length-field, ${name}`, new LengthFieldCodec(given), {
    withLimit: (maxPayload) => new LengthFieldCodec({ ...given, maxPayload }),
    invalid: (facts.invalid ?? []).map((hex) => Buffer.from(hex.replaceAll(' ', ''), 'hex')),
    payload: keptPayloads(given),
    ...(announcedBytes === undefined ? {} : { announcedBytes, views: true }),
  })
}

comply('1 byte', { length: 1, maxPayload: 255 })
comply('2 bytes', { length: 2, maxPayload: 65_535 })
comply('3 bytes', { length: 3 })
comply('4 bytes', { length: 4, maxPayload: 70_000 })
comply('5 bytes', { length: 5 })
comply('8 bytes', { length: 8 })
comply(
  '2 bytes, little endian, whole frame',
  {
    length: { bytes: 2, byteOrder: 'little' },
    counts: 'frame',
    maxPayload: 65_533,
  },
  { invalid: ['0000', '0100'] },
)
comply('4 bytes, little endian', { length: { bytes: 4, byteOrder: 'little' } })
comply('7 bytes, little endian', { length: { bytes: 7, byteOrder: 'little' } })
comply('4 bytes, inclusive', { length: 4, counts: 'itself' }, { invalid: ['00000000', '00000003'] })
comply(
  'decimal',
  { length: { encoding: 'decimal', bytes: 5 } },
  { invalid: ['2020202020', Buffer.from('0012a').toString('hex'), '3132203334'] },
)
comply(
  'decimal-4',
  { length: { encoding: 'decimal', bytes: 4 }, maxPayload: 9999 },
  {
    invalid: [Buffer.from('00a1').toString('hex'), Buffer.from('+001').toString('hex')],
  },
)
comply('decimal with blanks', { length: { encoding: 'decimal', bytes: 6, pad: ' ' } })
comply(
  'hex',
  { length: { encoding: 'hex', bytes: 5 } },
  { invalid: [Buffer.from('0000g').toString('hex')] },
)
comply('bcd', { length: { encoding: 'bcd', bytes: 3 } }, { invalid: ['00001a', 'f00000'] })
comply(
  'varint',
  { length: { encoding: 'varint' }, maxPayload: 70_000 },
  { invalid: ['ffffffffff'], announcedBytes: 3 },
)
comply('ber', { length: { encoding: 'ber' } }, { invalid: ['80', '85'], announcedBytes: 4 })
comply(
  'ber, kept',
  { length: { encoding: 'ber', offset: 1 }, keep: 'frame' },
  {
    invalid: ['3080'],
    announcedBytes: 5,
  },
)
comply(
  'digits',
  { length: { encoding: 'digits' } },
  {
    invalid: [':a', '01:a', 'xx', '9999999999'].map((text) => Buffer.from(text).toString('hex')),
    announcedBytes: 6,
  },
)
comply(
  'netstring',
  { length: { encoding: 'digits' }, trailer: [{ bytes: ',' }] },
  { announcedBytes: 6 },
)
comply(
  'magic',
  { length: { bytes: 2, offset: 3 }, magic: '###', maxPayload: 65_535 },
  {
    invalid: [Buffer.from('##x00').toString('hex')],
  },
)
comply(
  'magic at two places',
  {
    length: { bytes: 4, offset: 2 },
    header: 9,
    magic: [
      { at: 0, bytes: { hex: '0300' } },
      { at: 8, bytes: '|' },
    ],
  },
  { invalid: ['0301000000000000 7c', '030000000000 0000 7d'] },
)
comply('header with more than the length', { length: { bytes: 3, offset: 2 }, header: 11 })
comply(
  'written twice',
  {
    length: { bytes: 3, offset: 1, again: 4, byteOrder: 'little' },
    header: 8,
    magic: [
      { at: 0, bytes: 'h' },
      { at: 7, bytes: 'h' },
    ],
    trailer: [{ checksum: 'sum-8', from: 8 }, { bytes: { hex: '16' } }],
  },
  { invalid: ['6803000004000068'], announcedBytes: 8 },
)
comply('shifted', { length: { bytes: 3, shift: 2, low: 2 } }, { invalid: ['000001'] })
comply('masked', { length: { bytes: 4, mask: 0x7fffffff } })
comply(
  'rest, with a trailer',
  { length: 3, counts: 'rest', trailer: [{ bytes: { hex: '03' } }] },
  {
    invalid: ['000000'],
    announcedBytes: 3,
  },
)
comply(
  'frame, adjusted',
  { length: { bytes: 3, offset: 1 }, counts: 'frame', adjust: -2, magic: 'h' },
  {
    invalid: ['68000001'],
  },
)
comply(
  'checksums',
  {
    length: { bytes: 3, offset: 1 },
    magic: '#',
    trailer: [
      { checksum: 'crc-16/modbus', as: 'little' },
      { checksum: 'crc-32/iso-hdlc', as: 'HEX', from: 4 },
    ],
  },
  { announcedBytes: 4 },
)
comply(
  'header kept',
  { length: { bytes: 4, offset: 2 }, header: 10, keep: 'header' },
  { announcedBytes: 10 },
)
comply(
  'header kept, with a trailer',
  {
    maxPayload: 70_000,
    length: { encoding: 'decimal', bytes: 5 },
    counts: 'frame',
    header: 29,
    keep: 'header',
    trailer: [{ bytes: '\n' }],
  },
  { announcedBytes: 29 },
)
comply(
  'frame kept',
  {
    length: { bytes: 3, offset: 3 },
    magic: 'abc',
    keep: 'frame',
    trailer: [{ checksum: 'xor-8', from: 3 }],
  },
  { announcedBytes: 6 },
)
comply('empty frames rejected', { length: 3, emptyFrames: 'reject' }, { invalid: ['000000'] })
comply('empty frames skipped', { length: 3, emptyFrames: 'skip' })
comply(
  'preamble',
  { length: { bytes: 3, offset: 1 }, magic: 'h', preamble: { hex: 'fe' } },
  {
    invalid: ['fefe67', 'fe00'],
  },
)
comply('idle', { length: { bytes: 3, idle: 0 }, counts: 'frame' }, { invalid: ['000002'] })

const HUNTING = {
  length: { bytes: 3, offset: 2 },
  magic: { hex: 'a55a' },
  trailer: [{ checksum: 'crc-16/arc' }, { bytes: { hex: '96' } }],
  resync: 'hunt',
  maxPayload: 70_000,
} as const
frameCodecCompliance('length-field, hunting', new LengthFieldCodec(HUNTING), {
  payload: keptPayloads(HUNTING),
})

frameCodecCompliance('fixed', new FixedCodec({ bytes: 128, pad: 'none' }), {
  payload: (bytes) => (bytes === 128 ? new Uint8Array(bytes).fill(0x61) : undefined),
})
frameCodecCompliance('fixed, one byte', new FixedCodec({ bytes: 1, pad: 'none' }), {
  payload: (bytes) => (bytes === 1 ? Uint8Array.of(0) : undefined),
})
frameCodecCompliance('fixed, padded and stripped', new FixedCodec({ bytes: 512, strip: true }), {
  payload: (bytes) => (bytes <= 512 ? new Uint8Array(bytes).fill(0x61) : undefined),
})
