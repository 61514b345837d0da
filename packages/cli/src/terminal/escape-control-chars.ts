/**
 * Control characters, bidirectional marks and other invisible characters, lone surrogates, and the line separators of
 * Unicode: with these a peer could move the cursor, forge a line or reverse text.
 */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** One line that is safe for a terminal: invisible characters become visible, such as `\u001b` for an escape. */
export function escapeControlChars(text: string): string {
  return text.replace(INVISIBLE, (character) => SHORT[character] ?? escaped(character))
}

/** The same for a text of several lines: line feeds stay line feeds. */
export function escapeControlCharsInLines(text: string): string {
  return text.split('\n').map(escapeControlChars).join('\n')
}

/**
 * The same for a line of JSON, which stays valid JSON. `JSON.stringify` escapes only the characters below the space;
 * this function escapes the other invisible ones.
 */
export function escapeControlCharsInJson(json: string): string {
  return json.replace(INVISIBLE, (character) =>
    [...Array(character.length).keys()].map((at) => unitText(character.charCodeAt(at))).join(''),
  )
}

function unitText(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, '0')}`
}

function escaped(character: string): string {
  const point = character.codePointAt(0) ?? 0
  return point > 0xffff ? `\\u{${point.toString(16)}}` : unitText(point)
}
