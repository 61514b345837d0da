import type { EncodingProblem } from './encoding-problem.js'
import { gbkProblem } from './gbk-guess.js'

/** The text of a file. */
export interface DecodedText {
  /** Without byte order mark. Bytes that are not UTF-8 are U+FFFD. */
  readonly text: string
  /** The first place that is not UTF-8, or probably not meant as UTF-8; undefined: the file is valid. */
  readonly problem: EncodingProblem | undefined
}

const BYTE_ORDER_MARKS: readonly (readonly [string, readonly number[]])[] = [
  ['UTF-32', [0xff, 0xfe, 0, 0]],
  ['UTF-32', [0, 0, 0xfe, 0xff]],
  ['UTF-16', [0xff, 0xfe]],
  ['UTF-16', [0xfe, 0xff]],
]

const REPLACEMENT = '\ufffd'
const REPLACEMENT_BYTES = Buffer.from(REPLACEMENT)
const REMEDY = 'Save the file as UTF-8'

/** Decodes UTF-8, with or without a byte order mark, and says which other encoding a file seems to have. */
export function decodeUtf8(bytes: Uint8Array): DecodedText {
  const wide = wideEncoding(bytes)
  if (wide !== undefined) {
    return { text: '', problem: { offset: 0, message: `the file is in ${wide}. ${REMEDY}` } }
  }
  const text = new TextDecoder('utf-8').decode(bytes)
  const markBytes = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
  const invalid = invalidByte(text, bytes, markBytes)
  return { text, problem: invalid ?? (markBytes === 0 ? gbkProblem(text) : undefined) }
}

/** An encoding with units of two or four bytes: it begins with a byte order mark, or every second byte is 0. */
function wideEncoding(bytes: Uint8Array): string | undefined {
  const marked = BYTE_ORDER_MARKS.find(([, mark]) => mark.every((byte, at) => bytes[at] === byte))
  if (marked !== undefined) return marked[0]
  const start = bytes.subarray(0, 64)
  const zeros = [0, 0]
  for (const [at, byte] of start.entries()) if (byte === 0) zeros[at % 2] = (zeros[at % 2] ?? 0) + 1
  const many = start.length / 4
  return start.length > 3 && zeros.some((count) => count >= many) ? 'UTF-16' : undefined
}

function invalidByte(
  text: string,
  bytes: Uint8Array,
  markBytes: number,
): EncodingProblem | undefined {
  let byteAt = markBytes
  let from = 0
  for (;;) {
    const offset = text.indexOf(REPLACEMENT, from)
    if (offset === -1) return undefined
    byteAt += Buffer.byteLength(text.slice(from, offset))
    const found = bytes.subarray(byteAt, byteAt + REPLACEMENT_BYTES.length)
    if (!REPLACEMENT_BYTES.equals(found)) {
      const byte = (bytes[byteAt] ?? 0).toString(16).toUpperCase().padStart(2, '0')
      const place = `byte ${String(byteAt + 1)} (0x${byte}) is not UTF-8`
      return { offset, message: `${place}; the file seems to be in ${guess(bytes)}. ${REMEDY}` }
    }
    // The file contains U+FFFD itself.
    byteAt += REPLACEMENT_BYTES.length
    from = offset + 1
  }
}

/** Western text has single letters with accents between ASCII letters. Chinese text has pairs of high bytes. */
function guess(bytes: Uint8Array): string {
  let pairs = 0
  let odd = 0
  let run = 0
  for (let at = 0; at <= bytes.length; at++) {
    if ((bytes[at] ?? 0) >= 0x80) run++
    else {
      if (run > 0 && run % 2 === 0) pairs++
      else if (run > 0) odd++
      run = 0
    }
  }
  return pairs > odd ? 'GBK' : 'Windows-1252 or Latin-1'
}
