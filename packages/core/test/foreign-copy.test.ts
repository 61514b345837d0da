import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { foreignCopy, foreignFields } from '../src/text/foreign-copy.js'
import { foreignText, messageText } from '../src/text/safe-text.js'
import { hostileThrows } from './hostile-throws.js'

/** Texts of 8,000 characters, 400 values, and their names and marks. */
const JSON_LENGTH_MAX = 30_000
const TEXT_LENGTH_MAX = 600

describe('the copy of a foreign value', () => {
  it.each(hostileThrows())('has a bounded size and is plain data: %s', (_name, value) => {
    const json = JSON.stringify(foreignCopy({ err: value }))
    expect(json.length).toBeLessThan(JSON_LENGTH_MAX)
    expect(foreignCopy(JSON.parse(json)), 'a copy of the copy is readable too').toBeDefined()
  })

  it('has the name, message, stack, code and causes of an error', () => {
    const cause = Object.assign(new RangeError('below'), { code: 'E_LOW' })
    const error = new TypeError('above', { cause })
    expect(foreignCopy(error)).toEqual({
      type: 'TypeError',
      message: 'above',
      stack: error.stack?.slice(0, 2_000),
      cause: {
        type: 'RangeError',
        message: 'below',
        code: 'E_LOW',
        stack: cause.stack?.slice(0, 2_000),
      },
    })
  })

  it('shows the frames of a stack whose message is long', () => {
    const { stack } = foreignCopy(new Error('m'.repeat(5_000))) as { stack: string }
    expect(stack).toMatch(/^Error: m{400,}…\n {4}at .*foreign-copy\.test/)
  })

  it.each([
    'Authorization',
    'authorization',
    'password',
    'dbPassword',
    'access_token',
    'clientSecret',
    'apiKey',
    'key',
    'Set-Cookie',
    'passphrase',
    'privateKey',
  ])('does not show the property %s', (name) => {
    const error = Object.assign(new Error('refused'), {
      config: { headers: { [name]: 'hunter2' } },
    })
    const json = JSON.stringify(foreignCopy(error))
    expect(json).not.toContain('hunter2')
    expect(json).toContain('[redacted]')
  })

  it.each([
    'connect amqp://user:hunter2@broker failed',
    'sent Authorization: Bearer hunter2hunter2==',
    'POST /login?password=hunter2&x=1',
    `${'x'.repeat(490)} amqp://user:hunter2@broker`,
  ])('does not show the secret in the text %s', (text) => {
    const error = new Error(text)
    expect(JSON.stringify(foreignCopy(error))).not.toContain('hunter2')
    expect(foreignText(error)).not.toContain('hunter2')
  })

  it('does not show payloads', () => {
    const payload = Buffer.from('hunter2')
    const error = Object.assign(new Error('bad'), {
      payload,
      frame: payload.toString(),
      body: 'hunter2',
    })
    expect(foreignCopy(error)).toMatchObject({
      payload: '[7 bytes]',
      frame: '[7 characters]',
      body: '[7 characters]',
    })
  })

  it('calls no getter of a property', () => {
    let calls = 0
    const fields = {
      err: {
        get a() {
          return ++calls
        },
      },
    }
    expect(foreignFields(fields)).toEqual({ err: { a: '[getter]' } })
    expect(calls).toBe(0)
  })

  it('keeps the fields of an ordinary log line', () => {
    const fields = {
      link: 'a',
      epoch: 3,
      up: true,
      remote: { ip: '::1', port: 1 },
      none: undefined,
      list: [1, null],
    }
    expect(foreignFields(fields)).toEqual(fields)
  })

  it('never throws and stays bounded, whatever the value', () => {
    fc.assert(
      fc.property(RECIPES, (recipe) => {
        const value = made(recipe)
        expect(JSON.stringify(foreignCopy({ value })).length).toBeLessThan(JSON_LENGTH_MAX)
        expect(foreignText(value).length).toBeLessThan(TEXT_LENGTH_MAX)
        expect(messageText(value).length).toBeLessThan(TEXT_LENGTH_MAX)
      }),
      { numRuns: 100, endOnFailure: true },
    )
  })

  it('reads a bounded number of properties', () => {
    fc.assert(
      fc.property(RECIPES, (recipe) => {
        const value = made(recipe)
        let steps = 0
        foreignCopy(counted(value, () => steps++))
        expect(steps).toBeLessThan(20_000)
      }),
      { numRuns: 25, endOnFailure: true },
    )
  })
})

