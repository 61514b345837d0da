import { describe, expect, it } from 'vitest'
import { DOCTOR_FINDINGS } from '../../packages/cli/src/analysis/doctor/doctor-finding.js'
import { COMPATIBILITY_FINDINGS } from '../../packages/cli/src/analysis/compatibility/finding.js'
import { sectionOf, tableRows } from './page.js'
import { codeUnder, textOf } from './source-tree.js'

const PAGE = textOf('docs/doctor.md')

function sourcesOf(folder: string): string {
  const paths = codeUnder(folder).filter((path) => !/(^|[/-])finding\.ts$/.test(path))
  return paths.map((path) => textOf(path)).join('\n')
}

describe('docs/doctor.md', () => {
  it('has a line for every finding of the doctor, with its weight, in the order of the code', () => {
    const rows = tableRows(sectionOf(PAGE, '## The doctor'), ['finding', 'weight'])
    expect(rows.map(([finding, weight]) => [finding, weight])).toEqual(
      Object.entries(DOCTOR_FINDINGS),
    )
    for (const [, , meaning, remedy] of rows) {
      expect(meaning).toMatch(/\S/)
      expect(remedy).toMatch(/\S/)
    }
  })

  it('has a line for every finding about two tables', () => {
    const rows = tableRows(sectionOf(PAGE, '## Two tables'), ['finding', 'meaning'])
    expect(rows.map(([finding]) => finding)).toEqual([...COMPATIBILITY_FINDINGS])
    for (const [, meaning] of rows) expect(meaning).toMatch(/\S/)
  })

  it('has no finding that nothing leads to', () => {
    const doctor =
      sourcesOf('packages/cli/src/analysis/doctor') + sourcesOf('packages/cli/src/commands')
    expect(Object.keys(DOCTOR_FINDINGS).filter((code) => !doctor.includes(`'${code}'`))).toEqual([])
    const comparisons =
      sourcesOf('packages/cli/src/analysis/compatibility') +
      sourcesOf('packages/codec-len16/src') +
      sourcesOf('packages/opening-exchange/src') +
      sourcesOf('packages/transport-tcp/src')
    expect(COMPATIBILITY_FINDINGS.filter((code) => !comparisons.includes(`'${code}'`))).toEqual([])
  })
})
