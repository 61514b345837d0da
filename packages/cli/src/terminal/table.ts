import { styleText } from 'node:util'
import { visibleText } from '@commloop/core'
import displayWidth from 'string-width'

export type CellStyle = 'bold' | 'dim' | 'green' | 'yellow' | 'red'

/** A text, and its style on a terminal with colours. */
export interface StyledCell {
  readonly text: string
  readonly style?: CellStyle
}

export type Cell = string | StyledCell

export interface TableLayout {
  /** Lines are cut to this width, because a wrapped line shifts everything below it. Default: no limit. */
  readonly columns?: number
  /** Default: false. */
  readonly color?: boolean
  /** Stands before each line. Default: nothing. */
  readonly indent?: string
}

const GAP = '  '
const ASCII = /^[\x20-\x7e]*$/
const graphemes = new Intl.Segmenter()

/** One line for each row, with the cells in columns. Control characters in cells are escaped. */
export function tableLines(
  rows: readonly (readonly Cell[])[],
  { columns = Number.POSITIVE_INFINITY, color = false, indent = '' }: TableLayout = {},
): string[] {
  const cells = rows.map((row) => row.map(printable))
  const widths: number[] = []
  for (const row of cells) {
    for (const [at, { text }] of row.entries()) {
      widths[at] = Math.max(widths[at] ?? 0, widthOf(text))
    }
  }
  return cells.map((row) => {
    const line = indent + rowLine(row, widths, columns - indent.length, color)
    return color ? line : line.trimEnd()
  })
}

/** A list or table below a heading: each line is indented by two spaces and ends with a line feed. */
export function tableBlock(rows: readonly (readonly Cell[])[]): string {
  return `${tableLines(rows, { indent: GAP }).join('\n')}\n`
}

/** The text with its control characters escaped, cut to the width of the terminal. */
export function fittedLine(text: string, columns: number): string {
  return cut(visibleText(text), columns)
}

function printable(cell: Cell): StyledCell {
  if (typeof cell === 'string') return { text: visibleText(cell) }
  return { ...cell, text: visibleText(cell.text) }
}

function rowLine(
  row: readonly StyledCell[],
  widths: readonly number[],
  columns: number,
  color: boolean,
): string {
  let line = ''
  let left = columns
  for (const [at, { text, style }] of row.entries()) {
    const padding = ' '.repeat((widths[at] ?? 0) - widthOf(text)) + GAP
    const shown = cut(at === row.length - 1 ? text : text + padding, left)
    left -= widthOf(shown)
    line += color && style !== undefined ? styleText(style, shown) : shown
  }
  return line
}

/** The longest beginning that fits into the columns. Never splits a character that consists of several code points. */
function cut(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text
  let left = columns
  let end = 0
  for (const { segment } of graphemes.segment(text)) {
    left -= widthOf(segment)
    if (left < 0) break
    end += segment.length
  }
  return text.slice(0, end)
}

/** Columns on a terminal: 2 for a Chinese character or an emoji, 0 for a combining mark. */
function widthOf(text: string): number {
  return ASCII.test(text) ? text.length : displayWidth(text)
}
