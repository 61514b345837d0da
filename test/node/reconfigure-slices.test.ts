import { type EntryOptions, type NodeOptions, type Reconfiguration } from '@commloop/core'
import { SeededRandom } from '@commloop/testing'
import { describe, expect, it } from 'vitest'
import { PEER, TestNode } from './test-node.js'

/** More entries than a reconfiguration handles before it gives the event loop back. */
const MANY = 1_300
const PASSIVE_IP = '10.1.0.1'

/** A large table in which only the last two entries ever matter. */
function table(last: readonly EntryOptions[], more: Partial<NodeOptions> = {}): NodeOptions {
  const many = Array.from({ length: MANY }, (_, at): EntryOptions => {
    const ip = `10.2.${String(at >> 8)}.${String(at & 255)}`
    return { id: `filler-${String(at)}`, role: 'passive', ip }
  })
  return {
    node: 'home',
    listen: { host: '10.0.0.1', port: 8000 },
    ...more,
    links: [...many, ...last],
  }
}

const OLD: EntryOptions = { id: 'old', role: 'passive', ip: PASSIVE_IP }
const NEW: EntryOptions = { id: 'new', role: 'passive', ip: PASSIVE_IP }

/** The progress of a reconfiguration. */
class Change {
  result: Reconfiguration | Error | undefined

  constructor(promise: Promise<Reconfiguration>) {
    promise.then(
      (result) => (this.result = result),
      (error: unknown) => (this.result = error as Error),
    )
  }
}

function has(bench: TestNode, id: string): boolean {
  return bench.node.links().some((link) => link.id === id)
}

/** Runs turns of the loop until the node has taken the new table, but has not changed its last links. */
function untilTaken(bench: TestNode, id: string): void {
  bench.clock.runUntil(() => has(bench, id), 1_000)
}

