import { describe, expect, it } from 'vitest'
import {
  fillPlaceholders,
  shieldPlaceholders,
  unshieldPlaceholders,
} from '../src/read/environment-text.js'

describe('placeholders for the environment', () => {
  it('are shielded without a change of length, and restored', () => {
    const text = 'listen: { port: ${PORT:-80 # , }} } $${x} ${'
    const shielded = shieldPlaceholders(text)
    expect(shielded).toHaveLength(text.length)
    expect(shielded).not.toContain('${PORT')
    expect(unshieldPlaceholders(shielded)).toBe(text)
  })

  it('do not change private use characters of the user', () => {
    const text = 'icon: \ue024\ue030 \ue07d'
    expect(unshieldPlaceholders(shieldPlaceholders(text))).toBe(text)
  })

  it.each([
    ['${A}', 'one', true],
    ['x-${A}-${B}', 'x-one-', false],
    ['${NONE:-two words}', 'two words', true],
    ['${B:-instead of empty}', 'instead of empty', true],
    ['${A:-unused}', 'one', true],
    ['${NONE:-}', '', true],
    ['$${A} $$${A}', '${A} $${A}', false],
    ['$A {A} ${', '$A {A} ${', false],
  ])('%j becomes %j', (text, expected, whole) => {
    const filled = fillPlaceholders(text, { A: 'one', B: '' })
    expect(filled).toEqual({ text: expected, problems: [], whole })
  })

  it('report variables that are missing and names that are invalid, and ignore inherited properties', () => {
    const { problems } = fillPlaceholders('${NONE} ${1x} ${toString}', {})
    expect(problems).toEqual([
      'the environment variable NONE is not set; ${NONE:-default} gives a default',
      'expected ${NAME} or ${NAME:-default}, found ${1x}; write $${ for a literal ${',
      'the environment variable toString is not set; ${toString:-default} gives a default',
    ])
  })

  it('are not replaced a second time in the inserted value', () => {
    expect(fillPlaceholders('${A}', { A: '${B}', B: 'secret' }).text).toBe('${B}')
  })
})

describe('a placeholder inside a default', () => {
  it.each<[string, Record<string, string>, string]>([
    ['${A:-${B:-x}}', {}, 'x'],
    ['${A:-${B:-x}}', { B: 'b' }, 'b'],
    ['${A:-${B:-x}}', { A: 'a', B: 'b' }, 'a'],
    ['${A:-1${B}2${C:-}3}', { B: 'b' }, '1b23'],
    ['${A:-$${B}}', {}, '${B}'],
    ['$${A:-${B}}', {}, '${A:-${B}}'],
  ])('%s with %o is %s', (text, env, expected) => {
    const { text: filled, problems } = fillPlaceholders(text, env)
    expect([filled, problems]).toEqual([expected, []])
  })

  it('is read from a flow map, and may be a number', () => {
    const shielded = shieldPlaceholders('{ port: ${A:-${B:-8000}} }')
    expect(shielded).not.toMatch(/[${}].*[${}].*[${}]/)
    expect(unshieldPlaceholders(shielded)).toBe('{ port: ${A:-${B:-8000}} }')
    expect(fillPlaceholders('${A:-${B:-8000}}', {})).toMatchObject({ text: '8000', whole: true })
  })

  it('is a mistake if one of the two is not closed, or if there are too many levels', () => {
    expect(fillPlaceholders('${A:-${B}', {}).problems).toHaveLength(1)
    const deep = `${'${A:-'.repeat(9)}${'}'.repeat(9)}`
    expect(fillPlaceholders(deep, {}).problems).toEqual([
      'placeholders are nested more than 8 levels deep',
    ])
  })
})

describe('two placeholders', () => {
  it('are not one value', () => {
    expect(fillPlaceholders('${A:-1} ${B:-2}', {})).toMatchObject({ text: '1 2', whole: false })
  })
})
