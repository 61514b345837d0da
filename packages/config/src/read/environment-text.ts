/**
 * Replaces the placeholders `${NAME}` and `${NAME:-default}` in a configuration.
 *
 * In YAML a brace opens a map, so `{ port: ${PORT} }` cannot be parsed. Replacing placeholders before parsing would
 * change the line and column of everything after them, and a value of the environment could inject YAML. So:
 *
 * 1. `shieldPlaceholders`, before parsing: every ASCII character of a placeholder is shifted by U+E000 into Unicode's
 *    private use area, `$` (U+0024) to U+E024 and so on. YAML treats these as letters, so a placeholder is a plain text.
 *    One character becomes one character, so all positions remain correct.
 * 2. The text is parsed.
 * 3. `unshieldPlaceholders`, on each parsed text: shifts the characters back.
 * 4. `fillPlaceholders`: replaces the placeholders in that text by values of the environment.
 *
 * Private use characters that the user wrote are not changed: only a sequence that begins with a shifted `${` and ends
 * with a shifted `}` is shifted back.
 */

const PLACEHOLDERS = /\$?\$\{[^}\n]*\}/g
const SHIFT = 0xe000
const SHIFTED = /[\ue020-\ue07e]/g
const SHIFTED_PLACEHOLDERS = /\ue024?\ue024\ue07b[^\ue07d]*\ue07d/g

export function shieldPlaceholders(text: string): string {
  return text.replace(PLACEHOLDERS, (placeholder) =>
    placeholder.replace(/[ -~]/g, (character) =>
      String.fromCharCode(character.charCodeAt(0) + SHIFT),
    ),
  )
}

export function unshieldPlaceholders(text: string): string {
  return text.replace(SHIFTED_PLACEHOLDERS, (placeholder) =>
    placeholder.replace(SHIFTED, (character) =>
      String.fromCharCode(character.charCodeAt(0) - SHIFT),
    ),
  )
}

export interface FilledText {
  readonly text: string
  /** One message for each placeholder that cannot be replaced. */
  readonly problems: readonly string[]
  /** The whole text is one placeholder, so the result may be a number. */
  readonly whole: boolean
}

const PLACEHOLDER = /^\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?\}$/

/** Replaces every placeholder; `$${` is a literal `${`. As in a shell, `:-` also replaces an empty value. */
export function fillPlaceholders(
  text: string,
  env: Readonly<Record<string, string | undefined>>,
): FilledText {
  const problems: string[] = []
  const filled = text.replace(PLACEHOLDERS, (placeholder) => {
    if (placeholder.startsWith('$$')) return placeholder.slice(1)
    const match = PLACEHOLDER.exec(placeholder)
    if (match === null) {
      problems.push(
        `expected \${NAME} or \${NAME:-default}, found ${placeholder}; write $$\{ for a literal \${`,
      )
      return placeholder
    }
    const [, name = '', fallback] = match
    const value = Object.hasOwn(env, name) ? env[name] : undefined
    if (value?.includes('\ufffd') === true) {
      // Node has replaced the bytes that it could not decode.
      problems.push(`the value of the environment variable ${name} is not UTF-8`)
      return placeholder
    }
    if (value !== undefined && (value !== '' || fallback === undefined)) return value
    if (fallback !== undefined) return fallback
    problems.push(
      `the environment variable ${name} is not set; \${${name}:-default} gives a default`,
    )
    return placeholder
  })
  return { text: filled, problems, whole: PLACEHOLDER.test(text) }
}
