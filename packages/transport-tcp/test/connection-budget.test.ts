import { describe, expect, it } from 'vitest'
import { ConnectionBudget, softLimitIn } from '../src/connection-budget.js'

describe('the budget for accepted connections', () => {
  it('is smaller than the number of descriptors, and grows again with each release', () => {
    const budget = new ConnectionBudget(34)
    expect([budget.take(), budget.take(), budget.take()]).toEqual([true, true, false])
    budget.release()
    expect([budget.take(), budget.take()]).toEqual([true, false])
  })

  it('is at least one connection, and infinite if the system sets no limit', () => {
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
