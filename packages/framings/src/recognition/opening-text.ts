import { latin1 } from './foreign-protocol.js'

const SHOWN_BYTES_MAX = 8
const SHOWN_TEXT_MAX = 16

/** The first bytes of a stream: text as text, with a dot for every other byte; anything else in hexadecimal. */
export function openingText(opening: Uint8Array): string {
  const text = latin1(opening.subarray(0, SHOWN_TEXT_MAX))
  if (/^[\x20-\x7e]{4}/.test(text)) return `"${text.replace(/[^\x20-\x7e]+/g, '.')}"`
  const bytes = [...opening.subarray(0, SHOWN_BYTES_MAX)]
  const more = opening.length > SHOWN_BYTES_MAX ? ' …' : ''
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(' ') + more
}
