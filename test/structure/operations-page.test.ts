import { LINK_TRANSITIONS } from '@commloop/core'
import { describe, expect, it } from 'vitest'
import { EXIT } from '../../packages/cli/src/command-line/exit-codes.js'
import { sectionOf, tableRows } from './page.js'
import { textOf } from './source-tree.js'

const PAGE = textOf('docs/operations.md')

function firstCells(heading: string, head: string): string[] {
  const rows = tableRows(sectionOf(PAGE, heading), [head])
  return rows.flatMap(([cell = '']) => cell.split(', ')).sort()
}

describe('docs/operations.md', () => {
  it('has every state of a link', () => {
    const states = Object.values(LINK_TRANSITIONS).flatMap((table) => Object.keys(table))
    expect(firstCells('## Link states', 'state')).toEqual([...new Set(states)].sort())
  })

  it('has every exit code', () => {
    const codes = Object.values(EXIT).map(String)
    expect(firstCells('## Exit codes', 'code')).toEqual(codes.sort())
  })
})
