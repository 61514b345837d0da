import { describe, expect, it } from 'vitest'
import { alignedLines } from '../../src/terminal/cells.js'

const ROWS = [
  [{ text: 'node' }, { text: 'state', style: 'bold' as const }, { text: 'x' }],
  [{ text: 'A' }, { text: 'up', style: 'green' as const }, { text: 'a long note' }],
  [{ text: 'B' }],
]

describe('alignedLines', () => {
  it('puts cells below each other', () => {
    expect(alignedLines(ROWS, 80, false)).toEqual([
      'node  state  x',
      'A     up     a long note',
      'B',
    ])
  })

  it.each([0, 1, 7, 15, 16])('makes no line wider than %i columns', (columns) => {
    for (const line of alignedLines(ROWS, columns, false)) {
      expect(line.length).toBeLessThanOrEqual(columns)
    }
    for (const line of alignedLines(ROWS, columns, true)) {
      // eslint-disable-next-line no-control-regex
      expect(line.replace(/\x1b\[\d+m/g, '').length).toBeLessThanOrEqual(columns)
    }
  })
})
