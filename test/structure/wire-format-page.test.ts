import { Len16Codec, type Len16Options } from '@commloop/codec-len16'
import { describe, expect, it } from 'vitest'
import { sectionOf, tableRows } from './page.js'
import { textOf } from './source-tree.js'

const PAGE = textOf('docs/wire-format.md')
const ROWS = tableRows(sectionOf(PAGE, '## Golden bytes'), ['payload', 'options'])

/** `byteOrder: little, lengthIncludesHeader: true` as the codec takes it. */
function optionsOf(text: string): Len16Options {
  if (text === 'none') return {}
  const pairs = text.split(', ').map((pair) => pair.split(': '))
  return Object.fromEntries(
    pairs.map(([name, value]) => [name, value === 'true' ? true : value]),
  ) as Len16Options
}

describe('docs/wire-format.md', () => {
  it('has golden bytes for every option that changes the frame', () => {
    expect(ROWS.length).toBeGreaterThan(4)
    const all = ROWS.map(([, options]) => options).join(' ')
    expect(all).toContain('byteOrder')
    expect(all).toContain('lengthIncludesHeader')
  })

  it.each(ROWS)('shows %s with %s as %s', (text, options, hex) => {
    const payload = Buffer.from(text === '(empty)' ? '' : text)
    const codec = new Len16Codec(optionsOf(options))
    const frame = Buffer.alloc(codec.frameBytesMax(payload.length))
    expect(codec.encode(payload, frame, 0)).toBe(frame.length)
    expect(frame.toString('hex')).toBe(hex.replaceAll(' ', ''))
    const decoder = codec.createDecoder()
    decoder.push(frame)
    expect(Buffer.from(decoder.next() ?? 'nothing').toString()).toBe(payload.toString())
    expect(decoder.next()).toBeUndefined()
  })

  it('names the options that the codec has', () => {
    const names = tableRows(PAGE, ['option', 'values']).map(([name]) => name)
    let refusal: unknown
    try {
      new Len16Codec({ unheardOf: true } as Len16Options)
    } catch (error) {
      refusal = error
    }
    expect(String(refusal)).toContain(`there are ${names.join(', ')}`)
  })
})
