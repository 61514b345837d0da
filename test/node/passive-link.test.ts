import { describe, expect, it, vi } from 'vitest'
import type { EntryOptions } from '@commloop/core'
import { Link } from '../../packages/core/src/link/link.js'
import type { ScriptedConnection } from './scripted-transport.js'
import { TestNode } from './test-node.js'

const LISTEN = { host: '::', port: 8000 }
const entry = (id: string, ip: string, more: Partial<EntryOptions> = {}): EntryOptions => ({
  id,
  role: 'passive',
  ip,
  ...more,
})
const listening = (...links: EntryOptions[]): TestNode =>
  TestNode.started({ listen: LISTEN, links })

describe('an accepted connection', () => {
  it('fills the entry of its address, in every notation', async () => {
    const bench = listening(entry('two', '10.0.0.2'), entry('three', '10.0.0.3'))
    expect(bench.transport.accept('::ffff:10.0.0.3')).toBeDefined()
    expect(bench.node.link('three').state).toBe('up')
    expect(bench.node.link('two').state).toBe('awaiting')
    await bench.stopped()
  })

  it('needs no timer while nothing is in progress and no deadline is set', async () => {
    const bench = listening(entry('cell', '10.0.0.0/24', { silence: 'off', slots: 8 }))
    bench.transport.accept('10.0.0.2')
    const afterFirst = bench.clock.pendingTimers
    for (let port = 2; port <= 8; port++) bench.transport.accept('10.0.0.2', port)
    expect(bench.node.links().every(({ state }) => state === 'up')).toBe(true)
    expect(bench.clock.pendingTimers).toBe(afterFirst)
    await bench.stopped()
  })

  it('of a stranger is refused with the reason', async () => {
    const bench = TestNode.started({
      listen: LISTEN,
      links: [entry('two', '10.0.0.2'), { id: 'out', role: 'active', ip: '10.0.0.9', port: 1 }],
    })
    expect(bench.transport.accept('10.0.0.8')).toBeUndefined()
    expect(bench.transport.accept('10.0.0.9')).toBeUndefined()
    expect(bench.transport.accept('not an address')).toBeUndefined()
    expect(bench.rejected).toEqual([
      'not in the table',
      'only in active entries',
      'address unknown',
    ])
    await bench.stopped()
  })

  it('without an address is refused even by an entry for any address', async () => {
    const bench = listening(entry('anyone', '0.0.0.0'))
    expect(bench.transport.listens[0]?.handler.admit(undefined)).toBe(false)
    await bench.stopped()
  })

  it('is decided about by the most specific group alone', async () => {
    const bench = listening(
      entry('anyone', '0.0.0.0', { slots: 4 }),
      entry('range', '10.0.0.0/8', { slots: 4 }),
      entry('narrow', '10.0.0.0/24', { slots: 2 }),
      entry('exact', '10.0.0.2', { duplicate: 'reject' }),
    )
    bench.transport.accept('10.0.0.2')
    expect(bench.node.link('exact').state).toBe('up')
    expect(bench.transport.accept('10.0.0.2')).toBeUndefined()
    expect(bench.rejected).toEqual(['full'])
    bench.transport.accept('10.0.0.3')
    bench.transport.accept('10.0.0.4')
    expect(bench.transport.accept('10.0.0.5'), 'never on to the wider range').toBeUndefined()
    bench.transport.accept('10.1.0.1')
    bench.transport.accept('fd00::1')
    const up = bench.node.links().filter(({ state }) => state === 'up')
    expect(up.map(({ id }) => id)).toEqual(['anyone/1', 'range/1', 'narrow/1', 'narrow/2', 'exact'])
    await bench.stopped()
  })

  it('takes the first free slot in the order of the table', async () => {
    const bench = listening(entry('a', '10.0.0.2'), entry('b', '10.0.0.2'))
    bench.transport.accept('10.0.0.2')
    bench.transport.accept('10.0.0.2')
    expect(bench.states).toEqual(['a awaiting', 'b awaiting', 'a up', 'b up'])
    await bench.stopped()
  })

  it('of a peer whose active link is exhausted re-arms that link', async () => {
    const reconnect = { spec: 'once', value: { delayMs: () => undefined } }
    const bench = TestNode.started({
      listen: LISTEN,
      links: [
        entry('in', '10.0.0.2'),
        { id: 'out', role: 'active', ip: '10.0.0.2', port: 1, reconnect },
      ],
    })
    bench.transport.lastDial.fail()
    expect(bench.node.link('out').state).toBe('exhausted')
    bench.transport.accept('10.0.0.2')
    expect(bench.node.link('out').state).toBe('dialing')
    await bench.stopped()
  })
})

