import type { Framing } from '../framing.js'
import { TELEGRAM_29, TELEGRAM_40 } from '../layout/telegram-layouts.js'

/** Options of a framing whose payload contains the header. */
const OPEN = ['maxPayload', 'emptyFrames', 'keep'] as const

/** As `OPEN`, for a framing whose header has fields. */
const OPEN_WITH_FIELDS = [...OPEN, 'fields', 'stamp'] as const

const FIRST_BYTES_ARE_HEADER =
  'The payload contains the header. The sender writes its fields; the codec writes the length.'
const FIELDS_BY_NAME =
  'A message that is sent by its fields gets date, time and sequence number by itself; see docs/telegrams.md.'

/** Plants and automation. */
export const INDUSTRY: readonly Framing[] = [
  {
    name: 'telegram-40',
    title:
      'telegram with a header of 40 characters, the first 4 of them the length of the whole telegram',
    titleZh: '40 字节报文头的电文，前 4 位为整个电文的长度',
    codec: 'length-field',
    options: {
      length: { encoding: 'decimal', bytes: 4 },
      counts: 'frame',
      header: 40,
      keep: 'header',
      emptyFrames: 'reject',
    },
    open: [...OPEN_WITH_FIELDS, 'trailer'],
    layout: TELEGRAM_40,
    source:
      'steel plants: length C4, id C4, date C8, time C6, sender C2, receiver C2, sequence C6, spare C8',
    samples: [
      {
        frame:
          '30303435 54455354 3230323530393239 313031313132 4c33 4c32 313134353134 2020202020202020 68656c6c6f',
        payload:
          '30303435 54455354 3230323530393239 313031313132 4c33 4c32 313134353134 2020202020202020 68656c6c6f',
        encodes:
          '30303030 54455354 3230323530393239 313031313132 4c33 4c32 313134353134 2020202020202020 68656c6c6f',
        about: 'telegram TEST from L3 to L2 with the body hello',
      },
    ],
    notes: [
      FIRST_BYTES_ARE_HEADER,
      FIELDS_BY_NAME,
      'A telegram without a body is rejected, because peers close the connection on one.',
      'A peer that ends telegrams with a line feed: add trailer: [{ bytes: "\\n" }].',
    ],
  },
  {
    name: 'telegram-29',
    title: 'telegram with a header of 29 characters and a line feed at its end',
    titleZh: '29 字节报文头的电文，以换行符结尾（宝信 XCOM）',
    codec: 'length-field',
    options: {
      length: { encoding: 'decimal', bytes: 4 },
      counts: 'frame',
      header: 29,
      keep: 'header',
      trailer: [{ bytes: '\n' }],
    },
    open: OPEN_WITH_FIELDS,
    layout: TELEGRAM_29,
    source:
      'Baosight XCOM: length C4, id C6, date C8, time C6, sender C2, receiver C2, function C1',
    samples: [
      {
        frame: '30303330 393939393939 3230323530393239 313031313132 4d32 5332 43 0a',
        payload: '30303330 393939393939 3230323530393239 313031313132 4d32 5332 43',
        encodes: '30303030 393939393939 3230323530393239 313031313132 4d32 5332 43',
        about: 'the heartbeat 999999 from M2 to S2',
      },
    ],
    notes: [
      FIRST_BYTES_ARE_HEADER,
      FIELDS_BY_NAME,
      'Acknowledgements (function A and B) and heartbeats (function C) are telegrams. Your program sends them with `fields`, because they contain the time.',
      'Never tried with a peer.',
    ],
  },
  {
    name: 'tpkt',
    title: 'TPKT: ISO transport over TCP, the lowest layer of S7, MMS and RDP',
    titleZh: 'TPKT：基于 TCP 的 ISO 传输，S7、MMS、RDP 的底层',
    codec: 'length-field',
    options: { length: { bytes: 2, offset: 2 }, counts: 'frame', magic: { hex: '0300' } },
    open: ['maxPayload', 'emptyFrames', 'keep', 'resync'],
    source: 'RFC 1006, section 6',
    samples: [
      { frame: '0300 0007 02f080', payload: '02f080', about: 'a data TPDU without data' },
      {
        frame: '0300 000b 06e00000000100',
        payload: '06e00000000100',
        about: 'a connection request of class 0',
      },
    ],
    notes: [
      'Peers expect a COTP connection request (CR) first and answer with a confirm (CC).',
      'A message in several TPDUs is delivered in several payloads.',
    ],
  },
  {
    name: 'modbus-tcp',
    title: 'Modbus TCP: transaction, protocol 0, length, unit, function',
    titleZh: 'Modbus TCP：事务号、协议号 0、长度、单元号、功能码',
    codec: 'length-field',
    options: {
      length: { bytes: 2, offset: 4 },
      counts: 'rest',
      magic: [{ at: 2, bytes: { hex: '0000' } }],
      keep: 'header',
      emptyFrames: 'reject',
      maxPayload: 260,
    },
    open: ['maxPayload', 'keep'],
    source: 'MODBUS Messaging on TCP/IP Implementation Guide V1.0b, section 3.1',
    samples: [
      {
        frame: '0001 0000 0006 01 03 0000 0001',
        payload: '0001 0000 0006 01 03 0000 0001',
        encodes: '0001 0000 0000 01 03 0000 0001',
        about: 'read one holding register',
      },
      {
        frame: '0001 0000 0005 01 03 02 1234',
        payload: '0001 0000 0005 01 03 02 1234',
        encodes: '0001 0000 0000 01 03 02 1234',
        about: 'the answer, 0x1234',
      },
    ],
    notes: [FIRST_BYTES_ARE_HEADER, 'Answers are not assigned to requests.'],
  },
  {
    name: 'fins-tcp',
    title: 'FINS/TCP of Omron',
    titleZh: '欧姆龙 FINS/TCP',
    codec: 'length-field',
    options: { length: { bytes: 4, offset: 4 }, counts: 'rest', magic: 'FINS' },
    open: ['maxPayload', 'emptyFrames', 'keep', 'resync'],
    source: 'Omron W421, section 7-4',
    samples: [
      {
        frame: '46494e53 0000000c 00000000 00000000 00000000',
        payload: '00000000 00000000 00000000',
        about: 'the request for a node address',
      },
    ],
    notes: [
      'Peers expect a request for a node address first.',
      'Tried with tshark, which reads its frames; never with a peer.',
    ],
  },
  {
    name: 'mc-3e',
    title: 'MELSEC communication protocol of Mitsubishi, 3E frames in binary',
    titleZh: '三菱 MELSEC 通信协议，二进制 3E 帧',
    codec: 'length-field',
    options: {
      length: { bytes: 2, offset: 7, byteOrder: 'little' },
      counts: 'rest',
      keep: 'header',
      emptyFrames: 'reject',
    },
    open: ['maxPayload', 'keep'],
    source: 'Mitsubishi SH-080008, 3E frame',
    samples: [
      {
        frame: '5000 00 ff ff03 00 0c00 1000 0104 0000 640000 a8 0100',
        payload: '5000 00 ff ff03 00 0c00 1000 0104 0000 640000 a8 0100',
        encodes: '5000 00 ff ff03 00 0000 1000 0104 0000 640000 a8 0100',
        about: 'read one word from D100',
      },
    ],
    notes: [
      FIRST_BYTES_ARE_HEADER,
      'The first bytes are not checked, because requests begin with 50 00 and answers with d0 00.',
      'Never tried with a peer.',
    ],
  },
  {
    name: 'ads',
    title: 'ADS (AMS/TCP) of Beckhoff',
    titleZh: '倍福 ADS（AMS/TCP）',
    codec: 'length-field',
    options: {
      length: { bytes: 4, offset: 2, byteOrder: 'little' },
      counts: 'rest',
      magic: { hex: '0000' },
    },
    open: ['maxPayload', 'emptyFrames', 'keep'],
    source: 'Beckhoff Information System, AMS/TCP header',
    samples: [
      {
        frame:
          '0000 20000000 c0a800010101 5303 c0a800020101 0080 0400 0400 00000000 00000000 01000000',
        payload: 'c0a800010101 5303 c0a800020101 0080 0400 0400 00000000 00000000 01000000',
        about: 'the request for the state of port 851',
      },
    ],
    notes: ['The peer must have a route to this node.', 'Never tried with a peer.'],
  },
  {
    name: 'enip',
    title: 'EtherNet/IP encapsulation: a header of 24 bytes, then data',
    titleZh: 'EtherNet/IP 封装：24 字节报文头，后跟数据',
    codec: 'length-field',
    options: {
      length: { bytes: 2, offset: 2, byteOrder: 'little' },
      header: 24,
      keep: 'header',
    },
    open: OPEN,
    source: 'CIP volume 2, section 2-3',
    samples: [
      {
        frame: '6500 0400 00000000 00000000 0000000000000000 00000000 0100 0000',
        payload: '6500 0400 00000000 00000000 0000000000000000 00000000 0100 0000',
        encodes: '6500 0000 00000000 00000000 0000000000000000 00000000 0100 0000',
        about: 'RegisterSession',
      },
    ],
    notes: [
      FIRST_BYTES_ARE_HEADER,
      'Peers expect RegisterSession first.',
      'Tried with tshark, which reads its frames; never with a peer.',
    ],
  },
  {
    name: 'opc-ua',
    title: 'OPC UA TCP: message type, chunk type, length of the whole chunk',
    titleZh: 'OPC UA TCP：消息类型、分块类型、整块长度',
    codec: 'length-field',
    options: {
      length: { bytes: 4, offset: 4, byteOrder: 'little' },
      counts: 'frame',
      keep: 'header',
    },
    open: OPEN,
    source: 'OPC 10000-6, section 7.1.2.2',
    samples: [
      {
        frame: '41434b46 1c000000 00000000 00000100 00000100 00000000 00000000',
        payload: '41434b46 1c000000 00000000 00000100 00000100 00000000 00000000',
        encodes: '41434b46 00000000 00000000 00000100 00000100 00000000 00000000',
        about: 'an acknowledge message with buffers of 64 KiB',
      },
    ],
    notes: [
      FIRST_BYTES_ARE_HEADER,
      'Peers expect a hello message first and then a secure channel.',
      'A message in several chunks is delivered in several payloads.',
      'Tried with tshark, which reads its frames; never with a peer.',
    ],
  },
  {
    name: 'cola-b',
    title: 'CoLa B of SICK: four times STX, length, telegram, checksum',
    titleZh: '西克 CoLa B：四个 STX、长度、电文、校验和',
    codec: 'length-field',
    options: {
      length: { bytes: 4, offset: 4 },
      magic: { hex: '02020202' },
      trailer: [{ checksum: 'xor-8', from: 8 }],
    },
    open: ['maxPayload', 'emptyFrames', 'resync'],
    source: 'SICK 8014631, CoLa binary',
    samples: [
      {
        frame: '02020202 0000000f 73524e204465766963654964656e74 25',
        payload: '73524e204465766963654964656e74',
        about: 'sRN DeviceIdent',
      },
    ],
    notes: ['Never tried with a peer.'],
  },
  {
    name: 'hsms',
    title: 'HSMS (SEMI E37): 4-byte length, then a header of 10 bytes and SECS-II data',
    titleZh: 'HSMS（SEMI E37）：4 字节长度，后跟 10 字节报文头和 SECS-II 数据',
    codec: 'length-field',
    options: { length: 4, emptyFrames: 'reject' },
    open: ['maxPayload'],
    source: 'SEMI E37, section 8',
    samples: [
      {
        frame: '0000000a ffff 00 00 00 05 00000001',
        payload: 'ffff 00 00 00 05 00000001',
        about: 'Linktest.req',
      },
    ],
    notes: [
      'Peers expect Select.req first.',
      'Linktest.req contains a number that changes, so the codec does not send it.',
      'Tried with tshark, which reads its frames; never with a peer.',
    ],
  },
]
