import { describe, expect, it } from 'vitest'
import { resolveOptions } from '../src/index.js'

function judged(...ids: string[]): { problems: string[]; warnings: string[] } {
  const links = ids.map((id, at) => ({ id, role: 'active' as const, ip: '10.0.0.1', port: at + 1 }))
  const { problems, warnings } = resolveOptions({ links })
  const texts = (list: typeof problems): string[] =>
    list.map(({ path, message }) => `${path.join('.')} ${message}`)
  return { problems: texts(problems), warnings: texts(warnings) }
}

describe('an id', () => {
  it.each([
    ['a\u202eb', 'U+202E'], // right-to-left override
    ['a\u2066b', 'U+2066'], // left-to-right isolate
    ['a\u200bb', 'U+200B'], // zero width space
    ['a\u200db', 'U+200D'], // zero width joiner
    ['a\u00adb', 'U+00AD'], // soft hyphen
    ['\ufeffa', 'U+FEFF'],
    ['a\u0007', 'U+0007'],
    ['a\u009b', 'U+009B'],
    ['a\u3164', 'U+3164'], // Hangul filler
    ['a\ufe0f', 'U+FE0F'], // variation selector
    ['a\u{e0041}', 'U+E0041'], // tag
    ['a\ufffd', 'U+FFFD'],
  ])('%o is a mistake because of %s', (id, code) => {
    const found = judged(id).problems
    expect(found.at(-1)).toBe(
      `links.0.id contains ${code}, which is invisible or changes the text around it`,
    )
  })

  it.each(['furnace-1', '炉一', 'печь', 'φούρνος', 'Öfen', 'किला', '窯１'])('may be %s', (id) => {
    expect(judged(id)).toEqual({ problems: [], warnings: [] })
  })
})

describe('two ids that look the same', () => {
  it.each([
    ['pan', 'p\u0430n', 'U+0430 instead of U+0061'],
    ['P1', '\u03a11', 'U+03A1 instead of U+0050'],
    ['A1', '\uff21\uff11', 'U+FF21 instead of U+0041'],
    ['\u00e9', 'e\u0301', 'U+0065 instead of U+00E9'],
  ])('%o and %o are a warning with the characters', (first, second, difference) => {
    const { warnings } = judged(first, second)
    const text = `links.1.id looks like the id of links[0], and has other characters (${difference}): write both in one alphabet`
    expect(warnings).toEqual([text])
  })

  it('are not those of one alphabet', () => {
    expect(judged('press-1', 'press-l', 'PRESS-1', 'печь', 'речь').warnings).toEqual([])
  })
})
