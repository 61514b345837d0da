/** One figure as it came out. */
export interface Result {
  readonly id: string
  readonly sentence: string
  readonly target: string
  readonly measured: string
  /** `not measured`: the machine lacks what it needs. */
  readonly verdict: 'held' | 'NOT HELD' | 'not measured'
  readonly seconds: number
}

const HEAD = ['', 'figure', 'target', 'measured', 'verdict', 's']

/** The table, as text for a terminal and for a page alike. */
export function resultTable(results: readonly Result[]): string {
  const rows = results.map(({ id, sentence, target, measured, verdict, seconds }) => [
    id,
    sentence,
    target,
    measured,
    verdict,
    seconds.toFixed(1),
  ])
  const cells = [HEAD, HEAD.map(() => '---'), ...rows]
  return cells.map((row) => `| ${row.map(inOneCell).join(' | ')} |`).join('\n')
}

function inOneCell(text: string): string {
  return text.replaceAll('\n', ' ').replaceAll('|', '\\|')
}