describe('the text of a foreign value', () => {
  it.each(hostileThrows())('is short: %s', (_name, value) => {
    expect(foreignText(value).length).toBeLessThan(TEXT_LENGTH_MAX)
    expect(messageText(value).length).toBeLessThan(TEXT_LENGTH_MAX)
    expect(foreignText(value)).not.toBe('')
  })

  it.each<[unknown, string]>([
    [new TypeError('no'), 'TypeError: no'],
    [new DOMException('aborted', 'AbortError'), 'AbortError: aborted'],
    [new Error(''), 'Error'],
    [undefined, 'undefined'],
    [Symbol('a'), 'Symbol(a)'],
    [12n, '12'],
    [{ status: 503 }, '{"status":503}'],
    [new Map(), '[Map]'],
    [new Uint8Array(3), '[3 bytes]'],
    [['a', 1], '["a",1]'],
    [foreignText, 'function foreignText'],
  ])('of %o is %s', (value, text) => {
    expect(foreignText(value).slice(0, 40)).toBe(text)
  })

  it('can be the message of an error without its name', () => {
    expect(messageText(new TypeError('no'))).toBe('no')
    expect(messageText('no')).toBe('no')
  })
})

/** How to make a hostile value. fast-check looks into the values that it generates, so it never gets the value itself. */
type Recipe =
  | { readonly leaf: number }
  | { readonly text: string }
  | { readonly list: readonly Recipe[] }
  | { readonly map: Readonly<Record<string, Recipe>> }
  | { readonly error: readonly [message: Recipe, cause: Recipe, extra: Recipe] }
  | { readonly proxy: Recipe }

const LEAVES = hostileThrows().map(([, value]) => value)

const RECIPES = fc.letrec<{ recipe: Recipe }>((tie) => ({
  recipe: fc.oneof(
    { maxDepth: 4 },
    fc.record({ leaf: fc.nat(LEAVES.length - 1) }),
    fc.record({ text: fc.string({ maxLength: 700, unit: 'binary' }) }),
    fc.record({ list: fc.array(tie('recipe'), { maxLength: 4 }) }),
    fc.record({ map: fc.dictionary(fc.string(), tie('recipe'), { maxKeys: 4 }) }),
    fc.record({ error: fc.tuple(tie('recipe'), tie('recipe'), tie('recipe')) }),
    fc.record({ proxy: tie('recipe') }),
  ),
})).recipe

function made(recipe: Recipe): unknown {
  if ('leaf' in recipe) return LEAVES[recipe.leaf]
  if ('text' in recipe) return recipe.text
  if ('list' in recipe) return recipe.list.map(made)
  if ('map' in recipe) {
    return Object.fromEntries(Object.entries(recipe.map).map(([key, value]) => [key, made(value)]))
  }
  if ('error' in recipe) {
    const [message, cause, extra] = recipe.error.map(made)
    return Object.assign(new Error('made'), { message, cause, extra })
  }
  const target = made(recipe.proxy)
  return typeof target === 'object' && target !== null ? throwingGet(target) : target
}

function throwingGet(target: object): object {
  return new Proxy(target, {
    get: () => {
      throw new Error('get')
    },
  })
}

/** The same value behind proxies that count what is done with it. */
function counted(value: unknown, step: () => void): unknown {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value
  return new Proxy(value, {
    getPrototypeOf: (target) => {
      step()
      return Reflect.getPrototypeOf(target)
    },
    get: (target, key) => {
      step()
      return counted(Reflect.get(target, key), step)
    },
    getOwnPropertyDescriptor: (target, key) => {
      step()
      const found = Reflect.getOwnPropertyDescriptor(target, key)
      return found?.configurable === true && 'value' in found
        ? { ...found, value: counted(found.value, step) }
        : found
    },
  })
}
