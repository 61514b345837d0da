import { describe, expect, it } from 'vitest'
import { ConnectionBudget, softLimitIn } from '../src/connection-budget.js'

describe('the room for accepted connections', () => {
  it('ends before the descriptors do, and comes back with each that is closed', () => {
    const room = new ConnectionBudget(34)
    expect([room.take(), room.take(), room.take()]).toEqual([true, true, false])
    room.release()
    expect([room.take(), room.take()]).toEqual([true, false])
  })

  it('is that of one connection at least, and without end where the system sets none', () => {
    expect(new ConnectionBudget(10).max).toBe(1)
    expect(new ConnectionBudget(Number.POSITIVE_INFINITY).max).toBe(Number.POSITIVE_INFINITY)
  })

  it.each([
    ['Max open files            1024                 524288               files', 1024],
    ['Max processes             1                    1                    processes', Infinity],
    ['Max open files            unlimited            unlimited            files', Infinity],
  ])('is read from the limits of the process: %s', (line, limit) => {
    expect(softLimitIn(`Limit   Soft Limit   Hard Limit   Units\n${line}\n`)).toBe(limit)
  })
})