describe('the queue', () => {
  it('of a lasting link waits for its peer', async () => {
    const bench = listening(entry('two', '10.0.0.2'))
    bench.send('early', { to: 'two' })
    const connection = bench.transport.accept('10.0.0.2')
    bench.soon()
    expect(connection?.sent).toEqual(['early'])
    await bench.stopped()
  })

  it.each([
    entry('cell', '10.0.0.0/8'),
    entry('cell', '0.0.0.0'),
    entry('cell', '10.0.0.2', { slots: 2 }),
  ])('of a passing link (%j) is never inherited by the next occupant', async (cell) => {
    const bench = listening(cell)
    const link = bench.node.links()[0]?.id ?? ''
    expect(() => bench.send('nobody is there', { to: link })).toThrow('link down')
    const first = bench.transport.accept('10.0.0.2')
    bench.send('taken', { to: link })
    bench.soon()
    bench.send('for A only', { to: link, id: 'a' })
    first?.reset()
    const second = bench.transport.accept('10.0.0.2')
    bench.send('for B', { to: link })
    bench.soon()
    expect(second?.sent).toEqual(['for B'])
    expect(bench.outcomes).toContainEqual({
      id: 'a',
      link,
      outcome: 'dropped',
      reason: 'peer gone',
      code: 'peer-gone',
      count: 1,
    })
    await bench.stopped()
  })
})

