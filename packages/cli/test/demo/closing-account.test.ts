import { describe, expect, it } from 'vitest'
import { closingAccount } from '../../src/demo/closing-account.js'
import type { DemoNetwork } from '../../src/demo/demo-network.js'
import { addLedgers, EMPTY_LEDGER, type Ledger, lostIn } from '../../src/demo/ledger.js'

const FACTS = { waitedForB: 7, allUp: true, early: false }

/** A stopped network with these ledgers and flows. */
function network(
  ledgers: Readonly<Partial<Record<'A' | 'B' | 'C', Partial<Ledger>>>> = {},
  arrived: Readonly<Record<string, number>> = {},
): DemoNetwork {
  const [a, b, c] = (['A', 'B', 'C'] as const).map((name) => ({
    name,
    ledger: { ...EMPTY_LEDGER, accepted: 20, written: 20, ...ledgers[name] },
  }))
  const counts = ['AB', 'BA', 'AC', 'CA'].map(([from = '', to = '']) => ({
    from,
    to,
    sent: 10,
    arrived: arrived[from + to] ?? 10,
    repeated: 0,
  }))
  return { a, b, c, members: [a, b, c], traffic: { counts } } as unknown as DemoNetwork
}

describe('the closing account of the demo', () => {
  it('holds if every message was written and arrived', () => {
    const { holds, lines } = closingAccount(network(), FACTS)
    expect(holds).toBe(true)
    expect(lines).toContain(
      '7 messages for B were queued while it was down, and sent when it came back.',
    )
    expect(lines.at(-1)).toBe('The ledger adds up; no message was lost.')
  })

  it('holds if messages were lost with B', () => {
    const { holds, lines } = closingAccount(
      network({ B: { written: 18, dropped: 2 } }, { AB: 9 }),
      FACTS,
    )
    expect(holds).toBe(true)
    expect(lines).toContain(
      'A → B: 10 sent, 9 arrived; 1 were on the wire or in B when B was killed',
    )
  })

  it.each([
    ['a ledger does not add up', network({ C: { holds: false } }), FACTS],
    ['A has lost a message', network({ A: { written: 19, dropped: 1 } }), FACTS],
    ['C has lost a message', network({ C: { written: 19, expired: 1 } }), FACTS],
    ['messages are still queued', network({ A: { written: 19, queued: 1 } }), FACTS],
    ['a message between A and C is missing', network({}, { AC: 9 }), FACTS],
    ['a link did not come back', network(), { ...FACTS, allUp: false }],
  ])('does not hold if %s', (_, ended, facts) => {
    const { holds, lines } = closingAccount(ended, facts)
    expect(holds).toBe(false)
    expect(lines.at(-1)).toMatch(/^WRONG: /)
  })

  it('ignores losses of an early end, and no others', () => {
    const early = { waitedForB: undefined, allUp: false, early: true }
    const cut = network({ A: { written: 15, dropped: 5 } }, { AC: 3 })
    expect(closingAccount(cut, early).holds).toBe(true)
    expect(closingAccount(network({ A: { holds: false } }), early).holds).toBe(false)
  })
})

describe('ledgers', () => {
  it('are added number by number, and hold only if both hold', () => {
    const one = { ...EMPTY_LEDGER, accepted: 3, dropped: 1, expired: 1, undeliverable: 1 }
    expect(addLedgers(one, one)).toMatchObject({ accepted: 6, dropped: 2, holds: true })
    expect(addLedgers(one, { ...one, holds: false }).holds).toBe(false)
    expect(lostIn(one)).toBe(3)
  })
})
