import { describe, expect, it } from 'vitest'
import { ledgerProblems } from '../src/ledger/balance.js'

const NODE = {
  accepted: 10,
  routing: 1,
  routed: 4,
  dropped: 2,
  undeliverable: 2,
  expired: 1,
  copies: 5,
}
const FIRST = { enqueued: 3, queued: 1, written: 2, expired: 0, dropped: 0, undeliverable: 0 }
const SECOND = { enqueued: 2, queued: 0, written: 0, expired: 1, dropped: 1, undeliverable: 0 }

describe('ledgerProblems', () => {
  it('returns nothing if every message and every copy is accounted for once', () => {
    expect(ledgerProblems(NODE)).toEqual([])
    expect(ledgerProblems(NODE, [FIRST, SECOND])).toEqual([])
  })

  it.each(['accepted', 'routing', 'routed', 'dropped', 'undeliverable', 'expired'] as const)(
    'reports a message too many in `%s`',
    (key) => {
      expect(ledgerProblems({ ...NODE, [key]: NODE[key] + 1 })).toHaveLength(1)
    },
  )

  it.each(['queued', 'written', 'expired', 'dropped', 'undeliverable'] as const)(
    'reports a copy too many in `%s`',
    (key) => {
      const problems = ledgerProblems(NODE, [FIRST, { ...SECOND, [key]: SECOND[key] + 1 }])
      expect(problems).toEqual(['2 copies enqueued on a link, 3 accounted for'])
    },
  )

  it('reports a copy that no link has enqueued', () => {
    expect(ledgerProblems({ ...NODE, copies: 6 }, [FIRST, SECOND])).toEqual([
      '6 copies of routed messages, 5 accounted for',
    ])
  })
})
