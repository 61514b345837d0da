import { describe, expect, it } from 'vitest'
import { ageText, bytesText, countText } from '../../src/terminal/amounts.js'

describe('amounts', () => {
  it.each([
    [0, '0'],
    [0.4, '0'],
    [999, '999'],
    [999.6, '1.0k'],
    [1_000, '1.0k'],
    [9_949, '9.9k'],
    [9_960, '10k'],
    [999_499, '999k'],
    [999_501, '1.0M'],
    [34_000_000, '34M'],
    [7e15, '7000T'],
  ])('formats %d as %s', (count, text) => {
    expect(countText(count)).toBe(text)
  })

  it.each([
    [0, '0 B'],
    [950, '950 B'],
    [3_400_000, '3.4 MB'],
  ])('formats %d bytes as %s', (bytes, text) => {
    expect(bytesText(bytes)).toBe(text)
  })

  it.each([
    [0, '0.0 s'],
    [9_940, '9.9 s'],
    [9_960, '10 s'],
    [59_400, '59 s'],
    [59_600, '1 min'],
    [3_599_600, '1 h'],
    [3_660_000, '1 h 1 min'],
    [90_061_000, '1 d 1 h'],
  ])('formats %d ms as %s', (ms, text) => {
    expect(ageText(ms)).toBe(text)
  })
})
