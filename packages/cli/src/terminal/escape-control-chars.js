/**
 * Controls, bidirectional marks and other invisible characters, halves of characters, and the line ends that only
 * Unicode knows: what a peer could use to move the cursor, to forge a line or to turn text around.
 */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const SHORT = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };
/** The text on one line, safe for a terminal, with everything in it to be seen: `\u001b` in place of an escape. */
export function visibleText(text) {
    return text.replace(INVISIBLE, (character) => SHORT[character] ?? escaped(character));
}
/**
 * The same for a line of JSON, which is JSON afterwards: of invisible characters it escapes those below the space by
 * itself, and leaves all others as they are.
 */
export function visibleJson(json) {
    return json.replace(INVISIBLE, (character) => [...Array(character.length).keys()].map((at) => unitText(character.charCodeAt(at))).join(''));
}
function unitText(unit) {
    return `\\u${unit.toString(16).padStart(4, '0')}`;
}
function escaped(character) {
    const point = character.codePointAt(0) ?? 0;
    return point > 0xffff ? `\\u{${point.toString(16)}}` : `\\u${point.toString(16).padStart(4, '0')}`;
}
//# sourceMappingURL=escape-control-chars.js.map