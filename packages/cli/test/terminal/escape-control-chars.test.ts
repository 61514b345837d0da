import { describe, expect, it } from 'vitest'
import {
  escapeControlChars,
  escapeControlCharsInJson,
  escapeControlCharsInLines,
} from '../../src/terminal/escape-control-chars.js'

describe('escapeControlChars', () => {
  it.each([
    ['an escape sequence', '\x1b[2J\x1b]0;owned\x07', '\\u001b[2J\\u001b]0;owned\\u0007'],
    ['a line feed, which would forge a line', 'a\nINFO b\r', 'a\\nINFO b\\r'],
    ['a tab', 'a\tb', 'a\\tb'],
    ['the C1 controls', '\x9b31m\x7f', '\\u009b31m\\u007f'],
    ['bidirectional marks', 'abc\u202Etxt.exe\u2066', 'abc\\u202etxt.exe\\u2066'],
    ['the line separators of Unicode', 'a\u2028b\u2029c\u0085d', 'a\\u2028b\\u2029c\\u0085d'],
    ['characters without width', 'a\u200bb\ufeffc', 'a\\u200bb\\ufeffc'],
    ['invisible tags outside the basic plane', 'a\u{e0041}', 'a\\u{e0041}'],
    ['a lone surrogate', 'a\ud83d', 'a\\ud83d'],
  ])('escapes %s', (_, text, shown) => {
    expect(escapeControlChars(text)).toBe(shown)
  })

  it('keeps visible characters', () => {
    const text = 'furnace-out is up with [fe80::1]:8001: 连接 é ü 😀 "quoted" \\back'
    expect(escapeControlChars(text)).toBe(text)
  })
})

describe('escapeControlCharsInLines', () => {
  it('keeps line feeds, and escapes the rest', () => {
    expect(escapeControlCharsInLines('a\x1b\n\tb\n')).toBe('a\\u001b\n\\tb\n')
  })
})

describe('escapeControlCharsInJson', () => {
  const texts = [
    'plain é 中 😀',
    '\u001b[2J\u0007',
    '\u009b31m',
    '\u007f',
    '\u2028\u2029',
    '\u202e\u2066\u200b\ufeff',
    '\u{e0041}',
    '"\\',
  ]

  it('escapes every invisible character and keeps the JSON value', () => {
    for (const text of texts) {
      const line = escapeControlCharsInJson(JSON.stringify({ [text]: text }))
      expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
      expect(JSON.parse(line)).toEqual({ [text]: text })
    }
  })
})
