import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { lineThrottle } from '../../src/logging/line-throttle.js'

describe('lineThrottle', () => {
  let lines: [string, number][]
  let throttle: ReturnType<typeof lineThrottle<string>>

  beforeEach(() => {
    vi.useFakeTimers()
    lines = []
    throttle = lineThrottle((facts, count) => lines.push([facts, count]))
  })

  afterEach(() => {
    throttle.close()
    expect(vi.getTimerCount()).toBe(0)
    vi.useRealTimers()
  })

  it('writes the first line immediately and a count of the rest once a second', () => {
    for (let at = 1; at <= 5; at++) throttle.occurred('k', `fact ${String(at)}`)
    expect(lines).toEqual([['fact 1', 1]])
    vi.advanceTimersByTime(1_000)
    expect(lines).toEqual([
      ['fact 1', 1],
      ['fact 5', 4],
    ])
    vi.advanceTimersByTime(10_000)
    expect(lines).toHaveLength(2)
  })

  it('writes immediately again after a second without events', () => {
    throttle.occurred('k', 'a')
    vi.advanceTimersByTime(1_000)
    throttle.occurred('k', 'b')
    expect(lines).toEqual([
      ['a', 1],
      ['b', 1],
    ])
  })

  it('adds up counts for each kind', () => {
    throttle.occurred('k', 'a', 10)
    throttle.occurred('l', 'b')
    throttle.occurred('k', 'a', 7)
    throttle.close()
    expect(lines).toEqual([
      ['a', 10],
      ['b', 1],
      ['a', 7],
    ])
  })

  it('counts every event of a flood of kinds in bounded memory', () => {
    for (let at = 0; at < 5_000; at++) throttle.occurred(`kind ${String(at)}`, 'x')
    expect(vi.getTimerCount()).toBeLessThan(300)
    throttle.close()
    expect(lines.reduce((sum, [, count]) => sum + count, 0)).toBe(5_000)
  })
})
