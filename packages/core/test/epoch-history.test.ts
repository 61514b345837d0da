import { describe, expect, it } from 'vitest'
import { EpochHistory } from '../src/node/epoch-history.js'

describe('epochs of links that are gone', () => {
  it('are remembered by id, and are 0 for an id that was never there', () => {
    const epochs = new EpochHistory()
    epochs.remember('a', 3)
    epochs.remember('never up', 0)
    expect([epochs.lastOf('a'), epochs.lastOf('never up'), epochs.lastOf('b')]).toEqual([3, 0, 0])
  })

  it('are never fewer than they were, however many ids there have been', () => {
    const epochs = new EpochHistory()
    epochs.remember('first', 7)
    for (let at = 0; at < 10_000; at++) epochs.remember(`cell-${String(at)}`, 2)
    expect(epochs.lastOf('first')).toBe(7)
    expect(epochs.lastOf('cell-9999')).toBe(2)
    expect(epochs.lastOf('new'), 'the highest of those that were forgotten').toBe(7)
  })

  it('are forgotten in the order in which the links went', () => {
    const epochs = new EpochHistory()
    epochs.remember('again', 1)
    for (let at = 0; at < 9_999; at++) epochs.remember(`cell-${String(at)}`, 1)
    epochs.remember('again', 9)
    epochs.remember('one more', 1)
    expect(epochs.lastOf('again')).toBe(9)
    expect(epochs.lastOf('new')).toBe(1)
  })
})
