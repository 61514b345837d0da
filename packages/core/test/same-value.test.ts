import { describe, expect, it } from 'vitest'
import { sameValue } from '../src/config/same-value.js'

class Plugin {
  readonly name = 'a'
}
const plugin = new Plugin()

describe('two values of a configuration', () => {
  it.each<[string, unknown, unknown]>([
    ['maps in another order', { a: 1, b: [1, 2] }, { b: [1, 2], a: 1 }],
    ['keys that hold nothing', { a: 1, b: undefined }, { a: 1 }],
    ['bytes', Buffer.from('ab'), new Uint8Array([97, 98])],
    ['no end', Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
    ['one object of a class', { plugin }, { plugin }],
    ['nothing', undefined, undefined],
  ])('are the same: %s', (_name, left, right) => {
    expect(sameValue(left, right)).toBe(true)
    expect(sameValue(right, left)).toBe(true)
  })

  it.each<[string, unknown, unknown]>([
    ['lists in another order', [1, 2], [2, 1]],
    ['a list and a map', [1], { 0: 1 }],
    ['one key more', { a: 1 }, { a: 1, b: 2 }],
    ['other keys', { a: 1 }, { b: 1 }],
    ['bytes', new Uint8Array([1]), new Uint8Array([2])],
    ['bytes and a list', new Uint8Array([1]), [1]],
    ['two objects of a class, which may hold more than is seen', new Plugin(), new Plugin()],
    ['a number and its text', 1, '1'],
    ['nothing and null', undefined, null],
  ])('are not: %s', (_name, left, right) => {
    expect(sameValue(left, right)).toBe(false)
    expect(sameValue(right, left)).toBe(false)
  })
})
