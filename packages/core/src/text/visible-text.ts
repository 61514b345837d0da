/*
 * The one definition of the characters that must not leave commloop as they are, because their reader is a terminal:
 * with them, a peer, a file or a foreign process could move the cursor, change the title, forge a line or reverse text.
 */

/**
 * Control and format characters, lone surrogates, the line separators of Unicode, marks for the direction of text, and
 * characters without a shape: fillers, variation selectors, tags.
 */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/gu

/**
 * A character outside the scripts that are used most, which is perhaps invisible. Few ranges and no flag `u`: for a text
 * without such a character, this takes a seventh of the time of `INVISIBLE`. Halves of emoji pass, and so does a lone
 * surrogate, which every encoder replaces.
 */
const UNUSUAL =
  /[^\t\n\udc00-\udfff -~\xa0-\xac\xae-\u034e\u0350-\u05ff\u1e00-\u200a\u2010-\u2027\u2030-\u205f\u2070-\u27ff\u2801-\u3163\u3165-\ud803\ud835-\udb3f\uff01-\uff9f]/

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** Replaces each invisible character, including line feeds and tabs, with what `escape` returns for it. */
export function escapeInvisible(text: string, escape: (character: string) => string): string {
  return text.replace(INVISIBLE, escape)
}

/** One line that is safe for a terminal: invisible characters become visible, such as `\u001b` for an escape. */
export function visibleText(text: string): string {
  return escapeInvisible(text, (character) => SHORT[character] ?? pointText(character))
}

/**
 * Any output for a terminal: the same, but line feeds and tabs stay. The output may also be JSON, which stays JSON with
 * the same values: `JSON.stringify` itself escapes only the characters below the space and lone surrogates.
 */
export function visibleOutput(text: string): string {
  if (!UNUSUAL.test(text)) return text
  return escapeInvisible(text, (character) =>
    character === '\n' || character === '\t' ? character : unitsText(character),
  )
}

/** JSON of a value on one line, safe for a terminal. The value must be one that JSON can express. */
export function visibleJson(value: unknown): string {
  return visibleOutput(JSON.stringify(value))
}

function pointText(character: string): string {
  const point = character.codePointAt(0) ?? 0
  return point > 0xffff ? `\\u{${point.toString(16)}}` : unitsText(character)
}

/** The UTF-16 units of a character, as JSON writes them. */
function unitsText(character: string): string {
  let text = ''
  for (let at = 0; at < character.length; at++) {
    text += `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`
  }
  return text
}
