const QUOTE = 0x22
const BACKSLASH = 0x5c

/** The value of a JSON text; undefined if the text is not JSON, or has more objects and lists inside each other. */
export function jsonWithin(text: string, depthMax: number): unknown {
  if (isDeeper(text, depthMax)) return undefined
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/** Looks before the text is parsed, because the parser has no limit. */
function isDeeper(text: string, depthMax: number): boolean {
  let depth = 0
  let isText = false
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (isText && unit === BACKSLASH) at++
    else if (unit === QUOTE) isText = !isText
    else if (!isText && isOpening(unit) && ++depth > depthMax) return true
    else if (!isText && isClosing(unit)) depth--
  }
  return false
}

/** `[` or `{`. */
function isOpening(unit: number): boolean {
  return unit === 0x5b || unit === 0x7b
}

/** `]` or `}`. */
function isClosing(unit: number): boolean {
  return unit === 0x5d || unit === 0x7d
}
