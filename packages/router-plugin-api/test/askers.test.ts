import { describe, expect, it } from 'vitest'
import { Askers } from '../src/askers.js'

const A = { link: 'a', epoch: 1 }
const B = { link: 'b', epoch: 7 }

describe('askers', () => {
  it('give each answer to the connection that asked, the oldest first for one key', () => {
    const askers = new Askers()
    askers.remember(1, A)
    askers.remember(2, A)
    askers.remember(1, B)
    expect([askers.take(1), askers.take(1), askers.take(1)]).toEqual([A, B, undefined])
    expect([askers.take(2), askers.take(3), askers.size]).toEqual([A, undefined, 0])
  })

  it('tell a text from a number', () => {
    const askers = new Askers()
    askers.remember('1', A)
    expect([askers.take(1), askers.take('1')]).toEqual([undefined, A])
  })

  it('remember no more than `max`', () => {
    const askers = new Askers({ max: 2 })
    expect([1, 1, 2].map((key) => askers.remember(key, A))).toEqual([true, true, false])
    askers.take(1)
    expect(askers.remember(2, A)).toBe(true)
  })

  it('forget a question that is too old, whether or not it is asked for', () => {
    let nowMs = 0
    const askers = new Askers({ max: 2, ageMsMax: 1_000, now: () => nowMs })
    askers.remember(1, A)
    nowMs = 900
    askers.remember(1, B)
    nowMs = 1_000
    expect(askers.take(1)).toEqual(B)
    expect([askers.take(1), askers.size]).toEqual([undefined, 0])
    askers.remember(3, A)
    askers.remember(4, A)
    nowMs = 2_200
    expect([askers.remember(5, B), askers.size]).toEqual([true, 1])
  })
})
