/** The rows of a Markdown table, cells without blanks and without the marks of inline code. */
export type Row = readonly string[]

/** The rows of the tables in a text, heads and rulers left out, of those tables whose head begins with `head`. */
export function tableRows(text: string, head: readonly string[]): Row[] {
  const rows: Row[] = []
  let inside = false
  for (const line of text.split('\n')) {
    if (!line.startsWith('|')) inside = false
    else if (inside) rows.push(cellsOf(line).map(plain))
    else inside = head.every((name, at) => cellsOf(line)[at] === name)
  }
  return rows.filter((row) => !row.every((cell) => /^-+$/.test(cell)))
}

function cellsOf(line: string): string[] {
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim())
}

function plain(cell: string): string {
  return cell.replaceAll('`', '')
}

/** What stands under a heading, up to the next heading of its level or above. */
export function sectionOf(text: string, heading: string): string {
  const lines = text.split('\n')
  const from = lines.indexOf(heading)
  if (from === -1) throw new Error(`no heading "${heading}"`)
  const level = heading.indexOf(' ')
  const rest = lines.slice(from + 1)
  const to = rest.findIndex((line) => /^#+ /.test(line) && line.indexOf(' ') <= level)
  return rest.slice(0, to === -1 ? rest.length : to).join('\n')
}

/** A fenced block of code. */
export interface CodeBlock {
  readonly language: string
  readonly code: string
}

export function codeBlocks(text: string): CodeBlock[] {
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language = '', code = '']) => ({
    language,
    code,
  }))
}

/** A text without its fenced blocks: what looks like a heading or a link in there is none. */
export function withoutCode(text: string): string {
  return text.replace(/^```[\s\S]*?^```$/gm, '')
}

/** The blocks that begin with the name of a file in a comment, by that name; several of one name in their order. */
export function namedBlocks(text: string): Map<string, string[]> {
  const named = new Map<string, string[]>()
  for (const { code } of codeBlocks(text)) {
    const name = /^(?:\/\/|#) (\S+).*\n/.exec(code)?.[1]
    if (name !== undefined) named.set(name, [...(named.get(name) ?? []), code])
  }
  return named
}