describe('a second connection for a full entry', () => {
  it('replaces the first one if no byte arrives on that within 2 s', async () => {
    const bench = listening(entry('two', '10.0.0.2'))
    const first = bench.transport.accept('10.0.0.2', 1)
    bench.send('in flight', { to: 'two' })
    bench.soon()
    const second = bench.transport.accept('10.0.0.2', 2)
    expect(second?.reading, 'its end must be visible').toBe(true)
    bench.clock.advance(2_000)
    expect(first?.destroyed).toBe(true)
    expect(second?.reading).toBe(true)
    expect(bench.states.slice(-2)).toEqual(['two awaiting (replaced)', 'two up'])
    second?.receive('rebooted')
    bench.soon()
    expect(bench.messages).toEqual(['two#2 rebooted'])
    expect(second?.sent, 'the unconfirmed write goes over the new one').toEqual(['in flight'])
    first?.receive('late')
    expect(bench.messages, 'nothing of the replaced one').toHaveLength(1)
    expect(bench.node.link('two').counters.fenced).toBe(1)
    await bench.stopped()
  })

  it('is refused if a byte arrives on the first one', async () => {
    const bench = listening(entry('two', '10.0.0.2'))
    const first = bench.transport.accept('10.0.0.2', 1)
    const second = bench.transport.accept('10.0.0.2', 2)
    bench.clock.advance(1_000)
    first?.receive('alive')
    bench.clock.advance(1_000)
    expect(second?.destroyed).toBe(true)
    expect(first?.destroyed).toBe(false)
    expect(bench.rejected).toEqual(['full'])
    await bench.stopped()
  })

  it('makes the node send a heartbeat on the first one, if configured', async () => {
    const bench = listening(entry('two', '10.0.0.2', { heartbeat: { every: '3s', payload: 'hb' } }))
    const first = bench.transport.accept('10.0.0.2', 1)
    bench.transport.accept('10.0.0.2', 2)
    bench.soon()
    expect(first?.sent).toEqual(['hb'])
    first?.receive('hb')
    bench.clock.advance(100)
    expect(bench.messages, 'heartbeats are hidden').toEqual([])
    expect(first?.destroyed).toBe(false)
    await bench.stopped()
  })

  it('does not challenge a link that we do not read', async () => {
    const bench = listening(entry('two', '10.0.0.2'))
    const first = bench.transport.accept('10.0.0.2', 1)
    bench.node.link('two').pause()
    const second = bench.transport.accept('10.0.0.2', 2)
    bench.clock.advance(10_000)
    expect([first?.destroyed, second?.destroyed]).toEqual([false, true])
    await bench.stopped()
  })

  it('takes the link immediately if the first one ends', async () => {
    const bench = listening(entry('two', '10.0.0.2'))
    const first = bench.transport.accept('10.0.0.2', 1)
    const second = bench.transport.accept('10.0.0.2', 2)
    first?.reset()
    expect(bench.states.at(-1)).toBe('two up')
    second?.receive('here')
    expect(bench.messages).toEqual(['two#2 here'])
    await bench.stopped()
  })

  it('changes nothing if it ends before the decision', async () => {
    const bench = listening(entry('two', '10.0.0.2'))
    const first = bench.transport.accept('10.0.0.2', 1)
    const second = bench.transport.accept('10.0.0.2', 2)
    second?.reset()
    bench.clock.advance(10_000)
    expect(first?.destroyed).toBe(false)
    expect(bench.node.link('two')).toMatchObject({ state: 'up', epoch: 1 })
    const third = bench.transport.accept('10.0.0.2', 3)
    bench.clock.advance(2_000)
    expect(third?.reading, 'it left no hold-down behind').toBe(true)
    await bench.stopped()
  })

  it.each([
    [
      'sends FIN',
      (probe: ScriptedConnection) => {
        probe.fin()
      },
    ],
    [
      'is reset',
      (probe: ScriptedConnection) => {
        probe.reset()
      },
    ],
    [
      'sends FIN after some bytes',
      (probe: ScriptedConnection) => {
        probe.receive('x')
        probe.fin()
      },
    ],
  ])('replaces nothing if it %s before the decision', async (_how, leave) => {
    const bench = listening(entry('two', '10.0.0.2'))
    const first = bench.transport.accept('10.0.0.2', 1)
    const second = bench.transport.accept('10.0.0.2', 2)
    bench.clock.advance(1_999)
    if (second !== undefined) leave(second)
    bench.clock.advance(10_000)
    expect(first?.destroyed).toBe(false)
    expect(bench.states).toEqual(['two awaiting', 'two up'])
    const third = bench.transport.accept('10.0.0.2', 3)
    bench.clock.advance(2_000)
    expect(bench.node.link('two'), 'it left no hold-down behind').toMatchObject({ epoch: 2 })
    expect(third?.destroyed).toBe(false)
    await bench.stopped()
  })

  it('replaces nothing if what it sends is not the protocol of the link', async () => {
    const bench = listening(entry('two', '10.0.0.2'))
    const first = bench.transport.accept('10.0.0.2', 1)
    const second = bench.transport.accept('10.0.0.2', 2)
    second?.receiveBytes(Buffer.from('GET /health HTTP/1.1\r\nHost: plant\r\n\r\n'))
    bench.clock.advance(10_000)
    expect([first?.destroyed, second?.destroyed]).toEqual([false, true])
    expect(bench.rejected).toEqual([expect.stringContaining('an HTTP request')])
    await bench.stopped()
  })

  it('gets the messages that it sent during the challenge', async () => {
    const bench = listening(entry('two', '10.0.0.2'))
    bench.transport.accept('10.0.0.2', 1)
    const second = bench.transport.accept('10.0.0.2', 2)
    second?.receive('one')
    second?.receive('two')
    bench.clock.advance(2_000)
    second?.receive('three')
    expect(bench.messages).toEqual(['two#2 one', 'two#2 two', 'two#2 three'])
    await bench.stopped()
  })

  it('keeps them while the link is held', async () => {
    const bench = listening(entry('two', '10.0.0.2'))
    const first = bench.transport.accept('10.0.0.2', 1)
    const second = bench.transport.accept('10.0.0.2', 2)
    second?.receive('one')
    second?.receive('two')
    bench.node.link('two').pause()
    first?.reset()
    expect(second?.reading).toBe(false)
    expect(bench.messages).toEqual([])
    bench.node.link('two').resume()
    expect(bench.messages).toEqual(['two#2 one', 'two#2 two'])
    await bench.stopped()
  })

  it('is read up to 16 KiB, and keeps the rest for the link', async () => {
    const bench = listening(entry('two', '10.0.0.2'))
    bench.transport.accept('10.0.0.2', 1)
    const second = bench.transport.accept('10.0.0.2', 2)
    second?.receive('x'.repeat(16_000))
    expect(second?.reading).toBe(true)
    second?.receive('x'.repeat(1_000))
    expect(second?.reading).toBe(false)
    bench.clock.advance(2_000)
    expect(second?.reading).toBe(true)
    expect(bench.messages).toHaveLength(2)
    await bench.stopped()
  })

  it('takes the link with a request and FIN if the first one ends', async () => {
    const bench = listening(entry('two', '10.0.0.2', { halfClose: 'serve' }))
    const first = bench.transport.accept('10.0.0.2', 1)
    const second = bench.transport.accept('10.0.0.2', 2)
    second?.receive('request')
    second?.fin()
    first?.reset()
    bench.send('reply', { to: 'two' })
    bench.soon()
    expect(bench.messages).toEqual(['two#2 request'])
    expect(second?.sent).toEqual(['reply'])
    await bench.stopped()
  })

  it('delivers its messages and its end after it was accepted', async () => {
    const bench = listening(entry('two', '10.0.0.2', { halfClose: 'close' }))
    bench.transport.accept('10.0.0.2', 1)
    const second = bench.transport.accept('10.0.0.2', 2)
    bench.clock.advance(2_000)
    bench.send('hello', { to: 'two', id: 'hello' })
    bench.soon()
    second?.written()
    bench.soon()
    expect(bench.outcomes).toMatchObject([{ id: 'hello', outcome: 'written' }])
    second?.fin()
    expect(second?.finSent).toBe(true)
    second?.closed()
    expect(bench.node.link('two').state).toBe('awaiting')
    await bench.stopped()
  })

  it('replaces the connection that was silent longest, if an address has several', async () => {
    const bench = listening(entry('cell', '10.0.0.0/24', { slots: 2, duplicate: 'replace' }))
    const first = bench.transport.accept('10.0.0.2', 1)
    const second = bench.transport.accept('10.0.0.2', 2)
    bench.clock.advance(1_000)
    first?.receive('alive')
    bench.transport.accept('10.0.0.2', 3)
    expect([first?.destroyed, second?.destroyed]).toEqual([false, true])
    await bench.stopped()
  })

  it('is refused if a listener of the loss disables the link', async () => {
    const bench = listening(entry('two', '10.0.0.2', { duplicate: 'replace' }))
    bench.node.on('link', ({ reason }) => {
      if (reason === 'replaced') bench.node.link('two').disable()
    })
    bench.transport.accept('10.0.0.2', 1)
    expect(bench.transport.accept('10.0.0.2', 2)).toBeUndefined()
    expect(bench.rejected).toEqual(['disabled'])
    await bench.stopped()
  })

  it('does not challenge again for 30 s after a replacement', async () => {
    const bench = listening(entry('two', '10.0.0.2'))
    bench.transport.accept('10.0.0.2', 1)
    bench.transport.accept('10.0.0.2', 2)
    bench.clock.advance(2_000)
    expect(bench.transport.accept('10.0.0.2', 3)).toBeUndefined()
    expect(bench.rejected).toEqual(['hold-down'])
    bench.clock.advance(30_000)
    expect(bench.transport.accept('10.0.0.2', 4)).toBeDefined()
    await bench.stopped()
  })

  it('from another address of the range is refused and replaces nothing', async () => {
    const bench = listening(entry('cell', '10.0.0.0/24', { duplicate: 'replace' }))
    bench.transport.accept('10.0.0.2')
    expect(bench.transport.accept('10.0.0.3')).toBeUndefined()
    expect(bench.transport.accept('10.0.0.2')).toBeDefined()
    expect(bench.node.link('cell').epoch).toBe(2)
    await bench.stopped()
  })

  it('is held one at a time for each link', async () => {
    const bench = listening(entry('two', '10.0.0.2'))
    bench.transport.accept('10.0.0.2', 1)
    expect(bench.transport.accept('10.0.0.2', 2)).toBeDefined()
    expect(bench.transport.accept('10.0.0.2', 3)).toBeUndefined()
    await bench.stopped()
  })
})

