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
