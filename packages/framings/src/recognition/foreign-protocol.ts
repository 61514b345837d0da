/** A protocol that can be recognised from the first bytes of a stream, whatever codec was expected. */
export interface ForeignProtocol {
  readonly name: string
  /** What the operator can do. */
  readonly advice: string
}

const OWN_CODEC = 'write a codec for it, docs/writing-a-codec.md'
const DIGITS_CODEC = 'the codec length-field decodes it, docs/framings.md'
const WRONG_PORT = 'this is another program, or a wrong port'
const TLS: ForeignProtocol = {
  name: 'TLS',
  advice: 'set tls here (in "listen" if the peer dials, else in its entry), or turn it off there',
}

const HTTP_REQUEST = /^(?:GET|PUT|POST|HEAD|PATCH|TRACE|DELETE|OPTIONS|CONNECT|PRI) [!-~]/
/** A balancer tells the address of its peer (HAProxy, "The PROXY protocol"). */
const PROXY_V1 = /^PROXY (?:TCP[46]|UNKNOWN)/
const PROXY_V2 = '\r\n\r\n\0\r\nQUIT\n'
const HTTP_ANSWER = /^HTTP\/\d/
/** One digit alone is no evidence. Lengths in digits have a fixed width of two to eight. */
const DIGITS = /^\d{2,8}/
const JSON_TEXT = /^\s*(?:\{\s*(?:"|\}|$)|\[\s*[[{"\d\]tfn-])/
/** A block of HL7: VT, segments that start with three letters, then FS and CR. */
const MLLP = /^\v[A-Z]{3}/
const TEXT_LINE = /^[\t\x20-\x7e]+\r?\n/

/** TLS or HTTP. Their first bytes are so specific that they outweigh any length that also fits. */
export function unmistakableProtocol(opening: Uint8Array): ForeignProtocol | undefined {
  if (isTls(opening)) return TLS
  const text = latin1(opening)
  if (PROXY_V1.test(text)) return proxyHeader(1)
  if (text.startsWith(PROXY_V2)) return proxyHeader(2)
  if (HTTP_REQUEST.test(text)) return { name: 'an HTTP request', advice: WRONG_PORT }
  if (HTTP_ANSWER.test(text)) return { name: 'an HTTP answer', advice: WRONG_PORT }
  return undefined
}

function proxyHeader(version: number): ForeignProtocol {
  return {
    name: `a PROXY protocol header, version ${String(version)}`,
    advice: 'add the address of the balancer that sends it to "proxyProtocol.from" of "listen"',
  }
}

/** Other protocols. Weak evidence: check first that no length of two or four bytes fits. */
export function likelyProtocol(opening: Uint8Array): ForeignProtocol | undefined {
  const text = latin1(opening)
  const ofDigits = digits(text)
  if (ofDigits !== undefined) return { name: ofDigits, advice: DIGITS_CODEC }
  if (isStxEtx(opening)) return { name: 'text between STX and ETX', advice: 'set codec: stx-etx' }
  if (MLLP.test(text)) return { name: 'MLLP', advice: 'set codec: mllp' }
  if (JSON_TEXT.test(text)) return { name: 'JSON without a length', advice: OWN_CODEC }
  if (!TEXT_LINE.test(text)) return undefined
  const codec = text.includes('\r\n') ? 'crlf' : 'lines'
  return { name: 'lines of text', advice: `set codec: ${codec}` }
}

/**
 * Frames of ISO transport over TCP.
 *
 *      0    1    2    3
 *     ┌────┬────┬────┬────┬───── … ┐
 *     │ 03 │ 00 │ length  │ packet │   TPKT (RFC 1006): big endian, counts its own four bytes
 *     └────┴────┴────┴────┴───── … ┘
 */
export function tpkt(opening: Uint8Array): ForeignProtocol | undefined {
  let at = 0
  while (at + 4 <= opening.length) {
    if (opening[at] !== 3 || opening[at + 1] !== 0) return undefined
    const bytes = ((opening[at + 2] ?? 0) << 8) | (opening[at + 3] ?? 0)
    if (bytes <= 4) return undefined
    at += bytes
  }
  return at === opening.length && at > 0 ? { name: 'TPKT', advice: 'set codec: tpkt' } : undefined
}

/**
 *      0    1    2    3    4    5
 *     ┌────┬────┬────┬────┬────┬────┬── … ┐   a record of SSL 3.0 to TLS 1.3 (RFC 8446, sections 4 and 5.1):
 *     │ 16 │ 03 │ 0x │ length  │ 01 │     │   16 03 with a hello message, 01 or 02, or
 *     │ 15 │ 03 │ 0x │ 00 │ 02 │ 0x │     │   15 03 with an alert of two bytes, level 1 or 2
 *     └────┴────┴────┴────┴────┴────┴── … ┘
 */
function isTls([type, major, minor = 0xff, high = 0xff, low, first]: Uint8Array): boolean {
  if (major !== 3 || minor > 4 || (first !== 1 && first !== 2)) return false
  return type === 0x16 ? high <= 0x40 : type === 0x15 && high === 0 && low === 2
}

const ETX = 0x03

/** The last byte is ETX, or ETX is followed by a checksum of one byte. */
function isStxEtx(opening: Uint8Array): boolean {
  return opening[0] === 0x02 && (opening.at(-1) === ETX || opening.at(-2) === ETX)
}

function digits(text: string): string | undefined {
  const [run] = DIGITS.exec(text) ?? []
  if (run === undefined) return undefined
  for (let width = run.length; width >= 2; width--) {
    const length = Number(text.slice(0, width))
    const name = `a length in ${String(width)} ASCII digits`
    if (length === text.length - width) return name
    if (length === text.length) return `${name} that counts itself`
  }
  // Up to three digits may begin a text. Four or more are a length whose frame was cut off.
  return run.length >= 4 ? 'a length in ASCII digits' : undefined
}

/** One character per byte. */
export function latin1(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return text
}
