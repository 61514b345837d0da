import { describe, expect, it } from 'vitest'
import { closingAccount } from '../../src/demo/closing-account.js'
import type { DemoNetwork } from '../../src/demo/demo-network.js'
import { addLedgers, EMPTY_LEDGER, type Ledger, lostIn } from '../../src/demo/ledger.js'

const FACTS = { waitedForB: 7, allUp: true, early: false }

/** A network that has ended with these ledgers and flows. */
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

describe('the account at the end of the demonstration', () => {
  it('holds where everything was written and has arrived', () => {
    const { holds, lines } = closingAccount(network(), FACTS)
    expect(holds).toBe(true)
    expect(lines).toContain('7 messages for B waited while it was away, and were sent then.')
    expect(lines.at(-1)).toBe('The ledger holds; nothing was lost between them.')
  })

  it('holds where something died with B', () => {
    const { holds, lines } = closingAccount(
      network({ B: { written: 18, dropped: 2 } }, { AB: 9 }),
      FACTS,
    )
    expect(holds).toBe(true)
    expect(lines).toContain(
      'A → B: 10 sent, 9 arrived; 1 were on the wire or in B when it was killed',
    )
  })

  it.each([
    ['a ledger does not add up', network({ C: { holds: false } }), FACTS],
    ['A has lost a message', network({ A: { written: 19, dropped: 1 } }), FACTS],
    ['C has lost a message', network({ C: { written: 19, expired: 1 } }), FACTS],
    ['something is still queued', network({ A: { written: 19, queued: 1 } }), FACTS],
    ['a message between A and C is missing', network({}, { AC: 9 }), FACTS],
    ['a link did not come back', network(), { ...FACTS, allUp: false }],
  ])('does not hold where %s', (_, ended, facts) => {
    const { holds, lines } = closingAccount(ended, facts)
    expect(holds).toBe(false)
    expect(lines.at(-1)).toMatch(/^WRONG: /)
  })

  it('forgives, to whoever ends it early, only what an early end costs', () => {
    const early = { waitedForB: undefined, allUp: false, early: true }
    const cut = network({ A: { written: 15, dropped: 5 } }, { AC: 3 })
    expect(closingAccount(cut, early).holds).toBe(true)
    expect(closingAccount(network({ A: { holds: false } }), early).holds).toBe(false)
  })
})

describe('ledgers', () => {
  it('add up number by number, and hold only if all do', () => {
    const one = { ...EMPTY_LEDGER, accepted: 3, dropped: 1, expired: 1, undeliverable: 1 }
    expect(addLedgers(one, one)).toMatchObject({ accepted: 6, dropped: 2, holds: true })
    expect(addLedgers(one, { ...one, holds: false }).holds).toBe(false)
    expect(lostIn(one)).toBe(3)
  })
})
