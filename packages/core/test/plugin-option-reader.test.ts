import { describe, expect, it } from 'vitest'
import { PluginOptionReader } from '../src/index.js'

const asNumber = (value: unknown): number | undefined =>
  typeof value === 'number' ? value : undefined

describe('a reader of a map among the options', () => {
  it('names its options with their place, and throws with those around it', () => {
    const reader = new PluginOptionReader('codec mine', { sizes: {}, least: 'x' }, [
      'sizes',
      'least',
    ])
    reader.read('least', 1, 'a number', asNumber)
    const inner = reader.inside('sizes', { most: 'y', moost: 1 }, ['most'])
    expect(inner.read('most', 7, 'a number', asNumber)).toBe(7)
    inner.inside('0', { odd: 1 }, [])
    inner.rejectText('most', 'too many; take fewer')
    expect(() => {
      reader.throwRejected()
    }).toThrow(
      'codec mine: least: expected a number, found "x"; ' +
        'codec mine: sizes.moost: unknown option. Did you mean "most"?; ' +
        'codec mine: sizes.most: expected a number, found "y"; ' +
        'codec mine: sizes.0.odd: expected no options; ' +
        'codec mine: sizes.most: too many; take fewer',
    )
  })

  it('shares nothing with the next reader', () => {
    new PluginOptionReader('codec mine', {}, []).reject('a', 'b', 1)
    new PluginOptionReader('codec mine', {}, []).throwRejected()
  })
})
