import { styleText } from 'node:util'
import displayWidth from 'string-width'

export type CellStyle = 'bold' | 'dim' | 'green' | 'yellow' | 'red'

/** One cell: a text, and how a terminal with colours shows it. */
export interface Cell {
  readonly text: string
  readonly style?: CellStyle
}

const GAP = '  '

/**
 * Rows with their cells below each other, not wider than `columns`: a line that a terminal breaks would shift
 * everything below it.
 */
export function alignedLines(
  rows: readonly (readonly Cell[])[],
  columns: number,
  color: boolean,
): string[] {
  const widths: number[] = []
  for (const row of rows) {
    for (const [at, { text }] of row.entries()) {
      widths[at] = Math.max(widths[at] ?? 0, displayWidth(text))
    }
  }
  return rows.map((row) => rowLine(row, widths, columns, color))
}

function rowLine(
  row: readonly Cell[],
  widths: readonly number[],
  columns: number,
  color: boolean,
): string {
  let line = ''
  let left = columns
  for (const [at, { text, style }] of row.entries()) {
    const filled = text + ' '.repeat(Math.max(0, (widths[at] ?? 0) - displayWidth(text))) + GAP
    const shown = cut(at === row.length - 1 ? text : filled, left)
    left -= displayWidth(shown)
    line += color && style !== undefined ? styleText(style, shown) : shown
  }
  return color ? line : line.trimEnd()
}

/** As much of the beginning as goes into so many columns. */
export function cut(text: string, columns: number): string {
  let left = columns
  let end = 0
  for (const character of text) {
    left -= displayWidth(character)
    if (left < 0) break
    end += character.length
  }
  return text.slice(0, end)
}
