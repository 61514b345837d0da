import type { Framing } from '../framing.js'

const LINE_OPTIONS = ['maxPayload', 'emptyFrames', 'keep']
const NO_END_IN_PAYLOAD =
  'A payload that contains the end cannot be sent: it becomes undeliverable.'

/** Texts with a mark at their end. */
export const DELIMITED_TEXT: readonly Framing[] = [
  {
    name: 'lines',
    title: 'Lines that end with LF',
    titleZh: '以换行符（LF）结尾的文本行',
    codec: 'delimited',
    options: { end: '\n' },
    open: LINE_OPTIONS,
    source: 'Erlang {packet, line}; Spring ByteArrayLfSerializer; newline-delimited JSON',
    samples: [
      { frame: '616263 0a', payload: '616263', about: 'abc' },
      { frame: '0a', payload: '', about: 'an empty line' },
      {
        frame: '6162630d 0a',
        payload: '6162630d',
        about: 'a CR before the LF belongs to the line',
      },
    ],
    notes: [
      NO_END_IN_PAYLOAD,
      'If peers end lines with CR LF, use crlf; if they do either, use: delimited with end: ["\\n", "\\r\\n"].',
      'With keep: frame, payloads contain the LF.',
    ],
  },
  {
    name: 'crlf',
    title: 'Lines that end with CR LF',
    titleZh: '以回车换行（CR LF）结尾的文本行',
    codec: 'delimited',
    options: { end: '\r\n' },
    open: LINE_OPTIONS,
    source: 'RFC 5234 CRLF, as in SMTP and FTP; Spring ByteArrayCrLfSerializer',
    samples: [
      { frame: '616263 0d0a', payload: '616263', about: 'abc' },
      {
        frame: '610a0d62 0d0a',
        payload: '610a0d62',
        about: 'a single LF or CR belongs to the line',
      },
    ],
    notes: [NO_END_IN_PAYLOAD],
  },
  {
    name: 'nul',
    title: 'Texts that end with a zero byte',
    titleZh: '以零字节（NUL）结尾的文本',
    codec: 'delimited',
    options: { end: { hex: '00' } },
    open: LINE_OPTIONS,
    source: 'Spring ByteArraySingleTerminatorSerializer with 0; XMLSocket of Flash',
    samples: [{ frame: '616263 00', payload: '616263', about: 'abc' }],
    notes: [NO_END_IN_PAYLOAD],
  },
  {
    name: 'syslog-lines',
    title: 'Syslog over TCP, one message a line',
    titleZh: 'TCP 上的 syslog，每行一条消息（非透明分帧）',
    codec: 'delimited',
    options: { end: '\n' },
    open: LINE_OPTIONS,
    source: 'RFC 6587, section 3.4.2: non-transparent framing',
    samples: [
      { frame: '3c33343e31 0a', payload: '3c33343e31', about: '<34>1, the beginning of a message' },
    ],
    notes: [
      'Messages of several lines arrive as several messages. If the sender can do octet counting, use syslog-octet.',
    ],
  },
  {
    name: 'stomp-null',
    title: 'STOMP frames without content-length',
    titleZh: '不带 content-length 的 STOMP 帧',
    codec: 'delimited',
    options: { end: { hex: '00' }, preamble: '\r\n', emptyFrames: 'reject' },
    open: ['maxPayload'],
    source: 'STOMP 1.2, sections "Augmented BNF" and "Heart-beating"',
    samples: [
      {
        frame: '53454e440a0a686921 00',
        payload: '53454e440a0a686921',
        about: 'SEND with the body hi!',
      },
    ],
    notes: [
      'The body of a frame must not contain a zero byte, with or without content-length.',
      'Line ends between frames are skipped. The line ends that STOMP sends as heartbeats are not sent: negotiate heart-beat:0,0.',
    ],
  },
  {
    name: 'base24',
    title: 'BASE24 over TCP: the message and ETX',
    titleZh: 'BASE24（TCP）：报文后跟 ETX',
    codec: 'delimited',
    options: { end: { hex: '03' }, maxPayload: 4096 },
    open: ['maxPayload', 'emptyFrames'],
    source: 'jPOS BASE24Channel',
    samples: [
      { frame: '30383030 03', payload: '30383030', about: '0800, the beginning of a message' },
    ],
    notes: [NO_END_IN_PAYLOAD, 'For BASE24 with a length in front, use jpos-base24-tcp.'],
  },
]
