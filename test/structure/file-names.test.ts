import { describe, expect, it } from 'vitest'
import { codeUnder, filesUnder, packageFolders, textOf } from './source-tree.js'

const CODE = ['packages', 'test', 'examples'].flatMap((folder) => codeUnder(folder))
const DUMPING_GROUNDS = /(^|\/)(utils?|helpers?|common|misc)(\.|\/|$)/
/** `link-state.ts`, `link-state.test.ts`, `vitest.config.ts`. */
const KEBAB_CASE = /^[a-z0-9]+(-[a-z0-9]+)*(\.test|\.config)?\.(ts|js|mjs)$/
const UNFINISHED = /\b(TODO|FIXME|XXX|HACK)\b/

describe('files', () => {
  it('are not named utils, helpers, common or misc', () => {
    expect(CODE.length).toBeGreaterThan(60)
    expect(filesUnder().filter((path) => DUMPING_GROUNDS.test(path))).toEqual([])
  })

  it('are named in kebab-case', () => {
    const names = CODE.filter((path) => !KEBAB_CASE.test(path.slice(path.lastIndexOf('/') + 1)))
    expect(names).toEqual([])
  })

  it('contain no marks of unfinished work', () => {
    const sources = packageFolders().flatMap((folder) => [
      ...codeUnder(`packages/${folder}/src`),
      ...filesUnder(`packages/${folder}`).filter((path) => path.includes('/bin/')),
    ])
    expect(sources.filter((path) => UNFINISHED.test(textOf(path)))).toEqual([])
  })

  it('named index.ts only re-export', () => {
    const indices = CODE.filter((path) => /^packages\/[^/]+\/src\/(.+\/)?index\.ts$/.test(path))
    expect(indices.length).toBeGreaterThan(4)
    for (const path of indices) {
      const rest = textOf(path)
        .replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
        .replace(/export\s+(type\s+)?(\*|\{[^}]*\})(\s+as\s+\w+)?(\s+from\s+'[^']+')?/g, '')
      expect(rest.trim(), path).toBe('')
    }
  })
})
