import { frameCodecCompliance } from '@commloop/testing/compliance'
import { DelimitedCodec, type DelimitedOptions } from '../src/index.js'
import { codecOf, DELIMITED_FRAMINGS, textPayload } from './delimited-framings.js'

const BYTES_MAX = 70_000
/** For framings whose bytes take the same way as those of another one. */
const FEW_BYTES_MAX = 3_000
const LARGE = ['crlf', 'mllp', 'jt808', 'cobs', 'astm']

function bytes(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'))
}

/** Beginnings of streams that the framing of this name never produces. */
const INVALID: Readonly<Record<string, readonly string[]>> = {
  'stx-etx': ['41', '03'],
  mllp: ['41', '0b0b1c0d41', '1c0d'],
  astm: ['41', '02 41 03 3434 0d0b', '0541'],
  'cola-a': ['41'],
  'modbus-ascii': ['41', '3a 3031 3047 0d0a', '3a 30 0d0a', '3a 0d0a'],
  nmea: ['41', '24 41 2b 3431 0d0a', '24 0d0a'],
  'stomp-null': ['00'],
  slip: ['41 db 41 c0', '41 db c0'],
  cobs: ['05 4100', '0000 02 00'],
  dle: ['41', '1041', '1002 41 1042', '1003'],
  hdlc: ['41', '7e 41 7e', '7e 41 7d 7e', '41'],
  jt808: ['41', '7e 41 7d03 7e', '7e 41 7d 7e'],
}

for (const framing of DELIMITED_FRAMINGS) {
  const { escape, emptyFrames = 'deliver' } = framing.options
  const bytesMax = LARGE.includes(framing.name) ? BYTES_MAX : FEW_BYTES_MAX
  const isFree = escape !== undefined && emptyFrames === 'deliver'
  frameCodecCompliance(framing.name, codecOf(framing, { maxPayload: bytesMax }), {
    withLimit: (maxPayload) => codecOf(framing, { maxPayload }),
    invalid: (INVALID[framing.name] ?? []).map(bytes),
    views: escape !== 'cobs' && escape !== 'hex',
    ...(isFree
      ? { views: false }
      : {
          payload: (size) =>
            size === 0 && emptyFrames !== 'deliver' ? undefined : textPayload(size),
        }),
  })
}

/** What no framing with a name has. */
const OTHERS: Readonly<Record<string, DelimitedOptions>> = {
  'several ends': { end: ['\n', '\r\n', ';;'] },
  'a long start and end': { start: 'BEGIN', end: '--END--' },
  'garbage skipped': { start: { hex: '02' }, end: { hex: '03' }, resync: 'hunt' },
  'garbage skipped, shared flags': {
    start: { hex: '7e' },
    end: { hex: '7e' },
    escape: 'hdlc',
    check: { checksum: 'crc-32/iso-hdlc' },
    resync: 'hunt',
  },
  'lines, garbage skipped': { end: '\n', resync: 'hunt' },
  'a checksum behind the end': {
    start: { hex: '02' },
    end: { hex: '03' },
    after: [{ checksum: 'crc-16/modbus', as: 'little' }, { bytes: 'xyz' }],
  },
  'COBS with a checksum': { end: { hex: '00' }, escape: 'cobs', check: { checksum: 'crc-16/arc' } },
  'pairs of its own': {
    end: 'E',
    escape: {
      lead: '\\',
      pairs: [
        { byte: '\\', as: '1' },
        { byte: 'E', as: '2' },
      ],
    },
  },
}

for (const [name, options] of Object.entries(OTHERS)) {
  const withLimit = (maxPayload: number) => new DelimitedCodec({ ...options, maxPayload })
  frameCodecCompliance(name, withLimit(options.resync === 'hunt' ? BYTES_MAX : FEW_BYTES_MAX), {
    // A decoder that hunts drops frames that are too large.
    ...(options.resync === 'hunt' ? {} : { withLimit }),
    ...(options.escape === undefined ? { payload: textPayload, views: true } : {}),
  })
}

/** A whole line, or a whole frame with its checksum. */
const WHOLE: Readonly<
  Record<string, [DelimitedOptions, (bytes: number) => Uint8Array | undefined]>
> = {
  'lines, whole frames': [
    { end: '\n', keep: 'frame' },
    (size) => (size < 1 ? undefined : Buffer.concat([textPayload(size - 1), Buffer.from('\n')])),
  ],
  'blocks, whole frames': [
    { start: '<', end: '>', after: [{ bytes: '!' }], keep: 'frame' },
    (size) =>
      size < 3
        ? undefined
        : Buffer.concat([
            Buffer.from('<'),
            textPayload(size - 3).map((byte) => byte | 0x40),
            Buffer.from('>!'),
          ]),
  ],
}

for (const [name, [options, payload]] of Object.entries(WHOLE)) {
  const withLimit = (maxPayload: number) => new DelimitedCodec({ ...options, maxPayload })
  frameCodecCompliance(name, withLimit(FEW_BYTES_MAX), { withLimit, payload, views: true })
}
