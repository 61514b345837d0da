import { describe, expect, it } from 'vitest'
import { editDistance, nearest } from '../src/text/suggestion.js'

describe('the suggestion for a mistyped word', () => {
  it.each([
    ['', '', 0],
    ['router', 'router', 0],
    ['rooter', 'router', 1],
    ['ruoter', 'router', 1],
    ['rout', 'router', 2],
    ['abc', 'xyz', 3],
    ['', 'abc', 3],
  ])('%j is %#. from %j by %i', (left, right, distance) => {
    expect(editDistance(left, right)).toBe(distance)
    expect(editDistance(right, left)).toBe(distance)
  })

  it('is the nearest of the candidates, whatever the case', () => {
    expect(nearest('rooter', ['codec', 'router', 'outbox'])).toBe('router')
    expect(nearest('highwatermark', ['highWaterMark'])).toBe('highWaterMark')
    expect(nearest('prot', ['port', 'host', 'ip'])).toBe('port')
  })

  it('is not made where nothing is near, nor for words that are no keys', () => {
    expect(nearest('colour', ['router', 'ip'])).toBeUndefined()
    expect(nearest('x'.repeat(100_000), ['router'])).toBeUndefined()
  })
})
