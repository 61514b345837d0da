import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { FIGURES, NOT_APPLICABLE } from './figures.js'
import { needIsMissing } from './machine-needs.js'
import { resultTable } from './result-table.js'

/** test/simulation/campaign.test.ts runs these in full size. */
const IN_FULL_ELSEWHERE = ['B4']

describe('the figures', () => {
  it('have numbers of their own, and include the first thirty-one, of which some do not apply', () => {
    const ids = [...FIGURES.map(({ id }) => id), ...NOT_APPLICABLE]
    expect(ids).toHaveLength(new Set(ids).size)
    const first = Array.from({ length: 31 }, (_, at) => `B${String(at + 1)}`)
    expect(ids).toEqual(expect.arrayContaining(first))
  })

  const figures = FIGURES.filter(({ id }) => !IN_FULL_ELSEWHERE.includes(id))
  for (const figure of figures) {
    it.skipIf(needIsMissing(figure))(`${figure.id} in short size: ${figure.sentence}`, async () => {
      const { measured, held } = await figure.run('short')
      expect(measured).not.toBe('')
      // Figures that depend on the speed of the machine are judged only by `npm run reliability`, which runs alone.
      if (!figure.timed) expect(held, measured).toBe(true)
    })
  }
})

describe('npm run reliability', () => {
  // As a separate process; the tests above call the figures within the test runner.
  it('lists all figures', async () => {
    const script = fileURLToPath(new URL('reliability.mjs', import.meta.url))
    const { stdout } = await promisify(execFile)(process.execPath, [script, '--list'])
    for (const { id } of FIGURES) expect(stdout).toMatch(new RegExp(`^${id}\\b`, 'm'))
  })
})

describe('the table of results', () => {
  it('has one line for each figure, and escapes its text', () => {
    const texts = { sentence: 'a | b', target: 'none', measured: 'two\nlines' }
    const table = resultTable([{ id: 'B1', ...texts, verdict: 'NOT HELD', seconds: 1.25 }])
    expect(table.split('\n').at(-1)).toBe('| B1 | a \\| b | none | two lines | NOT HELD | 1.3 |')
    expect(table.split('\n')).toHaveLength(3)
  })
})
