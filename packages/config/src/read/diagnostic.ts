import { CommloopError, type ErrorCode } from '@commloop/core'
import displayWidth from 'string-width'

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
export function diagnosticsError(diagnostics: readonly Diagnostic[]): CommloopError {
  return new CommloopError(commonCode(diagnostics), problemsText(diagnostics))
}

/**
 * The text of a report for a terminal:
 *
 *     .commlooprc:6:11  links[0].port: expected 1–65535, found 70000
 *        6 |     port: 70000
 *          |           ^
 */
export function problemsText(diagnostics: readonly Diagnostic[]): string {
  const widthMax = Math.max(0, ...diagnostics.map((diagnostic) => positionOf(diagnostic).length))
  return diagnostics.map((diagnostic) => problemText(diagnostic, widthMax)).join('\n')
}

function problemText(diagnostic: Diagnostic, positionWidth: number): string {
  const { path, message, source, line, column } = diagnostic
  const what = path === '' ? message : `${path}: ${message}`
  const head = `${positionOf(diagnostic).padEnd(positionWidth)}  ${what}`
  if (source.trim() === '') return head
  const { text, caretAt } = excerpt(source, column - 1)
  const number = String(line).padStart(4)
  const margin = ' '.repeat(number.length)
  return `${head}\n${number} | ${text}\n${margin} | ${underlay(text.slice(0, caretAt))}^`
}

function positionOf({ file, line, column }: Diagnostic): string {
  return `${file}:${String(line)}:${String(column)}`
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
function underlay(text: string): string {
  return text
    .split('\t')
    .map((part) => ' '.repeat(displayWidth(part)))
    .join('\t')
}
