import displayWidth from 'string-width'

/** Rows with their cells below each other, two blanks in front and between. */
export function textColumns(rows: readonly (readonly string[])[]): string {
  const widths: number[] = []
  for (const row of rows) {
    for (const [at, cell] of row.entries()) {
      widths[at] = Math.max(widths[at] ?? 0, displayWidth(cell))
    }
  }
  const lineOf = (row: readonly string[]): string =>
    row.map((cell, at) => cell + ' '.repeat((widths[at] ?? 0) - displayWidth(cell))).join('  ')
  return rows.map((row) => `  ${lineOf(row)}`.trimEnd()).join('\n')
}
