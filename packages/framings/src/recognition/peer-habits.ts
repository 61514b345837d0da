/* eslint-disable no-control-regex -- headers of protocols contain such bytes */
/** What frames of a protocol contain in parts that its codec does not check. Only recognition uses it. */
export interface PeerHabit {
  /** Matches the first bytes, one character for each. */
  readonly begins: RegExp
  /** The evidence that a match is, in bits. */
  readonly bits: number
  /** Without a match the framing is not considered. Otherwise a match only adds evidence. */
  readonly needed: boolean
}

/** The first digits of an ISO 8583 message, after the five bytes of a TPDU that begins with 60. */
const ISO = '(?:\\x60.{4})?[012][1-8]\\d\\d'

const HABITS: Readonly<Record<string, PeerHabit>> = {
  // Date and time at byte 8, or at byte 10 behind a longer id.
  'telegram-40': wont(/^\d{4}[ -~]{4}(?:[ -~]{2})?(?:19|20)\d{12}/, 40),
  'telegram-29': wont(/^\d{4}[ -~]{6}(?:19|20)\d{12}[ -~]{4}[A-D]/, 40),
  // The version of S7, MMS and RDP is above; below it is a COTP header whose length is that of the packet at most.
  tpkt: wont(/^\x03\0..[\x02-\x7f][\x10-\xff]/s, 3),
  // Function codes 1 to 127, or an error with the top bit set.
  'modbus-tcp': wont(/^..\0\0\0..[\x01-\x2b\x81-\xab]/s, 1),
  'mc-3e': must(/^(?:\x50|\xd0)\0/, 15),
  ads: must(/^\0\0(?!\0\0\0\0)..\0\0[^]{6}..[^]{6}..[\0-\x0a]\0[\0-\x0f]\0/s, 26),
  // Commands 4, 63 to 70, with a status that is 0 or small.
  enip: must(/^[\x01\x04\x63-\x66\x6f\x70]\0..[^]{4}[\0-\x70]\0\0\0/s, 36),
  'opc-ua': must(/^(?:HEL|ACK|ERR|RHE|OPN|CLO|MSG)[FCA]/, 29),
  // Data messages have presentation type 0; other types are below 10.
  hsms: must(/^[^]{8}\0[\0-\x09]/, 12),
  iec104: wont(/^\x68(?:\x04[^]{4}|[\x0b-\xfd])/, 1),
  dicom: must(/^[\x01-\x07]\0\0[^]{3}/, 13),
  smpp: must(/^\0\0[^]{2}[\0\x80]\0[\0-\x02][\0-\xff]\0\0/, 22),
  // Zeros are everywhere in binary frames. A text has more than one character.
  nul: must(/^[^\0]{2}/, 0),
  'syslog-octet': must(/^[1-9]\d{0,6} <\d{1,3}>/, 24),
  'syslog-lines': must(/^<\d{1,3}>/, 18),
  'stomp-null': must(/^[\r\n]*[A-Z]{3,11}\r?\n/, 30),
  // Flags whose low four bits are zero, and a command below 2^20.
  diameter: must(/^\x01[^]{3}[\0\x10\x20\x30\x40\x50\x60\x80\x90\xa0\xc0\xd0\xe0]\0?[\0-\x0f]/, 12),
  // A sequence that begins with an integer, as messages of LDAP and SNMP do.
  ber: must(/^\x30(?:[^]|\x81[^]|\x82[^]{2}|\x84[^]{4})\x02[\x01-\x04]/, 20),
  amqp: must(/^(?:\x08\0\0\0\0\0\0\xce|[\x01-\x03][^]{2}\0)/, 14),
  postgres: must(/^[A-Za-z123]\0\0/, 18),
  thrift: must(/^[^]{4}(?:\x80\x01\0[\x01-\x04]|\x82[\x21-\x81])/, 13),
  'cola-a': must(/^\x02s[A-Z]{2} /, 30),
  base24: must(/^(?:ISO\d{9})?[01][1-8]\d\d/, 14),
  mllp: must(/^\v(?:[A-Z]{3}|[\x06\x15]\x1c)/, 8),
  'jpos-nac': must(new RegExp(`^..${ISO}`, 's'), 13),
  'jpos-post': must(new RegExp(`^..${ISO}`, 's'), 13),
  'jpos-ascii': must(new RegExp(`^.{4}${ISO}`, 's'), 13),
  'jpos-bcd': must(new RegExp(`^..${ISO}`, 's'), 13),
  'jpos-ncc': must(new RegExp(`^..${ISO}`, 's'), 13),
  'jpos-hex': must(new RegExp(`^.{4}${ISO}`, 's'), 13),
  'jpos-cs': must(new RegExp(`^..\\0\\0${ISO}`, 's'), 29),
  'jpos-vap': must(new RegExp(`^..\\0\\0(?:[^]{22,})?${ISO}`, 's'), 26),
  'jpos-amex': must(new RegExp(`^(?:\\0\\0)*..${ISO}`, 's'), 13),
  'jpos-base24-tcp': must(new RegExp(`^..(?:ISO\\d{9})?${ISO}`, 's'), 13),
  'jpos-cmf': must(new RegExp(`^...${ISO}`, 's'), 13),
  'jpos-rbp': must(new RegExp(`^\\xd0J..\\0\\0${ISO}`, 's'), 29),
  'jpos-raw': must(new RegExp(`^.{4}${ISO}`, 's'), 13),
}

/** How rare a framing is, or how easily it fits other streams, in bits. 0: neither. */
const DOUBTS: Readonly<Record<string, number>> = {
  varint: 2,
  len24: 4,
  'bcd-2': 6,
  'hex-4': 2,
  nul: 2,
  lines: 1,
  slip: 4,
  cobs: 6,
  'len32-inclusive': 1,
  'len32-le': 1,
}

/** Framings whose payloads are text. Other payloads show that the peer speaks another framing. */
const TEXTS: ReadonlySet<string> = new Set([
  'lines',
  'crlf',
  'nul',
  'stx-etx',
  'astm',
  'cola-a',
  'nmea',
  'syslog-lines',
  'stomp-null',
  'base24',
])

export function peerHabit(framing: string): PeerHabit | undefined {
  return HABITS[framing]
}

export function doubtBits(framing: string): number {
  return DOUBTS[framing] ?? 0
}

export function carriesText(framing: string): boolean {
  return TEXTS.has(framing)
}

function must(begins: RegExp, bits: number): PeerHabit {
  return { begins, bits, needed: true }
}

function wont(begins: RegExp, bits: number): PeerHabit {
  return { begins, bits, needed: false }
}