describe('a slot whose peer has ended its side', () => {
  it('is given to the next connection immediately if its queue is empty', async () => {
    const bench = listening(entry('cell', '0.0.0.0'))
    const first = bench.transport.accept('10.0.0.2')
    first?.receive('question')
    first?.fin()
    bench.send('answer', { to: 'cell' })
    bench.soon()
    expect(bench.transport.accept('10.0.0.3'), 'the answer is not confirmed').toBeUndefined()
    first?.written()
    const second = bench.transport.accept('10.0.0.3')
    expect(first).toMatchObject({ finSent: true, destroyed: false })
    expect(bench.states.slice(-2)).toEqual(['cell awaiting (peer closed)', 'cell up'])
    second?.receive('next question')
    first?.closed()
    expect(bench.node.link('cell')).toMatchObject({ state: 'up', epoch: 2 })
    expect(bench.messages).toEqual(['cell#1 question', 'cell#2 next question'])
    await bench.stopped()
  })

  it('is given to the next connection only after its end, if the node has ended its side', async () => {
    const bench = listening(entry('cell', '10.0.0.2', { halfClose: 'close' }))
    const first = bench.transport.accept('10.0.0.2', 1)
    first?.fin()
    expect(first?.finSent).toBe(true)
    const second = bench.transport.accept('10.0.0.2', 2)
    expect(bench.node.link('cell')).toMatchObject({ state: 'up', epoch: 1 })
    expect(second?.reading, 'its end must be visible').toBe(true)
    first?.closed()
    expect(bench.node.link('cell')).toMatchObject({ state: 'up', epoch: 2 })
    expect(second?.reading).toBe(true)
    await bench.stopped()
  })
})

