import { CHECKSUM_NAMES, FRAMINGS } from '@commloop/framings'
import { describe, expect, it } from 'vitest'
import { tableRows } from './page.js'
import { codeUnder, filesUnder, textOf } from './source-tree.js'

const PAGE = textOf('docs/framings.md')

describe('docs/framings.md', () => {
  it('lists every name with the title and the source of its framing', () => {
    const [, table = ''] = /<!-- framings: begin -->([^]*?)<!-- framings: end -->/.exec(PAGE) ?? []
    const shown = tableRows(table, ['name', 'frame', 'source'])
    const rows = FRAMINGS.map(({ name, title, source }) => [name, title, source])
    expect(shown).toEqual(rows)
  })

  const tried = tableRows(PAGE, ['program', 'names']).map(([program = '', names = '']) => ({
    program,
    names: FRAMINGS.filter(({ name }) => names.split(/[ ,:]+/).includes(name)),
  }))

  it('lists framings as tried that the interoperability tests name', () => {
    const tests = filesUnder('test/interop')
      .filter((path) => path.endsWith('.test.ts'))
      .map((path) => textOf(path))
      .join('\n')
    const names = tried.flatMap((row) => row.names).map(({ name }) => name)
    expect(new Set(names).size).toBeGreaterThan(20)
    for (const name of names) expect(tests).toContain(`'${name}'`)
  })

  it('lists no framing as tried with a peer whose notes say that no peer was tried', () => {
    const peers = tried.filter(({ program }) => program !== 'tshark')
    const framings = peers.flatMap(({ names }) => names)
    expect(framings.length).toBeGreaterThan(12)
    const isDenied = (note: string): boolean => /never (tried )?with a peer/i.test(note)
    expect(framings.filter(({ notes }) => notes.some(isDenied))).toEqual([])
  })

  it('names every checksum', () => {
    for (const name of CHECKSUM_NAMES) expect(PAGE).toContain(`\`${name}\``)
  })

  it('describes every option', () => {
    const settings = textOf('packages/codec-length-field/src/length-field-settings.ts')
    const length = textOf('packages/codec-length-field/src/length-options.ts')
    const namesIn = (text: string): string[] => {
      const [, list = ''] = /^const KNOWN = \[([^\]]*)\]/m.exec(text) ?? []
      return [...list.matchAll(/'(\w+)'/g)].map(([, name = '']) => name)
    }
    const delimited = textOf('packages/codec-delimited/src/delimited-options.ts')
    const options = [
      ...namesIn(settings),
      ...namesIn(delimited),
      ...namesIn(length).map((name) => `length.${name}`),
    ]
    expect(options.length).toBeGreaterThan(20)
    for (const option of options) expect(PAGE).toContain(`\`${option}\``)
  })
})

describe('the framings of the codecs', () => {
  it.each([
    ['codec-length-field', 'of FRAMINGS'],
    ['codec-delimited', 'of DELIMITED_FRAMINGS'],
  ])('are all put through the compliance suite by %s, whatever their number', (codec, all) => {
    const suites = codeUnder(`packages/${codec}/test`)
      .map((path) => textOf(path))
      .filter((text) => text.includes('frameCodecCompliance(') && text.includes(all))
    expect(suites).toHaveLength(1)
  })
})
