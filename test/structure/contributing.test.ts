import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { sectionOf, tableRows } from './page.js'
import { codeUnder, packageFolders, pathOf, textOf } from './source-tree.js'

const ROWS = tableRows(sectionOf(textOf('CONTRIBUTING.md'), '## Where things live'), ['folder'])
const LISTED = ROWS.map(([folder = '']) => folder)

/** Folders that directly contain code. */
function foldersOf(paths: readonly string[]): string[] {
  return [...new Set(paths.map((path) => path.slice(0, path.lastIndexOf('/'))))]
}

describe('the table of folders in CONTRIBUTING.md', () => {
  it('has a line for every folder of sources', () => {
    const sources = packageFolders().flatMap((folder) => codeUnder(`packages/${folder}/src`))
    const folders = foldersOf(sources).filter((folder) => folder !== 'packages/core/src')
    expect(folders.length).toBeGreaterThan(20)
    expect(folders.filter((folder) => !LISTED.includes(folder))).toEqual([])
  })

  it('has a line for every folder of the tests of several packages', () => {
    const folders = foldersOf(codeUnder('test')).filter((folder) => folder !== 'test')
    expect(folders.filter((folder) => !LISTED.includes(folder))).toEqual([])
  })

  it('has no line for a folder that does not exist', () => {
    const missing = LISTED.filter((folder) => !folder.includes('*') && !existsSync(pathOf(folder)))
    expect(missing).toEqual([])
  })
})