describe('listening', () => {
  it('that fails at the start rejects start with the address and the cause', async () => {
    const bench = new TestNode({ listen: LISTEN, links: [entry('two', '10.0.0.2')] })
    const started = bench.node.start()
    bench.transport.listens[0]?.handler.failed(new Error('EADDRINUSE'))
    await expect(started).rejects.toThrow('cannot listen at [::]:8000: EADDRINUSE')
    await expect(started).rejects.toMatchObject({ code: 'CML_ERR_LISTEN' })
  })

  it('waits for an address that the machine does not have yet, and dials meanwhile', async () => {
    const dials = { id: 'out', role: 'active', ip: '10.0.0.3', port: 1 } as const
    const bench = new TestNode({ listen: LISTEN, links: [entry('two', '10.0.0.2'), dials] })
    const started = bench.node.start()
    const missing = Object.assign(new Error('listen EADDRNOTAVAIL'), { code: 'EADDRNOTAVAIL' })
    bench.transport.listens[0]?.handler.failed(missing)
    await started
    bench.soon()
    expect(bench.transport.dials).toHaveLength(1)
    expect(bench.warnings).toEqual(['LISTEN_WAITING'])
    let tries = 1
    for (const delayMs of [100, 200, 400, 800, 1000, 1000]) {
      bench.clock.advance(delayMs - 1)
      expect(bench.transport.listens).toHaveLength(tries)
      bench.clock.advance(1)
      expect(bench.transport.listens).toHaveLength(++tries)
      bench.transport.listens.at(-1)?.handler.failed(missing)
    }
    bench.soon()
    expect(bench.warnings).toEqual(['LISTEN_WAITING'])
    expect(bench.node.listening).toBeUndefined()
    expect(bench.node.notListening).toEqual({
      host: '::',
      port: 8000,
      reason: 'listen EADDRNOTAVAIL',
      forMs: 3500,
    })
    bench.clock.advance(1000)
    bench.transport.listening()
    expect(bench.node.notListening).toBeUndefined()
    expect(bench.node.listening).toMatchObject({ port: 8000 })
    bench.transport.accept('10.0.0.2')
    expect(bench.node.link('two').state).toBe('up')
    await bench.stopped()
  })

  it('can be stopped while it waits for its address, and then tries no more', async () => {
    const bench = new TestNode({ listen: LISTEN, links: [entry('two', '10.0.0.2')] })
    const started = bench.node.start()
    const missing = Object.assign(new Error('x'), { code: 'EADDRNOTAVAIL' })
    bench.transport.listens[0]?.handler.failed(missing)
    await started
    await bench.stopped()
    bench.clock.advance(60_000)
    expect(bench.transport.listens).toHaveLength(1)
  })

  it('keeps its address if another one, to which it shall move, does not exist', async () => {
    const bench = listening(entry('two', '10.0.0.2'))
    const other = { host: '10.0.0.9', port: 8000 }
    const moved = bench.node.reconfigure({ listen: other, links: [entry('two', '10.0.0.2')] })
    const missing = Object.assign(new Error('x'), { code: 'EADDRNOTAVAIL' })
    bench.transport.listens[1]?.handler.failed(missing)
    await expect(moved).rejects.toMatchObject({ code: 'CML_ERR_LISTEN' })
    expect(bench.node.notListening).toBeUndefined()
    await bench.stopped()
  })

  it('that is lost later is tried again, and links stay up', async () => {
    const bench = listening(entry('two', '10.0.0.2'))
    bench.transport.accept('10.0.0.2')
    bench.transport.listens[0]?.handler.failed(new Error('gone'))
    bench.soon()
    expect(bench.warnings).toEqual(['LISTEN_LOST'])
    bench.clock.advance(100)
    expect(bench.transport.listens).toHaveLength(2)
    bench.transport.listens[1]?.handler.failed(new Error('gone'))
    expect(bench.node.notListening).toMatchObject({ reason: 'gone', forMs: 100 })
    bench.clock.advance(199)
    expect(bench.transport.listens).toHaveLength(2)
    bench.clock.advance(1)
    expect(bench.transport.listens).toHaveLength(3)
    bench.transport.listening()
    expect(bench.node.link('two').state).toBe('up')
    await bench.stopped()
  })
})

