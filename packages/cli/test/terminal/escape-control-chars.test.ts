import { describe, expect, it } from 'vitest'
import { visibleJson, visibleText } from '../../src/terminal/escape-control-chars.js'

describe('visibleText', () => {
  it.each([
    ['an escape sequence', '\x1b[2J\x1b]0;owned\x07', '\\u001b[2J\\u001b]0;owned\\u0007'],
    ['a line end, which would forge a line', 'a\nINFO b\r', 'a\\nINFO b\\r'],
    ['a tab', 'a\tb', 'a\\tb'],
    ['the C1 controls', '\x9b31m\x7f', '\\u009b31m\\u007f'],
    ['bidirectional marks', 'abc\u202Etxt.exe\u2066', 'abc\\u202etxt.exe\\u2066'],
    ['line ends of Unicode', 'a\u2028b\u2029c\u0085d', 'a\\u2028b\\u2029c\\u0085d'],
    ['what has no width', 'a\u200bb\ufeffc', 'a\\u200bb\\ufeffc'],
    ['invisible tags beyond the first plane', 'a\u{e0041}', 'a\\u{e0041}'],
    ['half a character', 'a\ud83d', 'a\\ud83d'],
  ])('shows %s', (_, text, shown) => {
    expect(visibleText(text)).toBe(shown)
  })

  it('leaves what people write as it is', () => {
    const text = 'furnace-out is up with [fe80::1]:8001: 连接 é ü 😀 "quoted" \\back'
    expect(visibleText(text)).toBe(text)
  })
})

describe('visibleJson', () => {
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

  it('leaves nothing invisible in a line, and the line says the same', () => {
    for (const text of texts) {
      const line = visibleJson(JSON.stringify({ [text]: text }))
      expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
      expect(JSON.parse(line)).toEqual({ [text]: text })
    }
  })
})
