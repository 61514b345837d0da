import { describe, expect, it } from 'vitest'
import {
  escapeInvisible,
  visibleJson,
  visibleOutput,
  visibleText,
} from '../src/text/visible-text.js'

describe('visibleText', () => {
  it.each([
    ['an escape sequence', '\x1b[2J\x1b]0;owned\x07', '\\u001b[2J\\u001b]0;owned\\u0007'],
    ['a line feed, which would forge a line', 'a\nINFO b\r', 'a\\nINFO b\\r'],
    ['a tab', 'a\tb', 'a\\tb'],
    ['the C1 controls', '\x9b31m\x7f', '\\u009b31m\\u007f'],
    ['bidirectional marks', 'abc\u202Etxt.exe\u2066', 'abc\\u202etxt.exe\\u2066'],
    ['the line separators of Unicode', 'a\u2028b\u2029c\u0085d', 'a\\u2028b\\u2029c\\u0085d'],
    ['characters without width', 'a\u200bb\ufeffc', 'a\\u200bb\\ufeffc'],
    ['invisible tags outside the basic plane', 'a\u{e0041}', 'a\\u{e0041}'],
    ['fillers and variation selectors', 'a\u3164b\u034fc\ufe0f', 'a\\u3164b\\u034fc\\ufe0f'],
    ['a lone surrogate', 'a\ud83d', 'a\\ud83d'],
  ])('escapes %s', (_, text, shown) => {
    expect(visibleText(text)).toBe(shown)
  })

  it('keeps visible characters', () => {
    const text = 'furnace-out is up with [fe80::1]:8001: 连接 é ü 😀 "quoted" \\back'
    expect(visibleText(text)).toBe(text)
  })
})

describe('visibleOutput', () => {
  it('keeps line feeds and tabs, and escapes the rest', () => {
    expect(visibleOutput('a\x1b\n\tb\r\n\x9b\u{e0041}')).toBe(
      'a\\u001b\n\tb\\u000d\n\\u009b\\udb40\\udc41',
    )
  })

  it('escapes every invisible character, although it does not look for each in every text', () => {
    const kept: string[] = []
    for (let point = 0; point <= 0x10ffff; point++) {
      const character = String.fromCodePoint(point)
      // Encoders replace a lone surrogate.
      if ((point >= 0xd800 && point <= 0xdfff) || character === '\n' || character === '\t') continue
      const isInvisible = escapeInvisible(character, () => '') === ''
      if ((visibleOutput(character) !== character) !== isInvisible) kept.push(point.toString(16))
    }
    expect(kept).toEqual([])
  })

  it('keeps the value of JSON, in one line and in several', () => {
    for (const text of TEXTS) {
      const value = { [text]: [text] }
      for (const json of [visibleJson(value), visibleOutput(JSON.stringify(value, undefined, 2))]) {
        expect(json).not.toMatch(/[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}]/u)
        expect(JSON.parse(json)).toEqual(value)
      }
    }
  })
})

const TEXTS = [
  'plain é 中 😀',
  '\u001b[2J\u0007',
  '\u009b31m',
  '\u007f',
  '\u2028\u2029',
  '\u202e\u2066\u200b\ufeff',
  '\u{e0041}',
  '\ud83d',
  '"\\',
]
