/** Values that a plugin written in JavaScript may return by mistake, with a name for each. */
export function hostileValues(): [string, unknown][] {
  return [
    ['nothing', undefined],
    ['null', null],
    ['a boolean', true],
    ['NaN', Number.NaN],
    ['a negative number', -1],
    ['a fraction', 0.5],
    ['infinity', Number.POSITIVE_INFINITY],
    ['a big integer', 1n],
    ['a symbol', Symbol('answer')],
    ['a function', () => 'peer'],
    ['an empty text', ''],
    ['a name of the prototype', '__proto__'],
    ['an empty object', {}],
    ['an object without a prototype', Object.create(null)],
    ['an empty list', []],
    ['a list of lists', [['peer']]],
    ['a list with a hole', Object.assign(new Array<string>(2), { 1: 'peer' })],
    ['a date', new Date(0)],
    ['bytes', new Uint8Array([1])],
    ['a map', new Map()],
  ]
}
