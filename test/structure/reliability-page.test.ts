import { describe, expect, it } from 'vitest'
import { FIGURES, NOT_APPLICABLE } from '../reliability/figures.js'
import { sectionOf } from './page.js'
import { textOf } from './source-tree.js'

const PAGE = textOf('docs/reliability.md')

/** The cells of the rows that begin with the number of a figure. */
function rows(section: string): string[][] {
  return sectionOf(PAGE, section)
    .split('\n')
    .filter((line) => /^\| B\d+ \|/.test(line))
    .map((line) => line.split('|').map((cell) => cell.trim()))
}

describe('docs/reliability.md', () => {
  it('shows the last run of every figure, with its present sentence and target', () => {
    const shown = rows('## The last run').map(([, id, sentence, target]) => ({
      id,
      sentence,
      target,
    }))
    expect(shown).toEqual(FIGURES.map(({ id, sentence, target }) => ({ id, sentence, target })))
  })

  it('states where every figure is measured', () => {
    const [, world = ''] = PAGE.split('## Where each figure is measured')
    const [table = ''] = world.split('\n\nB1 to')
    for (const { id } of FIGURES) expect(table).toMatch(new RegExp(`\\b${id}\\b`))
  })

  it('lists the figures that do not apply', () => {
    const text = sectionOf(PAGE, '## Figures that do not apply')
    const ends = NOT_APPLICABLE.filter((id) => text.includes(id))
    expect(ends).toEqual(expect.arrayContaining(['B2', 'B16', 'B21', 'B27', 'B28']))
  })
})
