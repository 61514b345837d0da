import { CommloopError, type ErrorCode, visibleOutput, visibleText } from '@commloop/core'

/** One mistake in a configuration file, with its position. */
export interface Diagnostic {
  readonly code: ErrorCode
  /** The name of the file, as the user would type it. */
  readonly file: string
  /** From 1. */
  readonly line: number
  /** From 1, in UTF-16 units, as editors count. */
  readonly column: number
  /** `links[0].port`; empty: the whole file. */
  readonly path: string
  /** What was expected and what was found. */
  readonly message: string
  /** The text of that line, without its end. */
  readonly source: string
}

const SHOWN_COLUMNS_MAX = 96
/** More do not fit on a terminal, and they often have one cause. `check --json` lists all of them. */
const SHOWN_PROBLEMS_MAX = 100

/** The columns of a text on a terminal. */
type DisplayWidth = (text: string) => number

/** Sorted by position; at the same position, in the order in which they were reported. */
export function inReadingOrder(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  return [...diagnostics].sort(
    (left, right) => left.line - right.line || left.column - right.column,
  )
}

/** The one code that describes all of them best. */
export function commonCode(diagnostics: readonly Diagnostic[]): ErrorCode {
  const codes = new Set(diagnostics.map(({ code }) => code))
  const [only] = codes
  return only !== undefined && codes.size === 1 ? only : 'CML_ERR_CONFIG_INVALID'
}

/** One error with the text of all of them. */
export async function diagnosticsError(diagnostics: readonly Diagnostic[]): Promise<CommloopError> {
  return new CommloopError(commonCode(diagnostics), await problemsText(diagnostics))
}

/**
 * The text of a report for a terminal:
 *
 *     .commlooprc:6:11  links[0].port: expected 1–65535, found 70000
 *        6 |     port: 70000
 *          |           ^
 */
export async function problemsText(diagnostics: readonly Diagnostic[]): Promise<string> {
  // Takes milliseconds to load, which the start of a node without mistakes must not pay for.
  const { default: displayWidth } = await import('string-width')
  const shown = diagnostics.slice(0, SHOWN_PROBLEMS_MAX)
  const widthMax = Math.max(0, ...shown.map((diagnostic) => positionOf(diagnostic).length))
  const texts = shown.map((diagnostic) => problemText(diagnostic, widthMax, displayWidth))
  const more = diagnostics.length - shown.length
  return [...texts, ...(more === 0 ? [] : [`and ${String(more)} more`])].join('\n')
}

function problemText(
  diagnostic: Diagnostic,
  positionWidth: number,
  displayWidth: DisplayWidth,
): string {
  const { path, message, source, line, column } = diagnostic
  const where = path === '' ? '' : `${visibleText(path)}: `
  const what = `${where}${visibleOutput(message)}`
  const head = `${positionOf(diagnostic).padEnd(positionWidth)}  ${what}`
  if (source.trim() === '') return head
  const { text, caretAt } = excerpt(source, column - 1)
  const shown = visibleOutput(text)
  const before = visibleOutput(text.slice(0, caretAt))
  const number = String(line).padStart(4)
  const margin = ' '.repeat(number.length)
  return `${head}\n${number} | ${shown}\n${margin} | ${underlay(before, displayWidth)}^`
}

function positionOf({ file, line, column }: Diagnostic): string {
  return `${visibleText(file)}:${String(line)}:${String(column)}`
}

/** The part of a long line around the caret. JSON may have its whole text on one line. */
function excerpt(line: string, at: number): { text: string; caretAt: number } {
  if (line.length <= SHOWN_COLUMNS_MAX) return { text: line, caretAt: at }
  const from = Math.max(0, at - SHOWN_COLUMNS_MAX / 2)
  const to = Math.min(line.length, from + SHOWN_COLUMNS_MAX)
  const before = from > 0 ? '…' : ''
  const after = to < line.length ? '…' : ''
  return { text: before + line.slice(from, to) + after, caretAt: at - from + before.length }
}

/** Spaces as wide as `text`, so that the caret stands below the character after it. Tabs stay tabs. */
function underlay(text: string, displayWidth: DisplayWidth): string {
  return text
    .split('\t')
    .map((part) => ' '.repeat(displayWidth(part)))
    .join('\t')
}
