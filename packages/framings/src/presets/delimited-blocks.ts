import type { Framing } from '../framing.js'

const BLOCK_OPTIONS = ['maxPayload', 'emptyFrames', 'resync', 'preamble']
const NO_END_IN_PAYLOAD =
  'A payload that contains the end cannot be sent: it becomes undeliverable.'

/** Blocks between a start and an end, without escapes. */
export const DELIMITED_BLOCKS: readonly Framing[] = [
  {
    name: 'stx-etx',
    title: 'STX, the payload, ETX',
    titleZh: 'STX、载荷、ETX',
    codec: 'delimited',
    options: { start: { hex: '02' }, end: { hex: '03' } },
    open: [...BLOCK_OPTIONS, 'singles', 'after', 'keep'],
    source: 'ISO 1745; Spring ByteArrayStxEtxSerializer',
    samples: [{ frame: '02 616263 03', payload: '616263', about: 'abc' }],
    notes: [
      NO_END_IN_PAYLOAD,
      'A checksum behind ETX: after: [{ checksum: xor-8, from: 1 }]. For DLE STX and DLE ETX, use dle.',
    ],
  },
  {
    name: 'mllp',
    title: 'HL7 version 2 over TCP (MLLP)',
    titleZh: 'HL7 v2 的最小下层协议（MLLP）',
    codec: 'delimited',
    options: { start: { hex: '0b' }, end: { hex: '1c0d' }, maxPayload: '1MiB' },
    open: BLOCK_OPTIONS,
    source: 'HL7 Transport Specification: MLLP, Release 1, section 2.3',
    samples: [
      {
        frame: '0b 4d53487c0d 1c0d',
        payload: '4d53487c0d',
        about: 'MSH|, the beginning of a message',
      },
      { frame: '0b 06 1c0d', payload: '06', about: 'the commit acknowledgement of Release 2' },
    ],
    notes: [
      'The answer to a message (MSA|AA, MSA|AE) is a message of its own: the application sends it.',
      'Commit acknowledgements of MLLP Release 2 are payloads of one byte, 06 or 15.',
    ],
  },
  {
    name: 'astm',
    title: 'Laboratory instruments: ASTM E1381, CLSI LIS01-A2',
    titleZh: '检验仪器：ASTM E1381 / CLSI LIS01-A2',
    codec: 'delimited',
    options: {
      start: { hex: '02' },
      end: [{ hex: '03' }, { hex: '17' }],
      after: [{ checksum: 'sum-8', as: 'HEX', from: 1 }, { bytes: '\r\n' }],
      singles: { hex: '05 06 15 04' },
    },
    open: [...BLOCK_OPTIONS, 'after', 'keep'],
    source: 'ASTM E1381-95, section 6; CLSI LIS01-A2, section 8',
    samples: [
      {
        frame: '02 31417c427c437c440d 03 4246 0d0a',
        payload: '31417c427c437c440d',
        about: 'frame 1 with the record A|B|C|D',
      },
      { frame: '05', payload: '05', about: 'ENQ: the sender wants to send' },
      { frame: '06', payload: '06', about: 'ACK' },
    ],
    notes: [
      'ENQ, ACK, NAK and EOT are payloads of one byte. The application takes turns, counts frames and repeats them.',
      'ETX and ETB both end a frame, and ETX is written. With keep: frame, payloads contain STX, ETX or ETB, and the checksum.',
      'Some instruments include STX in the checksum: after: [{ checksum: sum-8, as: HEX, from: 0 }, { bytes: "\\r\\n" }].',
    ],
  },
  {
    name: 'cola-a',
    title: 'SICK sensors: CoLa A',
    titleZh: 'SICK 传感器：CoLa A',
    codec: 'delimited',
    options: { start: { hex: '02' }, end: { hex: '03' } },
    open: BLOCK_OPTIONS,
    source: 'SICK, Telegram Listing: LMS1xx, LMS5xx, TiM, CoLa A',
    samples: [
      {
        frame: '02 73524e204c4d447363616e64617461 03',
        payload: '73524e204c4d447363616e64617461',
        about: 'sRN LMDscandata: one scan is requested',
      },
    ],
    notes: ['For CoLa B, use cola-b.'],
  },
  {
    name: 'modbus-ascii',
    title: 'Modbus ASCII over TCP',
    titleZh: 'TCP 上的 Modbus ASCII',
    codec: 'delimited',
    options: {
      start: ':',
      end: '\r\n',
      escape: 'hex',
      check: { checksum: 'lrc-8' },
      maxPayload: 254,
      emptyFrames: 'reject',
    },
    open: ['resync', 'preamble'],
    source: 'MODBUS over Serial Line 1.02, section 2.5.2',
    samples: [
      {
        frame: '3a 303130333030303030303031 4642 0d0a',
        payload: '010300000001',
        about: 'unit 1: read the holding register at 0',
      },
    ],
    notes: [
      'Payloads are the bytes, the digits are only on the wire. The first byte is the unit.',
      'No transaction number: one request at a time.',
    ],
  },
  {
    name: 'nmea',
    title: 'NMEA 0183 sentences',
    titleZh: 'NMEA 0183 语句',
    codec: 'delimited',
    options: {
      start: '$',
      end: '\r\n',
      check: { checksum: 'xor-8', as: 'HEX', mark: '*' },
      maxPayload: 1024,
      emptyFrames: 'reject',
    },
    open: ['maxPayload', 'resync', 'preamble'],
    source: 'NMEA 0183, section 5.3; gpsd, "NMEA Revealed"',
    samples: [
      {
        frame:
          '24 47504747412c3132333531392c343830372e3033382c4e2c30313133312e3030302c452c312c30382c302e392c3534352e342c4d2c34362e392c4d2c2c 2a 3437 0d0a',
        payload:
          '47504747412c3132333531392c343830372e3033382c4e2c30313133312e3030302c452c312c30382c302e392c3534352e342c4d2c34362e392c4d2c2c',
        about: 'GPGGA: a position',
      },
    ],
    notes: [
      'A sentence without a checksum is rejected, and so is an encapsulated one (!AIVDM): use: delimited with start: "!" for those.',
    ],
  },
]
