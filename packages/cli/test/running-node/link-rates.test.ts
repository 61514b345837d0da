import { describe, expect, it } from 'vitest'
import type { NodeStatus } from '@commloop/control'
import { RateTable, SAMPLES_MAX } from '../../src/running-node/link-rates.js'

function status(pid: number, written: number, ids: readonly string[] = ['a']): NodeStatus {
  const counters = { written, writtenBytes: written * 10, received: written * 2, receivedBytes: 0 }
  return { pid, links: ids.map((id) => ({ id, counters })) } as unknown as NodeStatus
}

describe('RateTable', () => {
  it('computes rates from counters', () => {
    const rates = new RateTable()
    rates.add(status(1, 100), 1_000)
    expect(rates.of('a').sent).toEqual({ messages: 0, bytes: 0 })
    rates.add(status(1, 150), 1_500)
    expect(rates.of('a')).toMatchObject({
      sent: { messages: 100, bytes: 1_000 },
      received: { messages: 200 },
      sentHistory: [100],
    })
  })

  it('starts over when the process changes', () => {
    const rates = new RateTable()
    rates.add(status(1, 1_000_000), 0)
    rates.add(status(2, 5), 1_000)
    expect(rates.of('a').sentHistory).toEqual([])
    rates.add(status(2, 6), 2_000)
    expect(rates.of('a').sent.messages).toBe(1)
  })

  it('keeps a limited history, and drops removed links', () => {
    const rates = new RateTable()
    for (let at = 0; at < 2 * SAMPLES_MAX; at++) rates.add(status(1, at, ['a', 'b']), at * 1_000)
    expect(rates.of('b').sentHistory).toHaveLength(SAMPLES_MAX)
    rates.add(status(1, 0, ['a']), 1e6)
    expect(rates.of('b').sentHistory).toEqual([])
  })
})
