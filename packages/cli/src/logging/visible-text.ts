/**
 * Controls, bidirectional marks and other invisible characters, halves of characters, and the line ends that only
 * Unicode knows: what a peer could use to move the cursor, to forge a line or to turn text around.
 */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** The text on one line, safe for a terminal, with everything in it to be seen: `\u001b` in place of an escape. */
export function visibleText(text: string): string {
  return text.replace(INVISIBLE, (character) => SHORT[character] ?? escaped(character))
}

function escaped(character: string): string {
  const point = character.codePointAt(0) ?? 0
  return point > 0xffff ? `\\u{${point.toString(16)}}` : `\\u${point.toString(16).padStart(4, '0')}`
}