/** Calls `read` whenever a property of an object is read. The property works as before. */
function countReads<Name extends string>(
  object: Record<Name, unknown>,
  name: Name,
  read: () => void,
): void {
  let value: unknown = object[name]
  Object.defineProperty(object, name, {
    get: () => {
      read()
      return value
    },
    set: (next) => {
      value = next
    },
  })
}

describe('an entry with many slots', () => {
  it('is filled without a search of all used slots for each connection', async () => {
    const slots = 400
    const starts = vi.spyOn(Link.prototype, 'start')
    const bench = listening(entry('cells', '10.0.0.0/8', { slots }))
    const links = starts.mock.contexts as Link[]
    starts.mockRestore()
    expect(links).toHaveLength(slots)
    let looks = 0
    for (const link of links) {
      countReads(link, 'state', () => {
        looks++
      })
    }
    for (let port = 1; port <= slots; port++) bench.transport.accept('10.0.0.2', port)
    expect(looks, 'one after the other: 80 000').toBeLessThan(10 * slots)
    expect(looks, 'the links are looked at').toBeGreaterThan(slots)
    expect(bench.node.links().every(({ state }) => state === 'up')).toBe(true)
    await bench.stopped()
  })

  it('gives a slot that has become free to the next connection', async () => {
    const bench = listening(entry('cells', '10.0.0.0/8', { slots: 4 }))
    for (let port = 1; port <= 3; port++) bench.transport.accept('10.0.0.2', port)
    bench.node.link('cells/1').disable()
    bench.node.link('cells/1').enable()
    bench.clock.advance(60_000)
    expect(bench.node.link('cells/1').state).toBe('awaiting')
    bench.transport.accept('10.0.0.2', 5)
    expect(bench.node.link('cells/1').state).toBe('up')
    expect(bench.node.link('cells/4').state).toBe('awaiting')
    await bench.stopped()
  })
})

