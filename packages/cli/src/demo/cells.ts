import { styleText } from 'node:util'
import type { Cell } from './network-table.js'

const GAP = '  '

/**
 * Rows with their cells below each other, not wider than `columns`: a line that a terminal breaks would shift
 * everything below it. The texts have one column for each character.
 */
export function alignedLines(
  rows: readonly (readonly Cell[])[],
  columns: number,
  color: boolean,
): string[] {
  const widths: number[] = []
  for (const row of rows) {
    for (const [at, { text }] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, text.length)
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
    const padded = at === row.length - 1 ? text : text.padEnd(widths[at] ?? 0) + GAP
    const shown = padded.slice(0, left)
    left -= shown.length
    line += color && style !== undefined ? styleText(style, shown) : shown
  }
  return color ? line : line.trimEnd()
}
