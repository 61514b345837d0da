import { describe, expect, it } from 'vitest'
import { DURATION_MS_MAX, durationMs, durationText } from '../src/units/duration.js'
import { sizeBytes, sizeText } from '../src/units/size.js'

describe('a duration', () => {
  it.each([
    ['250ms', 250],
    ['30s', 30_000],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['1.5s', 1500],
    ['42', 42],
    [42, 42],
    [0, 0],
    [DURATION_MS_MAX, DURATION_MS_MAX],
  ])('%j is %d ms', (value, expected) => {
    expect(durationMs(value)).toBe(expected)
  })

  it.each(['', 'soon', '5 minutes', '-1s', -1, Number.NaN, '1d', DURATION_MS_MAX + 1, '600h'])(
    '%j is none',
    (value) => {
      expect(durationMs(value)).toBeUndefined()
    },
  )

  it('is shown as short as it can be', () => {
    expect([250, 1500, 30_000, 90_000, 300_000, 7_200_000].map(durationText)).toEqual([
      '250ms',
      '1.5s',
      '30s',
      '90s',
      '5m',
      '2h',
    ])
  })
})

describe('a size', () => {
  it.each([
    ['64KiB', 65_536],
    ['16MiB', 16_777_216],
    ['1GiB', 1_073_741_824],
    ['512', 512],
    ['512B', 512],
    [7, 7],
    ['1.5KiB', 1536],
  ])('%j is %d bytes', (value, expected) => {
    expect(sizeBytes(value)).toBe(expected)
  })

  it.each(['64kb', '64 bytes', -1, 1.5, '0.1B', ''])('%j is none', (value) => {
    expect(sizeBytes(value)).toBeUndefined()
  })

  it('is shown in the largest unit that is exact', () => {
    expect([65_536, 16_777_216, 1000, 1536].map(sizeText)).toEqual([
      '64KiB',
      '16MiB',
      '1000B',
      '1536B',
    ])
  })
})
