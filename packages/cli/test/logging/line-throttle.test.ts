import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { RepeatedLine } from '../../src/logging/repeated-line.js'

describe('RepeatedLine', () => {
  let told: [string, number][]
  let line: RepeatedLine<string>

  beforeEach(() => {
    vi.useFakeTimers()
    told = []
    line = new RepeatedLine((facts, count) => told.push([facts, count]))
  })

  afterEach(() => {
    line.close()
    expect(vi.getTimerCount()).toBe(0)
    vi.useRealTimers()
  })

  it('tells the first at once and the rest once a second', () => {
    for (let at = 1; at <= 5; at++) line.happened('k', `fact ${String(at)}`)
    expect(told).toEqual([['fact 1', 1]])
    vi.advanceTimersByTime(1_000)
    expect(told).toEqual([
      ['fact 1', 1],
      ['fact 5', 4],
    ])
    vi.advanceTimersByTime(10_000)
    expect(told).toHaveLength(2)
  })

  it('tells at once again after a quiet second', () => {
    line.happened('k', 'a')
    vi.advanceTimersByTime(1_000)
    line.happened('k', 'b')
    expect(told).toEqual([
      ['a', 1],
      ['b', 1],
    ])
  })

  it('adds up counts, and keeps kinds apart', () => {
    line.happened('k', 'a', 10)
    line.happened('l', 'b')
    line.happened('k', 'a', 7)
    line.close()
    expect(told).toEqual([
      ['a', 10],
      ['b', 1],
      ['a', 7],
    ])
  })

  it('counts everything of a flood of kinds in bounded memory', () => {
    for (let at = 0; at < 5_000; at++) line.happened(`kind ${String(at)}`, 'x')
    expect(vi.getTimerCount()).toBeLessThan(300)
    line.close()
    expect(told.reduce((sum, [, count]) => sum + count, 0)).toBe(5_000)
  })
})
