import { describe, expect, it } from 'vitest'
import { codeUnder, filesUnder, textOf } from './source-tree.js'
import { namedBlocks, sectionOf } from './page.js'
import { pageFolder, runProgram } from './page-run.js'

const PAGE = textOf('docs/simulation.md')
const SIMULATOR = 'packages/testing/src/simulator'

describe('docs/simulation.md', () => {
  it('has a campaign of a router and a strategy of one’s own that finds nothing', () => {
    const files = Object.fromEntries(
      [...namedBlocks(PAGE)].map(([name, [code = '']]) => [name, code]),
    )
    expect(Object.keys(files)).toEqual(['my-campaign.mjs'])
    expect(runProgram(pageFolder(files), 'my-campaign.mjs')).toBe('20 seeds, 0 failed\n')
  })

  it('names the files of the invariants as they are', () => {
    const named = [...sectionOf(PAGE, '## Invariants').matchAll(/`([a-z-]+\.ts)`/g)]
    const missing = named.filter(([, name = '']) => {
      return !codeUnder(SIMULATOR).includes(`${SIMULATOR}/${name}`)
    })
    expect(named.length).toBeGreaterThan(10)
    expect(missing).toEqual([])
  })

  it('names the scripts as they are', () => {
    const scripts = [...PAGE.matchAll(/test\/simulation\/[a-z-]+\.(?:mjs|test\.ts)/g)]
    expect(scripts.length).toBeGreaterThan(5)
    for (const [path] of scripts) expect(filesUnder('test/simulation')).toContain(path)
  })
})
