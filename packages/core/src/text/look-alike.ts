/**
 * Characters that a reader does not see, or that change the order of the text around them: control and format characters,
 * separators, fillers and variation selectors. U+FFFD stands for a character that was lost.
 */
const INVISIBLE =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\u115f\u1160\u2800\u3164\uffa0\ufffd]|\p{Variation_Selector}|\u034f|\u17b4|\u17b5/u

/** `U+202E` for the first character of a text that a reader does not see; undefined: there is none. */
export function invisibleCharacter(text: string): string | undefined {
  const [found] = INVISIBLE.exec(text) ?? []
  const code = found?.codePointAt(0)
  return code === undefined ? undefined : `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
}

/** Letters of Greek and Cyrillic that look like Latin ones in common fonts, each before its Latin letter. */
const LATIN_TWINS =
  'АAВBЕEЅSІIЈJКKМMНHОOРPСCТTУYХXаaеeоoрpсcуyхxѕsіiјjԁdһhԛqԝwΑAΒBΕEΖZΗHΙIΚKΜMΝNΟOΡPΤTΥYΧXοoνvιiαaρpυu'

const TWINS = new Map<string, string>()
for (let at = 0; at + 1 < LATIN_TWINS.length; at += 2) {
  TWINS.set(LATIN_TWINS.charAt(at), LATIN_TWINS.charAt(at + 1))
}

/** Equal for texts that look the same: letters of other alphabets, full width, composed and decomposed accents. */
export function lookOf(text: string): string {
  let look = ''
  for (const character of text.normalize('NFKC')) look += TWINS.get(character) ?? character
  return look
}
