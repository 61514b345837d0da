import { describe, expect, it } from 'vitest'
import { Timeouts, type Timed } from '../src/timing/timeouts.js'
import { LateClock } from './late-clock.js'

interface Item extends Timed {
  readonly name: string
}

function item(name: string, dueMs: number): Item {
  return { name, dueMs, place: -1 }
}

/** Numbers from a small generator, the same in every run. */
function numbers(seed: number): () => number {
  let state = seed
  return () => (state = (state * 48_271) % 2_147_483_647)
}

describe('timeouts', () => {
  it('expire in the order of their times, with one timer for all of them', () => {
    const clock = new LateClock()
    const expired: string[] = []
    const timeouts = new Timeouts<Item>(clock, ({ name }) => expired.push(name))
    for (const dueMs of [500, 100, 300, 200, 400]) timeouts.add(item(String(dueMs), dueMs))
    expect(clock.timers.map(({ dueMs }) => dueMs)).toEqual([100])
    for (let nowMs = 100; nowMs <= 500; nowMs += 100) clock.blockUntil(nowMs)
    expect(expired).toEqual(['100', '200', '300', '400', '500'])
    expect([timeouts.size, clock.timers.length]).toEqual([0, 0])
  })

  it('keep the timer if an item leaves, and look again when it fires', () => {
    const clock = new LateClock()
    const expired: string[] = []
    const timeouts = new Timeouts<Item>(clock, ({ name }) => expired.push(name))
    const [first, second] = [item('first', 100), item('second', 250)]
    timeouts.add(first)
    timeouts.add(second)
    timeouts.remove(first)
    timeouts.remove(first)
    expect(clock.timers.map(({ dueMs }) => dueMs)).toEqual([100])
    clock.blockUntil(100)
    expect([expired, clock.timers.map(({ dueMs }) => dueMs)]).toEqual([[], [250]])
    clock.blockUntil(250)
    expect(expired).toEqual(['second'])
  })

  it('agree with a sorted list, whatever is added and removed', () => {
    const next = numbers(7)
    const clock = new LateClock()
    const expired: number[] = []
    const timeouts = new Timeouts<Item>(clock, ({ dueMs }) => expired.push(dueMs))
    const kept = new Set<Item>()
    for (let each = 0; each < 2_000; each++) {
      const added = item(String(each), 1 + (next() % 1_000))
      timeouts.add(added)
      kept.add(added)
      const [some] = kept
      if (next() % 3 > 0 || some === undefined) continue
      const removed = [...kept][next() % kept.size] ?? some
      timeouts.remove(removed)
      kept.delete(removed)
    }
    expect(timeouts.size).toBe(kept.size)
    const expected = [...kept].map(({ dueMs }) => dueMs).sort((left, right) => left - right)
    for (let nowMs = 1; nowMs <= 1_000; nowMs++) clock.blockUntil(nowMs)
    expect(expired).toEqual(expected)
  })

  it('read what waits in the kernel first, because it may be the answer', () => {
    const clock = new LateClock()
    const expired: string[] = []
    const timeouts = new Timeouts<Item>(clock, ({ name }) => expired.push(name))
    const answered = item('answered', 100)
    timeouts.add(answered)
    timeouts.add(item('silent', 100))
    clock.inKernel = () => {
      timeouts.remove(answered)
    }
    clock.blockUntil(5_000)
    expect(expired).toEqual(['silent'])
  })

  it('leave no timer behind when they are closed', () => {
    const clock = new LateClock()
    const timeouts = new Timeouts<Item>(clock, () => undefined)
    timeouts.add(item('one', 100))
    timeouts.close()
    expect([timeouts.size, clock.timers.length]).toEqual([0, 0])
  })
})
