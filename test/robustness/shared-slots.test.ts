import type { EntryOptions } from '@commloop/core'
import { describe, expect, it } from 'vitest'
import type { ScriptedConnection } from '../node/scripted-transport.js'
import { TestNode } from '../node/test-node.js'

const CHALLENGE_MS = 2_000
const SLOTS = 4

/** A node with one entry for a range, which has fewer slots than there are machines. */
function listening(more: Partial<EntryOptions> = {}): TestNode {
  return TestNode.started({
    listen: { port: 1 },
    links: [{ id: 'cell', role: 'passive', ip: '10.0.0.0/24', slots: SLOTS, ...more }],
  })
}

/** Which address fills each slot. */
function filledBy(bench: TestNode): (string | undefined)[] {
  return bench.node.links().map(({ remote }) => remote?.ip)
}

function fill(bench: TestNode, ip: string, count = SLOTS): (ScriptedConnection | undefined)[] {
  return Array.from({ length: count }, (_, at) => bench.transport.accept(ip, at + 1))
}

describe('the slots of a range', () => {
  it.each(['challenge', 'replace'] as const)(
    'that one silent machine fills go to another one after a challenge (%s)',
    async (duplicate) => {
      const bench = listening({ duplicate })
      const flood = fill(bench, '10.0.0.2')
      const other = bench.transport.accept('10.0.0.3', 1)
      expect(other?.destroyed, 'the challenge has begun').toBe(false)
      expect(flood.map((each) => each?.destroyed)).toEqual([false, false, false, false])
      bench.clock.advance(CHALLENGE_MS)
      expect(other?.destroyed).toBe(false)
      expect(filledBy(bench).filter((ip) => ip === '10.0.0.3')).toHaveLength(1)
      expect(flood.filter((each) => each?.destroyed === true)).toHaveLength(1)
      await bench.stopped()
    },
  )

  it('are shared until no address has two more than the newcomer', async () => {
    const bench = listening()
    fill(bench, '10.0.0.2')
    for (const ip of ['10.0.0.3', '10.0.0.4', '10.0.0.5', '10.0.0.6']) {
      bench.transport.accept(ip, 1)
      bench.clock.advance(CHALLENGE_MS)
    }
    const sorted = filledBy(bench).toSorted()
    expect(sorted).toEqual(['10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5'])
    await bench.stopped()
  })

  it('that are challenged count for the challenger, so that it cannot challenge them all', async () => {
    const bench = listening()
    fill(bench, '10.0.0.2')
    const greedy = fill(bench, '10.0.0.3')
    expect(greedy.filter((each) => each !== undefined)).toHaveLength(2)
    expect(bench.transport.accept('10.0.0.4', 1)).toBeDefined()
    await bench.stopped()
  })

  it('stay with a machine that has sent a byte since it connected', async () => {
    const bench = listening()
    for (const connection of fill(bench, '10.0.0.2')) connection?.receive('here')
    expect(bench.transport.accept('10.0.0.3', 1)).toBeUndefined()
    await bench.stopped()
  })

  it('stay with a machine that sends a byte during the challenge', async () => {
    const bench = listening()
    const [first, ...others] = fill(bench, '10.0.0.2')
    for (const connection of others) connection?.receive('here')
    const newcomer = bench.transport.accept('10.0.0.3', 1)
    bench.clock.advance(CHALLENGE_MS / 2)
    first?.receive('here')
    bench.clock.advance(CHALLENGE_MS)
    expect([newcomer?.destroyed, first?.destroyed]).toEqual([true, false])
    await bench.stopped()
  })

  it('stay with machines that have one each', async () => {
    const bench = listening()
    for (let at = 2; at < 2 + SLOTS; at++) bench.transport.accept(`10.0.0.${String(at)}`, 1)
    expect(bench.transport.accept('10.0.0.99', 1)).toBeUndefined()
    expect(bench.node.rejections).toMatchObject([{ code: 'slots-full', count: 1 }])
    await bench.stopped()
  })

  it('are never taken if the entry rejects duplicates', async () => {
    const bench = listening({ duplicate: 'reject' })
    fill(bench, '10.0.0.2')
    expect(bench.transport.accept('10.0.0.3', 1)).toBeUndefined()
    await bench.stopped()
  })
})
