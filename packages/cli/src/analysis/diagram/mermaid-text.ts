import { escapeControlChars } from '../../terminal/escape-control-chars.js'

/** What means something in a quoted Mermaid label, as a directive anywhere, or in the HTML that the label becomes. */
const MARKS = /["#&<>`\\%$]/g

/** A label in quotes; each line of it is any text, and shown as it is. */
export function mermaidLabel(...lines: readonly string[]): string {
  return `"${lines.map(escaped).join('<br>')}"`
}

/** `#35;` is Mermaid's own way to write a character by its number. */
function escaped(text: string): string {
  return escapeControlChars(text).replace(MARKS, (mark) => `#${String(mark.codePointAt(0))};`)
}
