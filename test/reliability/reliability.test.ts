import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { FIGURES, NOT_APPLICABLE } from './figures.js'
import { needIsMissing } from './machine-needs.js'
import { resultTable } from './result-table.js'

/** Found by the test of the campaign itself, in the same run and in full. */
const IN_FULL_ELSEWHERE = ['B4']

describe('the figures', () => {
  it('has each of its thirty figures, or says that it does not apply', () => {
    const ids = [...FIGURES.map(({ id }) => id), ...NOT_APPLICABLE]
    const wanted = Array.from({ length: 30 }, (_, at) => `B${String(at + 1)}`)
    expect(ids.toSorted()).toEqual(wanted.toSorted())
  })

  const figures = FIGURES.filter(({ id }) => !IN_FULL_ELSEWHERE.includes(id))
  for (const figure of figures) {
    it.skipIf(needIsMissing(figure))(`${figure.id} in small: ${figure.sentence}`, async () => {
      const { measured, held } = await figure.run('short')
      expect(measured).not.toBe('')
      // What hangs on the speed of the machine gets its verdict from `npm run reliability`, which runs alone.
      if (!figure.timed) expect(held, measured).toBe(true)
    })
  }
})

describe('npm run reliability', () => {
  // By itself, not within a test runner, which is how everything above runs it.
  it('loads all of it, and lists what there is', async () => {
    const script = fileURLToPath(new URL('reliability.mjs', import.meta.url))
    const { stdout } = await promisify(execFile)(process.execPath, [script, '--list'])
    for (const { id } of FIGURES) expect(stdout).toMatch(new RegExp(`^${id}\\b`, 'm'))
  })
})

describe('the table of results', () => {
  it('has a line for each figure, whatever is in it', () => {
    const texts = { sentence: 'a | b', target: 'none', measured: 'two\nlines' }
    const table = resultTable([{ id: 'B1', ...texts, verdict: 'NOT HELD', seconds: 1.25 }])
    expect(table.split('\n').at(-1)).toBe('| B1 | a \\| b | none | two lines | NOT HELD | 1.3 |')
    expect(table.split('\n')).toHaveLength(3)
  })
})