describe('a reconfiguration of a large table', () => {
  it('has no effect while it is planned, and is abandoned if the node stops then', async () => {
    const bench = TestNode.started(table([OLD]))
    const change = new Change(bench.node.reconfigure(table([NEW], { relay: true })))
    bench.clock.runNext()
    expect(has(bench, 'new')).toBe(false)
    expect(bench.node.config.relay).toBe(false)
    expect(() => bench.send('x', { to: 'new' })).toThrow(/no link "new"/)
    const states = bench.states.length
    await bench.stopped()
    expect(change.result).toMatchObject({ code: 'CML_ERR_NOT_RUNNING' })
    expect(bench.states.slice(states).some((text) => text.startsWith('new'))).toBe(false)
  })

  it('gives the loop back again and again, and shows the whole new table at one moment', async () => {
    const bench = TestNode.started(table([OLD]))
    let turns = 0
    const seen = new Set<string>()
    const look = (): void => {
      turns++
      const ids = bench.node.links().map(({ id }) => id)
      seen.add(`${String(ids.length)} ${String(ids.at(-1))} ${String(bench.node.config.relay)}`)
    }
    const more = [NEW, { ...PEER, role: 'active' as const }]
    const change = new Change(bench.node.reconfigure(table(more, { relay: true, ttl: '1m' })))
    while (change.result === undefined) {
      look()
      bench.clock.runNext()
      await bench.clock.settle()
    }
    look()
    expect(turns).toBeGreaterThan(10)
    expect([...seen]).toEqual([`${String(MANY + 1)} old false`, `${String(MANY + 2)} peer true`])
    expect(change.result).toMatchObject({
      added: ['new', 'peer'],
      removed: ['old'],
      node: ['relay'],
    })
    expect(change.result).toHaveProperty('changed.length', MANY)
    await bench.stopped()
  })

  it('does not keep a peer out whose link has not been started yet', async () => {
    const bench = TestNode.started(table([OLD]))
    const change = new Change(bench.node.reconfigure(table([NEW], { ttl: '1m' })))
    untilTaken(bench, 'new')
    expect(bench.node.link('new').state).toBe('idle')
    const connection = bench.transport.accept(PASSIVE_IP)
    expect(bench.node.link('new').state).toBe('up')
    connection?.receive('hello')
    bench.clock.advance(0)
    await bench.clock.settle()
    expect(change.result).toMatchObject({ added: ['new'], removed: ['old'] })
    expect(bench.messages).toEqual(['new#1 hello'])
    expect(bench.rejected).toEqual([])
    connection?.closed()
    await bench.stopped()
  })

  it('accepts messages for the links of the new table, and for no others, before it has changed them', async () => {
    const lasting: EntryOptions = { ...PEER, id: 'later' }
    const bench = TestNode.started(table([OLD]))
    new Change(bench.node.reconfigure(table([lasting], { ttl: '1m' })))
    untilTaken(bench, 'later')
    expect(bench.send('first', { to: 'later' })).toBe(true)
    expect(() => bench.send('lost', { to: 'old' })).toThrow(/no link "old"/)
    bench.checkLedgers()
    bench.clock.runUntil(() => bench.transport.dials.length > 0, 1_000)
    const connection = bench.transport.lastDial.open()
    bench.clock.advance(10)
    expect(connection.sent).toEqual(['first'])
    connection.written()
    connection.closed()
    await bench.stopped()
  })

  it('is completed if the node stops after it has taken the table', async () => {
    const bench = TestNode.started(table([OLD]))
    const change = new Change(bench.node.reconfigure(table([NEW], { ttl: '1m' })))
    untilTaken(bench, 'new')
    expect(bench.node.link('new').state).toBe('idle')
    void bench.node.stop()
    await Promise.resolve()
    expect(change.result, 'at once').toMatchObject({ added: ['new'], removed: ['old'] })
    await bench.stopped()
    expect(change.result).toMatchObject({ added: ['new'], removed: ['old'] })
    expect(bench.node.links().every(({ state }) => state === 'closed')).toBe(true)
  })

  it('continues the epochs of a link that went up while it was planned', async () => {
    const bench = TestNode.started(table([{ ...OLD, id: 'same' }]))
    new Change(bench.node.reconfigure(table([{ ...PEER, id: 'same' }], { ttl: '1m' })))
    bench.clock.runNext()
    const connection = bench.transport.accept(PASSIVE_IP)
    expect(bench.node.link('same').epoch).toBe(1)
    bench.clock.runUntil(() => bench.node.link('same').role === 'active', 1_000)
    expect(bench.node.link('same').epoch).toBe(1)
    bench.clock.runUntil(() => connection?.finSent === true, 1_000)
    connection?.closed()
    bench.clock.runUntil(() => bench.transport.dials.length > 0, 1_000)
    bench.transport.lastDial.open()
    expect(bench.node.link('same').epoch).toBe(2)
    await bench.stopped()
  })

  it('emits no event for a link that stays, and leaves its connection alone', async () => {
    const bench = TestNode.started(table([OLD]))
    const connection = bench.transport.accept(PASSIVE_IP)
    const states = bench.states.length
    const change = new Change(bench.node.reconfigure(table([OLD], { deferMax: '1s' })))
    bench.clock.advance(0)
    await bench.clock.settle()
    expect(change.result).toMatchObject({ added: [], removed: [], changed: [], node: ['deferMax'] })
    expect(bench.states.slice(states)).toEqual([])
    connection?.closed()
    await bench.stopped()
  })
})

describe('reconfigurations of a large table, with traffic at random moments', () => {
  it.each(Array.from({ length: 12 }, (_, at) => at + 1))(
    'keep their promises (seed %i)',
    async (seed) => {
      const random = new SeededRandom(seed)
      const bench = TestNode.started(table([OLD, PEER]))
      bench.transport.lastDial.open()
      const changes: Change[] = []
      const tables = (): NodeOptions =>
        table(random.pick([[OLD, PEER], [NEW, PEER], [PEER], [NEW, { ...PEER, port: 8002 }]]), {
          ttl: random.pick(['1m', '2m']),
          relay: random.chance(0.5),
        })
      const stopsAt = random.chance(0.5) ? 10 + random.int(60) : Infinity
      for (let turn = 0; turn < 80 && turn < stopsAt; turn++) {
        if (turn % 25 === 0) changes.push(new Change(bench.node.reconfigure(tables())))
        bench.clock.advance(0.001)
        if (random.chance(0.3) && has(bench, 'peer')) bench.send(String(turn), { to: 'peer' })
        if (random.chance(0.2)) bench.transport.accept(PASSIVE_IP)
        bench.checkLedgers()
        await bench.clock.settle()
      }
      await bench.stopped()
      await bench.clock.settle()
      for (const { result } of changes) {
        if (result instanceof Error) expect(result).toMatchObject({ code: 'CML_ERR_NOT_RUNNING' })
        else expect(result).toBeDefined()
      }
    },
  )
})
