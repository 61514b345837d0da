import type { EntryOptions } from '@commloop/core'
import { describe, expect, it } from 'vitest'
import { TestNode } from '../node/test-node.js'
import type { ScriptedConnection } from '../node/scripted-transport.js'

const HOLD_DOWN_MS = 30_000
const HOUR_MS = 3_600_000

function listening(more: Partial<EntryOptions> = {}): TestNode {
  return TestNode.started({
    listen: { port: 1 },
    links: [{ id: 'in', role: 'passive', ip: '10.0.0.2', ...more }],
  })
}

describe('two machines behind one address', () => {
  it('replace each other at most once in each hold-down', async () => {
    const bench = listening()
    // Each dials again as soon as it is rejected, and neither sends anything.
    let port = 1
    for (let ms = 0; ms < HOUR_MS; ms += 1_000) {
      bench.transport.accept('10.0.0.2', port++)
      bench.clock.advance(1_000)
    }
    const replaced = bench.states.filter((state) => state === 'in awaiting (replaced)').length
    expect(replaced).toBeGreaterThan(0)
    expect(replaced).toBeLessThanOrEqual(HOUR_MS / HOLD_DOWN_MS)
    await bench.stopped()
  })

  it('never replace a connection on which bytes arrive', async () => {
    const bench = listening()
    const first = bench.transport.accept('10.0.0.2', 1)
    for (let at = 2; at < 600; at++) {
      bench.transport.accept('10.0.0.2', at)
      bench.clock.advance(900)
      first?.receive('here')
    }
    expect(first?.destroyed).toBe(false)
    expect(bench.node.link('in').epoch).toBe(1)
    await bench.stopped()
  })

  it.each([
    ['reject', [false, true]],
    ['replace', [true, false]],
  ] as const)('are told apart by nothing where the policy is %s', async (duplicate, gone) => {
    const bench = listening({ duplicate })
    const first = bench.transport.accept('10.0.0.2', 1)
    const second = bench.transport.accept('10.0.0.2', 2)
    expect([first?.destroyed, second === undefined]).toEqual(gone)
    await bench.stopped()
  })
})

describe('a connection that was replaced', () => {
  it.each(['challenge', 'replace'] as const)(
    'is ignored (%s): its messages, confirmations and end',
    async (duplicate) => {
      const bench = listening({ duplicate })
      const first = bench.transport.accept('10.0.0.2', 1)
      bench.send('unconfirmed', { id: 'x' })
      bench.soon()
      const second = bench.transport.accept('10.0.0.2', 2)
      bench.clock.advance(2_000)
      expect(first?.destroyed).toBe(true)
      afterlife(first)
      bench.soon()
      expect(bench.messages).toEqual([])
      expect(bench.outcomes, 'written by the first, it was not').toEqual([])
      expect(bench.node.link('in')).toMatchObject({ state: 'up', epoch: 2 })
      expect(second?.sent).toEqual(['unconfirmed'])
      second?.written()
      second?.receive('mine')
      bench.soon()
      expect(bench.messages).toEqual(['in#2 mine'])
      expect(bench.outcomes).toMatchObject([{ id: 'x', outcome: 'written' }])
      expect(bench.node.link('in').counters.fenced).toBe(3)
      await bench.stopped()
    },
  )
})

/** Every callback that a transport might still make after the node has destroyed the connection. */
function afterlife(connection: ScriptedConnection | undefined): void {
  connection?.receive('late', 'later')
  connection?.written()
  connection?.fin()
  connection?.closed({ kind: 'destroyed' })
}

describe('a challenge', () => {
  it('does not begin for a peer with another identity, which is refused', async () => {
    const bench = TestNode.started({
      listen: { port: 1, tls: { cert: 'node.pem', key: 'node.key', ca: 'plant.pem' } },
      links: [{ id: 'in', role: 'passive', ip: '10.0.0.2', identity: 'furnace.example' }],
    })
    const first = bench.transport.accept('10.0.0.2', 1, ['furnace.example'])
    expect(bench.transport.accept('10.0.0.2', 2, ['stranger.example'])).toBeUndefined()
    expect(bench.transport.accept('10.0.0.2', 3)).toBeUndefined()
    bench.clock.advance(60_000)
    expect(first?.destroyed).toBe(false)
    expect(bench.rejected).toEqual(['identity not in the table: stranger.example', 'no identity'])
    await bench.stopped()
  })

  it('counts a byte that arrives at the moment when it begins', async () => {
    const bench = listening()
    const first = bench.transport.accept('10.0.0.2', 1)
    const second = bench.transport.accept('10.0.0.2', 2)
    first?.receiveBytes(new Uint8Array([0]))
    bench.clock.advance(2_000)
    expect([first?.destroyed, second?.destroyed]).toEqual([false, true])
    await bench.stopped()
  })

  it('ends if its link is disabled, and the new connection is reported as rejected', async () => {
    const bench = listening()
    bench.transport.accept('10.0.0.2', 1)
    const second = bench.transport.accept('10.0.0.2', 2)
    bench.node.link('in').disable()
    bench.clock.advance(10_000)
    expect(second?.destroyed).toBe(true)
    expect(bench.rejected).toEqual(['disabled'])
    await bench.stopped()
  })

  it('ends when the node stops, and leaves no timer', async () => {
    const bench = listening()
    bench.transport.accept('10.0.0.2', 1)
    const second = bench.transport.accept('10.0.0.2', 2)
    await bench.stopped()
    expect(second?.destroyed).toBe(true)
  })
})

describe('a newcomer that sends single bytes', () => {
  it('is read until its chunks cost 16 KiB, although they have few bytes', async () => {
    const bench = listening()
    bench.transport.accept('10.0.0.2', 1)
    const newcomer = bench.transport.accept('10.0.0.2', 2)
    let chunks = 0
    while (newcomer?.reading === true && chunks < 1_000) {
      newcomer.receiveBytes(new Uint8Array(1))
      chunks++
    }
    expect(chunks).toBe(64)
    await bench.stopped()
  })
})
