import displayWidth from 'string-width'
import { describe, expect, it } from 'vitest'
import { fittedLine, tableBlock, tableLines } from '../../src/terminal/table.js'

const ROWS = [
  ['node', { text: 'state', style: 'bold' }, 'x'],
  ['A', { text: 'up', style: 'green' }, 'a long note'],
  ['B'],
] as const

/** Chinese, a combining mark, an emoji, and an emoji of several code points. */
const WIDE = ['炉子', 'e\u0301tage', '🏭', '👩\u200d🔧', 'ascii'] as const

describe('tableLines', () => {
  it('aligns cells in columns', () => {
    expect(tableLines(ROWS)).toEqual(['node  state  x', 'A     up     a long note', 'B'])
  })

  it.each([0, 1, 7, 15, 16])('makes no line wider than %i columns', (columns) => {
    for (const line of tableLines(ROWS, { columns })) {
      expect(line.length).toBeLessThanOrEqual(columns)
    }
    for (const line of tableLines(ROWS, { columns, color: true })) {
      expect(displayWidth(line)).toBeLessThanOrEqual(columns)
    }
  })

  it('aligns columns after Chinese, combining marks and emoji', () => {
    const lines = tableLines(WIDE.map((text) => [text.replace('\u200d', ''), '|']))
    const widths = lines.map((line) => displayWidth(line.slice(0, line.indexOf('|'))))
    expect(new Set(widths)).toEqual(new Set([displayWidth('e\u0301tage') + 2]))
    expect(lines[0]).toBe('炉子   |')
    expect(lines[1]).toBe('e\u0301tage  |')
    expect(lines[2]).toBe('🏭     |')
  })

  it('escapes control characters before it measures cells', () => {
    expect(
      tableLines([
        ['a\x1b[2J', 'b'],
        ['c', 'd'],
      ]),
    ).toEqual(['a\\u001b[2J  b', 'c           d'])
  })
})

describe('tableBlock', () => {
  it('indents each line and ends with a line feed', () => {
    expect(
      tableBlock([
        ['a', 'b'],
        ['long', ''],
      ]),
    ).toBe('  a     b\n  long\n')
  })
})

describe('fittedLine', () => {
  it.each([
    ['炉子关闭', 5, '炉子'],
    ['e\u0301tage', 1, 'e\u0301'],
    ['🏭🏭', 3, '🏭'],
    ['🇨🇭🇨🇭', 3, '🇨🇭'],
    ['plain', 10, 'plain'],
    ['a\nb', 3, 'a\\n'],
  ])('cuts %j to %i columns without splitting a character', (text, columns, line) => {
    expect(fittedLine(text, columns)).toBe(line)
  })
})
