import { visibleText } from '@commloop/core'

/** Characters with a meaning in a quoted Mermaid label, in a directive, or in the HTML that Mermaid makes of the label. */
const MARKS = /["#&<>`\\%$]/g

/** A quoted label. Each line may be any text, and is shown unchanged. */
export function mermaidLabel(...lines: readonly string[]): string {
  return `"${lines.map(escaped).join('<br>')}"`
}

/** Mermaid writes a character by its number as `#35;`. */
function escaped(text: string): string {
  return visibleText(text).replace(MARKS, (mark) => `#${String(mark.codePointAt(0))};`)
}
