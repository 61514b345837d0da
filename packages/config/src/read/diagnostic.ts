import type { ErrorCode } from '@commloop/core'
import displayWidth from 'string-width'

/** One mistake in a configuration file, at the place where a person finds it. */
export interface PlacedProblem {
  readonly code: ErrorCode
  /** The file's name as the user would type it. */
  readonly file: string
  /** From 1. */
  readonly line: number
  /** From 1, in UTF-16 units, as editors count. */
  readonly column: number
  /** `links[0].port`; empty: the file as a whole. */
  readonly path: string
  /** What was expected and what was found. */
  readonly message: string
  /** The text of that line, without its end. */
  readonly source: string
}

const SHOWN_COLUMNS_MAX = 96

/** Sorted as a reader meets them: by place, then as they were found. */
export function inReadingOrder(problems: readonly PlacedProblem[]): PlacedProblem[] {
  return [...problems].sort((left, right) => left.line - right.line || left.column - right.column)
}

/**
 *     .commlooprc:6:11  links[0].port: expected 1–65535, found 70000
 *        6 |     port: 70000
 *          |           ^
 */
export function problemsText(problems: readonly PlacedProblem[]): string {
  const widthMax = Math.max(0, ...problems.map((problem) => placeOf(problem).length))
  return problems.map((problem) => problemText(problem, widthMax)).join('\n')
}

function problemText(problem: PlacedProblem, placeWidth: number): string {
  const what = problem.path === '' ? problem.message : `${problem.path}: ${problem.message}`
  const head = `${placeOf(problem).padEnd(placeWidth)}  ${what}`
  if (problem.source.trim() === '') return head
  const { text, caretAt } = excerpt(problem.source, problem.column - 1)
  const number = String(problem.line).padStart(4)
  const margin = ' '.repeat(number.length)
  return `${head}\n${number} | ${text}\n${margin} | ${underlay(text.slice(0, caretAt))}^`
}

function placeOf(problem: PlacedProblem): string {
  return `${problem.file}:${String(problem.line)}:${String(problem.column)}`
}

/** The part of a long line (JSON without line ends is one) that surrounds the caret. */
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
