import type { Framing } from '../framing.js'

/** Hospitals, telecommunication and programs. */
export const SERVICES: readonly Framing[] = [
  {
    name: 'dicom',
    title: 'DICOM upper layer: PDU type, 4-byte length, data',
    titleZh: 'DICOM 上层协议：PDU 类型、4 字节长度、数据',
    codec: 'length-field',
    options: {
      length: { bytes: 4, offset: 2 },
      magic: [{ at: 1, bytes: { hex: '00' } }],
      keep: 'header',
    },
    open: ['maxPayload', 'emptyFrames', 'keep'],
    source: 'DICOM PS3.8, section 9.3',
    samples: [
      {
        frame: '05 00 00000004 00000000',
        payload: '05 00 00000004 00000000',
        encodes: '05 00 00000000 00000000',
        about: 'A-RELEASE-RQ',
      },
    ],
    notes: [
      'The payload contains the header. The sender writes the type; the codec writes the length.',
      'Peers expect an association request first.',
      'A program makes a connection for each association, so a relay needs a link for each of them.',
    ],
  },
  {
    name: 'smpp',
    title: 'SMPP 3.4 and 5.0: a header of 16 bytes that begins with the length of the whole PDU',
    titleZh: 'SMPP 3.4/5.0：16 字节报文头，以整个 PDU 的长度开头',
    codec: 'length-field',
    options: { length: 4, counts: 'frame', header: 16, keep: 'header' },
    open: ['maxPayload', 'emptyFrames', 'keep'],
    source: 'SMPP 3.4, section 3.2',
    samples: [
      {
        frame: '00000010 00000015 00000000 00000001',
        payload: '00000010 00000015 00000000 00000001',
        encodes: '00000000 00000015 00000000 00000001',
        about: 'enquire_link',
      },
    ],
    notes: [
      'The payload contains the header. The sender writes command, status and sequence number; the codec writes the length.',
      'Peers expect a bind first. enquire_link contains a number that changes, so the codec does not send it.',
    ],
  },
  {
    name: 'syslog-octet',
    title: 'syslog over TCP with octet counting: decimal length, a blank, the message',
    titleZh: 'TCP syslog（八位组计数）：十进制长度、空格、消息',
    codec: 'length-field',
    options: { length: { encoding: 'digits', end: ' ' }, emptyFrames: 'reject' },
    open: ['maxPayload'],
    source: 'RFC 6587, section 3.4.1; RFC 5425, section 4.3',
    samples: [
      {
        frame: '313720 3c33343e31202d202d202d202d202d202d',
        payload: '3c33343e31202d202d202d202d202d202d',
        about: '<34>1 - - - - - -',
      },
    ],
    notes: ['A peer that ends messages with a line feed instead uses another framing.'],
  },
  {
    name: 'diameter',
    title: 'Diameter: version 1, 3-byte length of the whole message',
    titleZh: 'Diameter：版本 1、3 字节整条消息长度',
    codec: 'length-field',
    options: {
      length: { bytes: 3, offset: 1 },
      counts: 'frame',
      header: 20,
      magic: { hex: '01' },
      keep: 'header',
    },
    open: ['maxPayload', 'emptyFrames', 'keep'],
    source: 'RFC 6733, section 3',
    samples: [
      {
        frame: '01 000014 80 000118 00000000 00000001 00000002',
        payload: '01 000014 80 000118 00000000 00000001 00000002',
        encodes: '01 000000 80 000118 00000000 00000001 00000002',
        about: 'the header of a watchdog request',
      },
    ],
    notes: [
      'The payload contains the header. The codec writes version and length; the sender writes the rest.',
      'Peers expect an exchange of capabilities first.',
      'Tried with tshark, which reads its frames; never with a peer.',
    ],
  },
  {
    name: 'ber',
    title: 'ASN.1 BER values with a tag of one byte, such as LDAP',
    titleZh: '单字节标签的 ASN.1 BER 值，例如 LDAP',
    codec: 'length-field',
    options: { length: { encoding: 'ber', offset: 1 }, keep: 'frame' },
    open: ['maxPayload', 'emptyFrames'],
    source: 'ITU-T X.690, section 8.1',
    samples: [
      { frame: '30 05 020103 4200', payload: '30 05 020103 4200', about: 'an LDAP unbind request' },
      {
        frame: `30 8180 04 7e ${'78'.repeat(126)}`,
        payload: `30 8180 04 7e ${'78'.repeat(126)}`,
        about: 'a value of 128 bytes',
      },
    ],
    notes: [
      'The payload is the whole value. The sender writes tag and length, and the codec checks the length.',
      'Tags of several bytes and values of indefinite length are rejected.',
    ],
  },
  {
    name: 'amqp',
    title: 'AMQP 0-9-1: frame type, channel, 4-byte length, data, ce',
    titleZh: 'AMQP 0-9-1：帧类型、通道、4 字节长度、数据、ce',
    codec: 'length-field',
    options: {
      length: { bytes: 4, offset: 3 },
      trailer: [{ bytes: { hex: 'ce' } }],
      keep: 'header',
    },
    open: ['maxPayload', 'emptyFrames', 'keep'],
    source: 'AMQP 0-9-1, section 2.3.5',
    samples: [
      { frame: '08 0000 00000000 ce', payload: '08 0000 00000000', about: 'a heartbeat' },
      {
        frame: '01 0001 00000008 0014000b 00000000 ce',
        payload: '01 0001 00000008 0014000b 00000000',
        encodes: '01 0001 00000000 0014000b 00000000',
        about: 'channel.open-ok',
      },
    ],
    heartbeat: { payload: '08000000000000', every: '30s' },
    notes: [
      'The payload contains the header. The sender writes type and channel; the codec writes the length.',
      'Clients begin with 8 bytes that are not a frame, and a login follows: an AMQP library does this, the codec does not.',
      'Tried with tshark, which reads its frames; never with a peer.',
    ],
  },
  {
    name: 'postgres',
    title: 'PostgreSQL protocol 3: message type, 4-byte length that includes itself',
    titleZh: 'PostgreSQL 协议 3：消息类型、4 字节长度（含自身）',
    codec: 'length-field',
    options: { length: { bytes: 4, offset: 1 }, counts: 'itself', keep: 'header' },
    open: ['maxPayload', 'emptyFrames', 'keep'],
    source: 'PostgreSQL documentation, chapter "Frontend/Backend Protocol"',
    samples: [
      {
        frame: '5a 00000005 49',
        payload: '5a 00000005 49',
        encodes: '5a 00000000 49',
        about: 'ReadyForQuery',
      },
    ],
    notes: [
      'The payload contains the header. The sender writes the type; the codec writes the length.',
      'The first message of a client has no type, so it is not a frame of this codec.',
      'Tried with tshark, which reads its frames; never with a peer.',
    ],
  },
  {
    name: 'thrift',
    title: 'Apache Thrift, framed transport: the same as len32',
    titleZh: 'Apache Thrift 帧传输：与 len32 相同',
    codec: 'length-field',
    options: { length: 4 },
    open: ['maxPayload', 'emptyFrames'],
    source: 'Apache Thrift, TFramedTransport',
    samples: [
      {
        frame: '00000010 80010001 00000003 616464 00000001 00',
        payload: '80010001 00000003 616464 00000001 00',
        about: 'the call of add without arguments, in the binary protocol',
      },
    ],
    notes: [
      'Answers are not assigned to calls.',
      'Tried with tshark, which reads its frames; never with a peer.',
    ],
  },
]
