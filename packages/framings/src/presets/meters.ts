import type { Framing } from '../framing.js'

const NEVER_TRIED = 'Never tried with a peer; the samples follow the standard.'

/** Power stations, meters, environment and vehicles. */
export const METERS: readonly Framing[] = [
  {
    name: 'iec104',
    title: 'IEC 60870-5-104: start byte 68, 1-byte length, APDU',
    titleZh: 'IEC 60870-5-104：起始字节 68、1 字节长度、APDU',
    codec: 'length-field',
    options: {
      length: { bytes: 1, offset: 1 },
      magic: { hex: '68' },
      emptyFrames: 'reject',
      maxPayload: 253,
    },
    open: ['maxPayload', 'resync'],
    source: 'IEC 60870-5-104, section 5',
    samples: [
      { frame: '68 04 07000000', payload: '07000000', about: 'STARTDT act' },
      { frame: '68 04 43000000', payload: '43000000', about: 'TESTFR act' },
    ],
    heartbeat: { payload: '43000000', answer: '83000000', every: '20s' },
    notes: [
      'Peers expect STARTDT before data, and acknowledgements of the I frames.',
      'Tried with tshark, which reads its frames; never with a peer. The samples follow the standard.',
    ],
  },
  {
    name: 'dlms-wrapper',
    title: 'DLMS/COSEM wrapper: version 1, source, destination, length',
    titleZh: 'DLMS/COSEM 封装层：版本 1、源地址、目的地址、长度',
    codec: 'length-field',
    options: {
      length: { bytes: 2, offset: 6 },
      magic: { hex: '0001' },
      keep: 'header',
    },
    open: ['maxPayload', 'emptyFrames', 'keep'],
    source: 'IEC 62056-47; DLMS UA 1000-2, section 7.3.3.2',
    samples: [
      {
        frame: '0001 0010 0001 001f 601da109060760857405080101be10040e01000000065f1f0400007e1f04b0',
        payload:
          '0001 0010 0001 001f 601da109060760857405080101be10040e01000000065f1f0400007e1f04b0',
        encodes:
          '0001 0010 0001 0000 601da109060760857405080101be10040e01000000065f1f0400007e1f04b0',
        about: 'an association request',
      },
    ],
    notes: [
      'The payload contains the header. The sender writes source and destination; the codec writes the length.',
      'Peers expect an association request first.',
      NEVER_TRIED,
    ],
  },
  {
    name: 'hj212',
    title: 'HJ 212: ##, 4 decimal digits, data, CRC, CR LF',
    titleZh: 'HJ 212 污染物在线监控：##、4 位十进制长度、数据段、CRC、回车换行',
    codec: 'length-field',
    options: {
      length: { encoding: 'decimal', bytes: 4, offset: 2 },
      magic: '##',
      trailer: [{ checksum: 'crc-16/hj212', as: 'HEX', from: 6 }, { bytes: '\r\n' }],
    },
    open: ['maxPayload', 'emptyFrames', 'resync'],
    source: 'HJ 212-2017, section 6.3 and annex A',
    samples: [
      {
        frame:
          '2323 30313031 514e3d32303136303830313038353835373232333b53543d33323b434e3d313036323b50573d3130303030303b4d4e3d303130303030413839303030313646303030313639444330' +
          '3b466c61673d353b43503d262652746449' +
          '6e74657276616c3d33302626 31433830 0d0a',
        payload:
          '514e3d32303136303830313038353835373232333b53543d33323b434e3d313036323b50573d3130303030303b4d4e3d303130303030413839303030313646303030313639444330' +
          '3b466c61673d353b43503d262652746449' +
          '6e74657276616c3d33302626',
        about: 'the example of annex A',
      },
    ],
    notes: ['Data in several parts (PNUM, PNO) is delivered in several payloads.'],
  },
  {
    name: 'gb32960',
    title: 'GB/T 32960: ##, command, VIN, length, data, checksum',
    titleZh: 'GB/T 32960 电动汽车远程服务：##、命令、车架号、长度、数据、校验',
    codec: 'length-field',
    options: {
      length: { bytes: 2, offset: 22 },
      magic: '##',
      trailer: [{ checksum: 'xor-8', from: 2 }],
      keep: 'header',
    },
    open: ['maxPayload', 'emptyFrames', 'keep', 'resync'],
    source: 'GB/T 32960.3-2016, section 6.2',
    samples: [
      {
        frame: '2323 07 fe 4c5356414134394a313332303437333731 01 0000 c0',
        payload: '2323 07 fe 4c5356414134394a313332303437333731 01 0000',
        about: 'a heartbeat of the vehicle LSVAA49J132047371',
      },
    ],
    notes: [
      'The payload contains the header. The sender writes command and VIN; the codec writes the length.',
      'Peers expect a login first and answers to each command.',
      NEVER_TRIED,
    ],
  },
  {
    name: 'dlt645',
    title: 'DL/T 645 meters: 68, address, 68, control, 1-byte length, data, sum, 16',
    titleZh: 'DL/T 645 多功能电能表：68、地址、68、控制码、长度、数据、校验和、16',
    codec: 'length-field',
    options: {
      length: { bytes: 1, offset: 9 },
      magic: [
        { at: 0, bytes: { hex: '68' } },
        { at: 7, bytes: { hex: '68' } },
      ],
      trailer: [{ checksum: 'sum-8' }, { bytes: { hex: '16' } }],
      keep: 'header',
      preamble: { hex: 'fe' },
    },
    open: ['maxPayload', 'emptyFrames', 'keep', 'resync'],
    source: 'DL/T 645-2007, section 5',
    samples: [
      {
        frame: '68 aaaaaaaaaaaa 68 13 00 df 16',
        payload: '68 aaaaaaaaaaaa 68 13 00',
        about: 'the request for the address of a meter',
      },
    ],
    notes: [
      'The payload contains the header. The sender writes address and control code; the codec writes the length.',
      'The bytes of data are not changed: peers add 33 to each of them.',
      'Bytes fe before a frame are passed over and not sent.',
      'On serial lines behind a device server, set resync: hunt.',
      NEVER_TRIED,
    ],
  },
  {
    name: 'cjt188',
    title: 'CJ/T 188 water, gas and heat meters: 68, type, address, control, length, data, sum, 16',
    titleZh: 'CJ/T 188 户用计量仪表：68、表类型、地址、控制码、长度、数据、校验和、16',
    codec: 'length-field',
    options: {
      length: { bytes: 1, offset: 10 },
      magic: { hex: '68' },
      trailer: [{ checksum: 'sum-8' }, { bytes: { hex: '16' } }],
      keep: 'header',
      preamble: { hex: 'fe' },
    },
    open: ['maxPayload', 'emptyFrames', 'keep', 'resync'],
    source: 'CJ/T 188-2004, section 6',
    samples: [
      {
        frame: '68 10 aaaaaaaaaaaaaa 03 03 810a00 af 16',
        payload: '68 10 aaaaaaaaaaaaaa 03 03 810a00',
        about: 'the request for the address of a water meter',
      },
    ],
    notes: [
      'The payload contains the header. The sender writes type, address and control code; the codec writes the length.',
      'Bytes fe before a frame are passed over and not sent.',
      'On serial lines behind a device server, set resync: hunt.',
      NEVER_TRIED,
    ],
  },
  {
    name: 'gdw376',
    title: 'Q/GDW 376.1 terminals: 68, length, length, 68, user data, sum, 16',
    titleZh: 'Q/GDW 376.1 用电信息采集：68、长度、长度、68、用户数据、校验和、16',
    codec: 'length-field',
    options: {
      length: { bytes: 2, offset: 1, byteOrder: 'little', again: 3, shift: 2, low: 2 },
      header: 6,
      magic: [
        { at: 0, bytes: { hex: '68' } },
        { at: 5, bytes: { hex: '68' } },
      ],
      trailer: [{ checksum: 'sum-8', from: 6 }, { bytes: { hex: '16' } }],
    },
    open: ['maxPayload', 'emptyFrames', 'resync'],
    source: 'Q/GDW 1376.1-2013, section 4.3',
    samples: [
      {
        frame: '68 3200 3200 68 c91132223300027000000100 d4 16',
        payload: 'c91132223300027000000100',
        about: 'the login of a terminal',
      },
    ],
    notes: ['Peers expect a login first and a heartbeat at intervals.', NEVER_TRIED],
  },
  {
    name: 'dlt698',
    title: 'DL/T 698.45 meters: 68, length, control, address, checksums, 16',
    titleZh: 'DL/T 698.45 面向对象的用电信息数据交换：68、长度、控制域、地址域、校验、16',
    codec: 'length-field',
    options: {
      length: { bytes: 2, offset: 1, byteOrder: 'little', mask: 0x3fff },
      counts: 'frame',
      adjust: -2,
      magic: { hex: '68' },
      trailer: [{ checksum: 'crc-16/ibm-sdlc', as: 'little', from: 1 }, { bytes: { hex: '16' } }],
      preamble: { hex: 'fe' },
    },
    open: ['maxPayload', 'emptyFrames', 'resync'],
    source: 'DL/T 698.45-2017, section 6',
    samples: [
      {
        frame: '68 1700 4345aaaaaaaaaaaa00 5b4f 0501004001020000 ed03 16',
        payload: '4345aaaaaaaaaaaa00 5b4f 0501004001020000',
        about: 'the request for the address of a meter',
      },
    ],
    notes: [
      'The checksum of the header (HCS) is part of the payload: the sender writes it.',
      'Bytes fe before a frame are passed over and not sent.',
      NEVER_TRIED,
    ],
  },
  {
    name: 'mbus',
    title: 'M-Bus long frames: 68, length, length, 68, data, sum, 16',
    titleZh: 'M-Bus 长帧：68、长度、长度、68、数据、校验和、16',
    codec: 'length-field',
    options: {
      length: { bytes: 1, offset: 1, again: 2 },
      header: 4,
      magic: [
        { at: 0, bytes: { hex: '68' } },
        { at: 3, bytes: { hex: '68' } },
      ],
      trailer: [{ checksum: 'sum-8', from: 4 }, { bytes: { hex: '16' } }],
      emptyFrames: 'reject',
    },
    open: ['maxPayload', 'resync'],
    source: 'EN 13757-2, section 5.3; FT 1.2 of IEC 60870-5-1',
    samples: [
      { frame: '68 03 03 68 53febd 0e 16', payload: '53febd', about: 'switch the baud rate' },
    ],
    notes: [
      'Short frames (10 … 16) and the single character e5 are not frames of this codec; with resync: hunt they are skipped.',
      NEVER_TRIED,
    ],
  },
]
