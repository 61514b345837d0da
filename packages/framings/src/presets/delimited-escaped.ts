import type { Framing } from '../framing.js'

const SERIAL_OPTIONS = ['maxPayload', 'resync']

/** Frames in which the delimiters are escaped, so that they carry any bytes. */
export const DELIMITED_ESCAPED: readonly Framing[] = [
  {
    name: 'slip',
    title: 'SLIP: frames between END bytes',
    titleZh: 'SLIP：以 END 字节分帧',
    codec: 'delimited',
    options: { end: { hex: 'c0' }, escape: 'slip', emptyFrames: 'skip' },
    open: SERIAL_OPTIONS,
    source: 'RFC 1055',
    samples: [
      { frame: '01 dbdc dbdd 02 c0', payload: '01c0db02', about: 'END and ESC in a payload' },
    ],
    notes: ['An END before a frame is accepted and not written. There is no checksum.'],
  },
  {
    name: 'cobs',
    title: 'COBS: zero-delimited frames',
    titleZh: 'COBS：以零字节分帧',
    codec: 'delimited',
    options: { end: { hex: '00' }, escape: 'cobs' },
    open: [...SERIAL_OPTIONS, 'emptyFrames', 'check'],
    source: 'S. Cheshire, M. Baker: Consistent Overhead Byte Stuffing, 1999',
    samples: [
      { frame: '03 1122 02 33 00', payload: '11220033', about: 'a zero in a payload' },
      { frame: '01 00', payload: '', about: 'an empty payload' },
      { frame: '01 01 00', payload: '00', about: 'a payload of one zero' },
    ],
    notes: ['There is no checksum, unless the option "check" names one.'],
  },
  {
    name: 'dle',
    title: 'DLE STX, the payload with DLE doubled, DLE ETX',
    titleZh: 'DLE STX 与 DLE ETX 之间的载荷，DLE 双写',
    codec: 'delimited',
    options: { start: { hex: '1002' }, end: { hex: '1003' }, escape: 'dle' },
    open: [...SERIAL_OPTIONS, 'emptyFrames', 'check', 'after'],
    source: 'ISO 1745 and ECMA-16, transparent transmission; Actisense NGT-1',
    samples: [{ frame: '1002 41 1010 42 1003', payload: '411042', about: 'a DLE in a payload' }],
    notes: ['Protocols differ in what they put behind DLE ETX: set "check" or "after".'],
  },
  {
    name: 'hdlc',
    title: 'HDLC frames with bytes as units, FCS-16',
    titleZh: '面向字节的 HDLC 帧，FCS-16',
    codec: 'delimited',
    options: {
      start: { hex: '7e' },
      end: { hex: '7e' },
      escape: 'hdlc',
      check: { checksum: 'crc-16/ibm-sdlc', as: 'little' },
    },
    open: SERIAL_OPTIONS,
    source: 'RFC 1662, sections 3, 4.2 and appendix C',
    samples: [
      {
        frame: '7e 313233343536373839 6e90 7e',
        payload: '313233343536373839',
        about: '123456789, the check value of the checksum',
      },
      { frame: '7e 7d5e7d5d f1cd 7e', payload: '7e7d', about: 'flag and escape in a payload' },
    ],
    notes: [
      'The payload begins with the address and control fields. Windows and retransmission are those of the application.',
      'Only 7e and 7d are escaped when writing. Other escaped bytes are understood.',
      'HDLC of IEC 62056-46 has a length and no escapes: this name is not for it.',
    ],
  },
  {
    name: 'jt808',
    title: 'Vehicle terminals in China: JT/T 808',
    titleZh: '道路运输车辆卫星定位终端：JT/T 808',
    codec: 'delimited',
    options: {
      start: { hex: '7e' },
      end: { hex: '7e' },
      escape: 'jt808',
      check: { checksum: 'xor-8' },
      maxPayload: 4096,
    },
    open: SERIAL_OPTIONS,
    source: 'JT/T 808-2011, JT/T 808-2019, section 4.4',
    samples: [
      {
        frame: '7e 8100000c0404571031660030003000736875616e67776569 e0 7e',
        payload: '8100000c0404571031660030003000736875616e67776569',
        about: 'the answer to a registration',
      },
      {
        frame: '7e 307d02087d0155 6e 7e',
        payload: '307e087d55',
        about: 'the example of the standard, with a checksum',
      },
    ],
    notes: [
      'The payload begins with the message header. Registration (0100), authentication (0102) and heartbeats (0002) have serial numbers: the application sends them.',
    ],
  },
]
