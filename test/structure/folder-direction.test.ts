import { describe, expect, it } from 'vitest'
import { cycles, folderImports } from './folder-graph.js'
import { packageFolders } from './source-tree.js'

/**
 * The folders of core, floor by floor from the top. A folder imports only from floors below its own. `.` is `src` itself,
 * without `index.ts`.
 */
const CORE_FLOORS: readonly (readonly string[])[] = [
  ['node'],
  ['audit'],
  ['accept', 'routing'],
  ['table', 'events'],
  ['link'],
  ['link/connection'],
  ['link/conversation'],
  ['config', 'receive', 'outbox', 'reconnect', 'runtime', 'timing'],
  ['address', 'text', 'ledger', 'turns', 'units', 'shares'],
  ['contracts'],
  ['.'],
]

const FLOOR_OF = new Map(
  CORE_FLOORS.flatMap((folders, floor) => folders.map((folder) => [folder, floor] as const)),
)

describe('the folders of a package', () => {
  it('are found with the imports between them', () => {
    const imports = folderImports('core').map(({ from, to }) => `${from} -> ${to}`)
    expect(imports).toContain('node -> link')
    expect(imports).toContain('link -> link/connection')
    expect(imports).toContain('contracts -> .')
  })

  it('of which some import each other are named as one cycle', () => {
    const imports = [
      ['a', 'b'],
      ['b', 'c'],
      ['c', 'b'],
      ['c', 'd'],
    ].map(([from = '', to = '']) => ({ from, to, text: '' }))
    expect(cycles(imports)).toEqual([['b', 'c']])
  })

  it.each(packageFolders())('%s do not import each other in a cycle', (name) => {
    const imports = folderImports(name)
    const inCycle = cycles(imports).map((folders) => ({
      folders,
      imports: imports
        .filter(({ from, to }) => folders.includes(from) && folders.includes(to))
        .map(({ text }) => text),
    }))
    expect(inCycle).toEqual([])
  })

  it('core all stand on a floor', () => {
    const folders = new Set(folderImports('core').flatMap(({ from, to }) => [from, to]))
    expect([...folders].sort()).toEqual([...FLOOR_OF.keys()].sort())
  })

  it('core import only from the floors below', () => {
    const upward = folderImports('core').filter(
      ({ from, to }) => (FLOOR_OF.get(from) ?? 0) >= (FLOOR_OF.get(to) ?? 0),
    )
    expect(upward.map(({ text }) => text)).toEqual([])
  })
})
