/** A placeholder in a text: from its first `$` to the character after its last `}`. */
export interface PlaceholderRange {
  readonly start: number
  readonly end: number
}

/**
 * Finds the outermost placeholders of a text, in one pass: `${NAME}`, `$${…}`, and placeholders inside the default of
 * another. A placeholder ends in its line. One that is not closed is plain text, but if a line has closed ones after it, all
 * of them are one placeholder, so that the mistake is reported.
 *
 * @param shift what was added to the character codes of `$`, `{` and `}`
 */
export function scanPlaceholders(text: string, shift = 0): PlaceholderRange[] {
  const dollar = String.fromCharCode('$'.charCodeAt(0) + shift)
  const brace = String.fromCharCode('{'.charCodeAt(0) + shift)
  const close = String.fromCharCode('}'.charCodeAt(0) + shift)
  const ranges: PlaceholderRange[] = []
  let open: number[] = []
  let lineRanges: PlaceholderRange[] = []
  const endLine = (): void => {
    const [unclosed] = open
    const last = lineRanges.findLast(({ start }) => unclosed !== undefined && start > unclosed)
    if (unclosed === undefined || last === undefined) ranges.push(...lineRanges)
    else {
      ranges.push(...lineRanges.filter(({ end }) => end <= unclosed))
      ranges.push({ start: unclosed, end: last.end })
    }
    open = []
    lineRanges = []
  }
  if (!text.includes(dollar + brace)) return ranges
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (character === '\n') endLine()
    else if (character === dollar && text[at + 1] === brace) {
      open.push(at > 0 && text[at - 1] === dollar ? at - 1 : at)
      at++
    } else if (character === close && open.length > 0) {
      const start = open.pop() ?? at
      while ((lineRanges.at(-1)?.start ?? -1) >= start) lineRanges.pop()
      lineRanges.push({ start, end: at + 1 })
    }
  }
  endLine()
  return ranges
}
