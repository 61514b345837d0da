import { describe, expect, it } from 'vitest'
import { removeTestFoldersAfterEach } from '../../packages/cli/test/test-folder.js'
import { codeBlocks, namedBlocks } from './page.js'
import { pageFolder, runProgram } from './page-run.js'
import { textOf } from './source-tree.js'

removeTestFoldersAfterEach()

const PAGE = textOf('docs/writing-a-transport.md')
const FILES = Object.fromEntries([...namedBlocks(PAGE)].map(([name, [code = '']]) => [name, code]))

describe('docs/writing-a-transport.md', () => {
  it('has no code but what is run here', () => {
    expect(codeBlocks(PAGE)).toHaveLength(2)
    expect(Object.keys(FILES)).toEqual(['in-process.mjs', 'two-nodes.mjs'])
  })

  it('has a transport on which two nodes talk, and end in order', () => {
    expect(runProgram(pageFolder(FILES), 'two-nodes.mjs')).toBe('hello\nclosed 1\n')
  })
})