describe('an entry that demands an identity', () => {
  const secured = (...links: EntryOptions[]): TestNode =>
    TestNode.started({ listen: { ...LISTEN, tls: {} }, links })

  it('accepts only a peer that has proved it, and reports other identities', async () => {
    const bench = secured(entry('cell', '10.0.0.0/8', { identity: ['plc-1', 'plc-2'], slots: 2 }))
    expect(bench.transport.accept('10.0.0.2', 1)).toBeUndefined()
    expect(bench.transport.accept('10.0.0.3', 2, ['plc-9'])).toBeUndefined()
    expect(bench.transport.accept('10.0.0.4', 3, ['x', 'plc-2'])).toBeDefined()
    expect(bench.rejected).toEqual(['no identity', 'identity not in the table: plc-9'])
    await bench.stopped()
  })

  it('has a lasting link, whatever address its peer has', async () => {
    const bench = secured(entry('plc', '10.0.0.0/8', { identity: 'plc-1' }))
    expect(bench.node.link('plc').lasting).toBe(true)
    await bench.stopped()
  })

  it('is never challenged by another identity at the same address', async () => {
    const bench = secured(entry('plc', '10.0.0.2', { identity: 'plc-1' }))
    const first = bench.transport.accept('10.0.0.2', 1, ['plc-1'])
    expect(bench.transport.accept('10.0.0.2', 2, ['plc-2'])).toBeUndefined()
    bench.clock.advance(10_000)
    expect(first?.destroyed).toBe(false)
    await bench.stopped()
  })
})

describe('a health probe', () => {
  const probed = (probes: string[], ...links: EntryOptions[]): TestNode =>
    TestNode.started({ listen: LISTEN, probes, links })

  it('is accepted and closed with FIN, counted, and not reported', async () => {
    const bench = probed(['10.0.0.250'], entry('two', '10.0.0.2'))
    const probe = bench.transport.accept('10.0.0.250')
    expect(probe).toMatchObject({ finSent: true, destroyed: false })
    probe?.receiveBytes(Buffer.from('GET / HTTP/1.1'))
    probe?.fin()
    probe?.closed()
    expect(bench.rejected).toEqual([])
    expect(bench.node.counters.rejected).toEqual({ 'health probe': 1 })
    await bench.stopped()
  })

  it('that stays is reset after 1 s', async () => {
    const bench = probed(['10.0.0.250'], entry('two', '10.0.0.2'))
    const probe = bench.transport.accept('10.0.0.250')
    bench.clock.advance(1_000)
    expect(probe?.destroyed).toBe(true)
    probe?.closed({ kind: 'destroyed' })
    await bench.stopped()
  })

  it('never fills an entry of a wider range, and is a peer if an entry names it more exactly', async () => {
    const links = [entry('cell', '10.0.0.0/16', { slots: 2 }), entry('two', '10.0.0.2')]
    const bench = probed(['10.0.0.0/24'], ...links)
    bench.transport.accept('10.0.0.9')?.closed()
    bench.transport.accept('10.0.0.2')
    bench.transport.accept('10.0.1.9')
    const up = bench.node.links().filter(({ state }) => state === 'up')
    expect(up.map(({ id }) => id)).toEqual(['cell/1', 'two'])
    await bench.stopped()
  })

  it('is quiet even if its handshake fails', async () => {
    const bench = probed(['10.0.0.250'])
    const handler = bench.transport.listens[0]?.handler
    handler?.refused?.({ ip: '10.0.0.250', port: 1 }, 'tls: hung up')
    expect(bench.rejected).toEqual([])
    await bench.stopped()
  })

  it('cannot have the addresses of an entry', () => {
    expect(() => probed(['10.0.0.2'], entry('two', '10.0.0.2'))).toThrow(
      'probes[0]: entry "two" has the same addresses',
    )
  })
})
