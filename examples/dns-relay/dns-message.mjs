const HEADER_BYTES = 12
const NAME_BYTES_MAX = 255
const LABEL_BYTES_MAX = 63

/**
 * The parts of a DNS message that a relay needs (RFC 1035, section 4.1).
 * @typedef {object} DnsMessage
 * @property {number} id chosen by the client; the answer has the same id
 * @property {boolean} isAnswer
 * @property {number} opcode 0: an ordinary query
 * @property {string} question the bytes of the question section, one character each; empty if the message does not have a question
 * @property {number} type the requested record type, such as 1 for A; 0 without a question
 */

/**
 * @param {Uint8Array} payload a DNS message without the two length bytes
 * @returns {DnsMessage | undefined} undefined if it is too short, malformed, or has more than one question
 */
export function readDnsMessage(payload) {
  if (payload.length < HEADER_BYTES) return undefined
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length)
  const flags = view.getUint16(2)
  const questions = view.getUint16(4)
  const header = { id: view.getUint16(0), isAnswer: flags >= 0x8000, opcode: (flags >> 11) & 15 }
  if (questions === 0) return { ...header, question: '', type: 0 }
  const nameEnd = endOfName(payload)
  if (questions > 1 || nameEnd === undefined || nameEnd + 4 > payload.length) return undefined
  const question = bytesText(payload.subarray(HEADER_BYTES, nameEnd + 4))
  return { ...header, question, type: view.getUint16(nameEnd) }
}

/** A name is a list of labels, each with a length byte, and ends with length 0. The first name cannot be a pointer. */
function endOfName(payload) {
  let at = HEADER_BYTES
  for (;;) {
    const labelBytes = payload[at]
    if (labelBytes === undefined || labelBytes > LABEL_BYTES_MAX) return undefined
    at += 1 + labelBytes
    if (at - HEADER_BYTES > NAME_BYTES_MAX) return undefined
    if (labelBytes === 0) return at
  }
}

/** Bytes as a string, one character each, so that a `Map` can compare them. */
export function bytesText(bytes) {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
}
