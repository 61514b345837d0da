import { describe, expect, it } from 'vitest'
import { gauge, sparkline } from '../../src/terminal/sparkline.js'

describe('sparkline', () => {
  it('shows the latest values, the largest as a full bar and nothing as a blank', () => {
    expect(sparkline([0, 1, 2, 4, 8], 5)).toBe(' ▂▃▅█')
    expect(sparkline([100, 0, 1, 2], 3)).toBe(' ▅█')
    expect(sparkline([5], 4)).toBe('   █')
    expect(sparkline([], 3)).toBe('   ')
    expect(sparkline([0, 0], 2)).toBe('  ')
  })
})

describe('gauge', () => {
  it.each([
    [0, '    '],
    [0.125, '▌   '],
    [0.5, '██  '],
    [1, '████'],
    [7, '████'],
    [-1, '    '],
  ])('shows %d of the whole as "%s"', (part, text) => {
    expect(gauge(part, 4)).toBe(text)
  })
})
