import { describe, expect, it } from 'vitest'
import { CommloopError } from '../src/contracts/errors.js'
import { ExponentialBackoff } from '../src/reconnect/exponential-backoff.js'

const always = (value: number) => ({ next: () => value })
const ALMOST_ONE = 1 - Number.EPSILON

describe('ExponentialBackoff', () => {
  it('doubles the ceiling from the initial delay to the maximum', () => {
    const backoff = new ExponentialBackoff({ jitter: 'none', maxAttempts: 0 })
    const delays = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => backoff.delayMs(n, always(0)))
    expect(delays).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000])
  })

  it('draws between the minimum and the ceiling, both reachable', () => {
    const backoff = new ExponentialBackoff()
    expect(backoff.delayMs(3, always(0))).toBe(100)
    expect(backoff.delayMs(3, always(ALMOST_ONE))).toBeCloseTo(2000, 6)
  })

  it('allows exactly maxAttempts dials', () => {
    const backoff = new ExponentialBackoff({ maxAttempts: 3 })
    expect(backoff.delayMs(3, always(0.5))).toBeGreaterThan(0)
    expect(backoff.delayMs(4, always(0.5))).toBeUndefined()
  })

  it('never gives up when maxAttempts is 0, and never leaves its bounds', () => {
    const backoff = new ExponentialBackoff({ maxAttempts: 0 })
    for (const attempt of [1, 100, 10_000, 1_000_000, Number.MAX_SAFE_INTEGER]) {
      const delayMs = backoff.delayMs(attempt, always(ALMOST_ONE)) ?? Number.NaN
      expect(delayMs).toBeGreaterThanOrEqual(100)
      expect(delayMs).toBeLessThanOrEqual(30_000)
    }
  })

  it.each<[object, string]>([
    [{ min: 'soon' }, 'reconnect exponential: min: expected a duration'],
    [{ factor: 0.5 }, 'reconnect exponential: factor: expected 1 to 1000, found 0.5'],
    [{ maxAttempts: -1 }, 'reconnect exponential: maxAttempts: expected a whole number'],
    [{ min: '1m', max: '30s' }, 'reconnect exponential: min: expected at most "max"'],
    [
      { jitter: 'some' as 'none' },
      'reconnect exponential: jitter: expected "full" or "none", found "some"',
    ],
    [{ retries: 3 }, 'reconnect exponential: retries: unknown option; there are min, initial'],
    [{ factor: '2' }, 'factor: expected 1 to 1000, found "2"'],
    [
      { factor: null, jitter: null },
      'factor: expected 1 to 1000, found nothing; reconnect exponential: jitter',
    ],
    [{ min: null }, 'min: expected a duration'],
  ])('refuses %j', (options, message) => {
    const make = () => new ExponentialBackoff(options)
    expect(make).toThrow(CommloopError)
    expect(make).toThrow(message)
  })
})
