import { type PlaceholderRange, scanPlaceholders } from './placeholder-scan.js'

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

const SHIFT = 0xe000
const SHIFTED = /[\ue020-\ue07e]/g

export function shieldPlaceholders(text: string): string {
  return replaced(text, scanPlaceholders(text), (placeholder) =>
    placeholder.replace(/[ -~]/g, (character) =>
      String.fromCharCode(character.charCodeAt(0) + SHIFT),
    ),
  )
}

export function unshieldPlaceholders(text: string): string {
  return replaced(text, scanPlaceholders(text, SHIFT), (placeholder) =>
    placeholder.replace(SHIFTED, (character) =>
      String.fromCharCode(character.charCodeAt(0) - SHIFT),
    ),
  )
}

function replaced(
  text: string,
  ranges: readonly PlaceholderRange[],
  replace: (placeholder: string) => string,
): string {
  if (ranges.length === 0) return text
  const parts: string[] = []
  let from = 0
  for (const { start, end } of ranges) {
    parts.push(text.slice(from, start), replace(text.slice(start, end)))
    from = end
  }
  return [...parts, text.slice(from)].join('')
}

export interface FilledText {
  readonly text: string
  /** One message for each placeholder that cannot be replaced. */
  readonly problems: readonly string[]
  /** The whole text is one placeholder, so the result may be a number. */
  readonly whole: boolean
}

const PLACEHOLDER = /^\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?\}$/

/** A default may contain placeholders, and theirs too. More levels are a mistake rather than a configuration. */
const NESTING_MAX = 8

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Replaces every placeholder; `$${` is a literal `${`. As in a shell, `:-` also replaces an empty value, and a default may
 * contain placeholders: `${A:-${B:-x}}`.
 */
export function fillPlaceholders(text: string, env: Environment): FilledText {
  const problems = new Set<string>()
  const ranges = scanPlaceholders(text)
  const filled = filledText(text, ranges, env, problems, 1)
  const [only] = ranges
  const covers = only?.start === 0 && only.end === text.length && PLACEHOLDER.test(text)
  return { text: filled, problems: [...problems], whole: covers }
}

function filledText(
  text: string,
  ranges: readonly PlaceholderRange[],
  env: Environment,
  problems: Set<string>,
  level: number,
): string {
  return replaced(text, ranges, (placeholder) =>
    filledPlaceholder(placeholder, env, problems, level),
  )
}

/** The value of one placeholder, or the placeholder itself if there is a problem. */
function filledPlaceholder(
  placeholder: string,
  env: Environment,
  problems: Set<string>,
  level: number,
): string {
  if (placeholder.startsWith('$$')) return placeholder.slice(1)
  const match = PLACEHOLDER.exec(placeholder)
  if (match === null) {
    problems.add(
      `expected \${NAME} or \${NAME:-default}, found ${shortened(placeholder)}; write $$\{ for a literal \${`,
    )
    return placeholder
  }
  const [, name = '', fallback] = match
  const value = Object.hasOwn(env, name) ? env[name] : undefined
  if (value?.includes('\ufffd') === true) {
    // Node has replaced the bytes that it could not decode.
    problems.add(`the value of the environment variable ${name} is not UTF-8`)
    return placeholder
  }
  if (value !== undefined && (value !== '' || fallback === undefined)) return value
  if (fallback === undefined) {
    problems.add(
      `the environment variable ${name} is not set; \${${name}:-default} gives a default`,
    )
    return placeholder
  }
  const inner = scanPlaceholders(fallback)
  if (replaced(fallback, inner, () => '').includes('${')) {
    problems.add(`${shortened(placeholder)} is not closed: a "}" is missing`)
    return placeholder
  }
  if (inner.length > 0 && level === NESTING_MAX) {
    problems.add(`placeholders are nested more than ${String(NESTING_MAX)} levels deep`)
    return placeholder
  }
  return filledText(fallback, inner, env, problems, level + 1)
}

const SHOWN_LENGTH_MAX = 60

function shortened(placeholder: string): string {
  if (placeholder.length <= SHOWN_LENGTH_MAX) return placeholder
  return `${placeholder.slice(0, SHOWN_LENGTH_MAX)}…`
}
