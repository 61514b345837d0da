import { ERROR_CODES } from '@commloop/core'
import { describe, expect, it } from 'vitest'
import { sectionOf, tableRows } from './page.js'
import { codeUnder, packageFolders, textOf } from './source-tree.js'

const PAGE = textOf('docs/errors.md')
const CODES = Object.entries(ERROR_CODES)

describe('docs/errors.md', () => {
  it('has exactly one section for every code', () => {
    const headings = [...PAGE.matchAll(/^### (\S+)$/gm)].map(([, code]) => code)
    expect(headings.sort()).toEqual(CODES.map(([code]) => code).sort())
  })

  it.each(CODES)(
    'describes %s as the source does, with its causes and remedies',
    (code, meaning) => {
      const section = sectionOf(PAGE, `### ${code}`)
      expect(section.trim().split('\n\n')[0]).toBe(meaning)
      expect(section).toMatch(/^- \*\*When:\*\* \S/m)
      expect(section).toMatch(/^- \*\*What to do:\*\* \S/m)
    },
  )

  it('has no code that the source never throws', () => {
    const sources = packageFolders()
      .filter((folder) => folder !== 'testing')
      .flatMap((folder) => codeUnder(`packages/${folder}/src`))
      .filter((path) => !path.endsWith('/errors.ts'))
    const lines = sources.flatMap((path) => textOf(path).split('\n'))
    const thrown = lines.filter((line) => !/^\s*(\/?\*|\/\/)/.test(line)).join('\n')
    expect(CODES.map(([code]) => code).filter((code) => !thrown.includes(`'${code}'`))).toEqual([])
  })

  it('lists every warning', () => {
    const sources = codeUnder('packages/core/src').map((path) => textOf(path))
    const given = sources.flatMap((text) =>
      [...text.matchAll(/(?:warn(?:ing)?\(\s*|code: )'([A-Z]+_[A-Z_]+)'/g)].map(([, code]) => code),
    )
    const warnings = new Set(given.filter((code) => code?.startsWith('CML_') === false))
    const listed = tableRows(sectionOf(PAGE, '## Warnings'), ['code']).map(([code]) => code)
    expect(listed).toEqual([...warnings].sort())
  })
})
