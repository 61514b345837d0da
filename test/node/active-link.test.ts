import { describe, expect, it } from 'vitest'
import { PEER, TestNode } from './test-node.js'
import { type Address, ExponentialBackoff } from '@commloop/core'

const fixed = (delayMs: number, maxAttempts = 10) => ({
  spec: 'fixed',
  value: {
    delayMs: (attempt: number) => (attempt > maxAttempts ? undefined : delayMs),
  },
})

describe('an active link', () => {
  it('dials immediately, and is up when the connection opens', async () => {
    const bench = TestNode.started({ links: [PEER] })
    expect(bench.states).toEqual(['peer dialing'])
    bench.transport.lastDial.open()
    expect(bench.states.at(-1)).toBe('peer up')
    expect(bench.node.link('peer').epoch).toBe(1)
    await bench.stopped()
  })

  it('dials exactly maxAttempts times, then is exhausted and stays so until it is re-armed', async () => {
    const bench = TestNode.started({ links: [{ ...PEER, reconnect: fixed(100, 3) }] })
    for (let dial = 1; dial <= 3; dial++) {
      expect(bench.transport.dials).toHaveLength(dial)
      bench.transport.lastDial.fail()
      bench.clock.advance(100)
    }
    expect(bench.transport.dials).toHaveLength(3)
    expect(bench.states.at(-1)).toBe('peer exhausted (ECONNREFUSED)')
    bench.clock.advance(299_000)
    expect(bench.transport.dials).toHaveLength(3)
    bench.clock.advance(1_000)
    expect(bench.transport.dials, 'after rearmAfter, 5 min').toHaveLength(4)
    bench.transport.lastDial.fail()
    bench.clock.advance(100)
    bench.transport.lastDial.fail()
    bench.clock.advance(100)
    bench.transport.lastDial.fail()
    expect(bench.transport.dials, 'a round has its full count again').toHaveLength(6)
    expect(bench.node.link('peer').state).toBe('exhausted')
    expect(bench.node.link('peer').dial()).toBe(true)
    expect(bench.transport.dials).toHaveLength(7)
    await bench.stopped()
  })

  it('waits for the address of `bind`, without an attempt for it', async () => {
    const bench = TestNode.started({
      links: [{ ...PEER, bind: '10.0.0.9', reconnect: fixed(5000, 1) }],
    })
    const missing = Object.assign(new Error('bind EADDRNOTAVAIL'), { code: 'EADDRNOTAVAIL' })
    for (let dial = 1; dial <= 20; dial++) {
      expect(bench.transport.dials).toHaveLength(dial)
      bench.transport.lastDial.fail(missing)
      expect(bench.node.link('peer')).toMatchObject({
        state: 'backoff',
        attempt: 0,
        reason: expect.stringContaining(
          'this machine does not have the address 10.0.0.9 of "bind", and waits for it',
        ) as string,
      })
      bench.clock.advance(1999)
      expect(bench.transport.dials).toHaveLength(dial)
      bench.clock.advance(1)
    }
    bench.transport.lastDial.fail()
    expect(bench.states.at(-1)).toBe('peer exhausted (ECONNREFUSED)')
    await bench.stopped()
  })

  it('gives up for EADDRNOTAVAIL without `bind`: the machine has no free port', async () => {
    const bench = TestNode.started({ links: [{ ...PEER, reconnect: fixed(100, 1) }] })
    bench.transport.lastDial.fail(Object.assign(new Error('x'), { code: 'EADDRNOTAVAIL' }))
    expect(bench.node.link('peer').state).toBe('exhausted')
    await bench.stopped()
  })

  it('stays exhausted if `rearmAfter` is 0', async () => {
    const bench = TestNode.started({
      links: [{ ...PEER, reconnect: fixed(100, 1), rearmAfter: 0 }],
    })
    bench.transport.lastDial.fail()
    expect(bench.node.link('peer')).toMatchObject({ state: 'exhausted', nextDialInMs: undefined })
    bench.clock.advance(86_400_000)
    expect(bench.transport.dials).toHaveLength(1)
    await bench.stopped()
  })

  it('dials again if a listener of its last failure dials it, as soon as there is a permit', async () => {
    const links = ['a', 'b'].map((id) => ({ ...PEER, id, reconnect: fixed(100, 1) }))
    const bench = new TestNode({ links, dials: 1 })
    bench.node.on('link', ({ link, state }) => {
      if (link === 'a' && state === 'exhausted') bench.node.link('a').dial()
    })
    void bench.node.start()
    bench.node.link('b').dial()
    bench.transport.lastDial.fail()
    expect(bench.node.link('a').waiting).toMatchObject({ for: 'turn' })
    bench.soon()
    expect(bench.states).toEqual(['a dialing', 'a exhausted (ECONNREFUSED)', 'b dialing'])
    bench.transport.lastDial.open()
    bench.soon()
    expect(bench.node.link('a').state).toBe('dialing')
    await bench.stopped()
  })

  it('dials before links of unknown peers after a loss, if it was well', async () => {
    const links = ['well', 'b', 'c'].map((id) => ({ ...PEER, id, reconnect: fixed(100) }))
    const bench = TestNode.started({ links, dials: 1 })
    const well = bench.transport.lastDial.open()
    well.receive('hello')
    bench.soon()
    well.reset()
    bench.clock.advance(100)
    expect(bench.node.link('well').waiting).toEqual({ for: 'turn', place: 1, of: 2 })
    expect(bench.node.link('c').waiting).toEqual({ for: 'turn', place: 2, of: 2 })
    bench.transport.lastDial.fail()
    bench.soon()
    expect(bench.states.at(-1)).toBe('well dialing')
    expect(bench.node.link('well').waiting).toBeUndefined()
    await bench.stopped()
  })

  it('ends a dial that is not answered if others wait, and dials after links of unknown peers', async () => {
    const links = ['silent', 'b', 'c', 'late'].map((id) => {
      return { ...PEER, id, reconnect: fixed(100), enabled: id !== 'late' }
    })
    const bench = TestNode.started({ links, dials: 1 })
    bench.clock.advance(999)
    expect(bench.node.link('silent').state).toBe('dialing')
    bench.clock.advance(1)
    expect(bench.node.link('silent')).toMatchObject({
      state: 'backoff',
      reason: 'no answer within 1s, and other links waited for their turn to dial',
      // The peer has not had its whole time.
      attempt: 0,
    })
    expect(bench.transport.dials[0]).toMatchObject({ cancelled: true })
    bench.clock.advance(100)
    // It asks later than the silent one, and is before it.
    bench.node.link('late').enable()
    expect(bench.node.link('late').waiting).toEqual({ for: 'turn', place: 2, of: 3 })
    expect(bench.node.link('silent').waiting).toEqual({ for: 'turn', place: 3, of: 3 })
    bench.node.link('silent').dial()
    expect(bench.node.link('silent').waiting, 'an operator does not wait').toMatchObject({
      place: 1,
    })
    await bench.stopped()
  })

  it('counts attempts if the peer accepts and closes, and resets them after a frame', async () => {
    const bench = TestNode.started({ links: [{ ...PEER, reconnect: fixed(100) }] })
    for (let attempt = 1; attempt <= 4; attempt++) {
      bench.transport.lastDial.open().fin()
      expect(bench.node.link('peer').attempt).toBe(attempt)
      bench.clock.advance(3_100)
    }
    const connection = bench.transport.lastDial.open()
    connection.receive('hello')
    expect(bench.node.link('peer').attempt).toBe(0)
    expect(bench.messages).toEqual(['peer#2 hello'])
    await bench.stopped()
  })

  it('resets attempts when it was up for stableAfter', async () => {
    const bench = TestNode.started({ links: [{ ...PEER, reconnect: fixed(100) }] })
    bench.transport.lastDial.open()
    bench.clock.advance(4_999)
    expect(bench.node.link('peer').attempt).toBe(1)
    bench.clock.advance(1)
    expect(bench.node.link('peer').attempt).toBe(0)
    await bench.stopped()
  })

  it('on probation writes nothing, and is up with the first frame', async () => {
    const bench = TestNode.started({ links: [{ ...PEER, reconnect: fixed(100) }] })
    bench.send('waiting')
    const first = bench.transport.lastDial.open()
    first.reset()
    bench.clock.advance(100)
    const second = bench.transport.lastDial.open()
    bench.clock.advance(999)
    expect(bench.node.link('peer').state).toBe('dialing')
    expect(second.writes).toHaveLength(0)
    second.receive('I know you')
    bench.soon()
    expect(bench.states.at(-1)).toBe('peer up')
    expect(second.sent).toEqual(['waiting'])
    second.written()
    await bench.stopped()
  })

  it('on probation is up after a second of holding', async () => {
    const bench = TestNode.started({ links: [{ ...PEER, reconnect: fixed(100) }] })
    bench.transport.lastDial.open().reset()
    bench.clock.advance(100)
    const second = bench.transport.lastDial.open()
    bench.send('waiting')
    bench.clock.advance(1_000)
    expect(bench.node.link('peer').state).toBe('up')
    expect(second.sent).toEqual(['waiting'])
    await bench.stopped()
  })

  it('is not on probation after the loss of a peer that had sent a frame', async () => {
    const bench = TestNode.started({ links: [{ ...PEER, reconnect: fixed(100) }] })
    const first = bench.transport.lastDial.open()
    first.receive('hello')
    first.reset()
    bench.clock.advance(100)
    bench.transport.lastDial.open()
    expect(bench.node.link('peer')).toMatchObject({ state: 'up', epoch: 2 })
    await bench.stopped()
  })

  it('is not on probation after dials that were not answered', async () => {
    const bench = TestNode.started({ links: [{ ...PEER, reconnect: fixed(100) }] })
    bench.transport.lastDial.fail()
    bench.clock.advance(100)
    bench.transport.lastDial.open()
    expect(bench.node.link('peer').state).toBe('up')
    await bench.stopped()
  })

  it('treats a connection to itself as a failed dial', async () => {
    const bench = TestNode.started({ links: [PEER] })
    const connection = bench.transport.lastDial.open({ ip: '::ffff:10.0.0.2', port: 8001 })
    expect(connection.destroyed).toBe(true)
    expect(bench.states.at(-1)).toBe('peer backoff (connected to itself)')
    await bench.stopped()
  })

  it.each<[string, Address, Address?]>([
    ['the same machine, as another port', { ip: '10.0.0.2', port: 40_000 }],
    ['another machine, as the same port', { ip: '10.0.0.1', port: 8001 }],
    ['who has no address that can be read', { ip: 'here', port: 8001 }],
    ['whose address cannot be read', { ip: '10.0.0.2', port: 8001 }, { ip: 'there', port: 8001 }],
    ['who has, and whose, is none', { ip: '', port: 8001 }, { ip: '', port: 8001 }],
  ])('is not connected to itself where it is connected to %s', async (_name, local, remote) => {
    const bench = TestNode.started({ links: [PEER] })
    const connection = bench.transport.lastDial.open(local, remote)
    expect(connection.destroyed).toBe(false)
    expect(bench.node.link('peer').state).toBe('up')
    await bench.stopped()
  })

  it.each([
    [Number.NaN, 'NaN', 30_000],
    [-5, '-5', 0],
    [1e12, '1000000000000', 2 ** 31 - 1],
    ['soon' as unknown as number, 'soon', 30_000],
  ])(
    'handles a strategy that returns %s, and reports the delay that it uses',
    async (answer, text, usedMs) => {
      const strategy = { spec: 'odd', value: { delayMs: () => answer } }
      const bench = TestNode.started({ links: [{ ...PEER, reconnect: strategy }] })
      const told: string[] = []
      bench.node.on('warning', ({ message }) => told.push(message))
      bench.transport.lastDial.fail()
      bench.soon()
      const used = `${String(usedMs)} ms is used`
      expect(told[0]).toBe(`peer: the reconnect strategy answered ${text}; ${used}`)
      expect(bench.warnings[0]).toBe('STRATEGY_ANSWER')
      expect(bench.states).toContain('peer backoff (ECONNREFUSED)')
      await bench.stopped()
    },
  )

  it('handles a strategy that throws, and reports the error', async () => {
    const strategy = {
      spec: 'odd',
      value: {
        delayMs: () => {
          throw new Error('no idea')
        },
      },
    }
    const bench = TestNode.started({ links: [{ ...PEER, reconnect: strategy }] })
    const told: string[] = []
    bench.node.on('warning', ({ message }) => told.push(message))
    bench.transport.lastDial.fail()
    bench.soon()
    expect(bench.warnings).toEqual(['STRATEGY_THREW'])
    expect(told).toEqual(['peer: the reconnect strategy threw: Error: no idea'])
    expect(bench.node.link('peer').nextDialInMs).toBe(30_000)
    bench.clock.advance(10_000)
    expect(bench.node.link('peer').nextDialInMs).toBe(20_000)
    bench.clock.advance(20_000)
    expect(bench.transport.dials).toHaveLength(2)
    await bench.stopped()
  })

  it('that its strategy dials within its call is dialled once', async () => {
    let asked = 0
    const value = {
      delayMs: (): number => {
        if (asked++ === 0) bench.node.link('peer').disable()
        if (asked === 1) bench.node.link('peer').enable()
        return 100
      },
    }
    const bench = TestNode.started({ links: [{ ...PEER, reconnect: { spec: 'x', value } }] })
    bench.transport.lastDial.fail()
    expect(bench.states.at(-1)).toBe('peer dialing')
    bench.clock.advance(60_000)
    expect(bench.transport.dials.map(({ cancelled }) => cancelled)).toEqual([false, false])
    bench.transport.lastDial.open()
    expect(bench.node.link('peer').state).toBe('up')
    await bench.stopped()
  })

  it('waits for a permit to dial, in order', async () => {
    const links = Array.from({ length: 5 }, (_, at) => ({ ...PEER, id: `p${String(at)}` }))
    const bench = TestNode.started({ links, dials: 2 })
    expect(bench.transport.dials).toHaveLength(2)
    expect(bench.node.link('p2').state).toBe('idle')
    bench.transport.dials[0]?.open()
    bench.transport.dials[1]?.fail()
    bench.soon()
    expect(bench.states.filter((state) => state.endsWith('dialing'))).toEqual([
      'p0 dialing',
      'p1 dialing',
      'p2 dialing',
      'p3 dialing',
    ])
    await bench.stopped()
  })

  it('is kept down by disable with its queue, and comes back by enable', async () => {
    const bench = TestNode.started({ links: [PEER] })
    const first = bench.transport.lastDial.open()
    bench.node.link('peer').disable()
    expect(bench.states.at(-1)).toBe('peer draining (disabled)')
    expect(first.finSent).toBe(true)
    first.closed()
    expect(bench.node.link('peer').state).toBe('idle')
    bench.send('later')
    expect(bench.node.link('peer').dial()).toBe(false)
    bench.clock.advance(600_000)
    expect(bench.transport.dials).toHaveLength(1)
    bench.node.link('peer').enable()
    const second = bench.transport.lastDial.open()
    bench.soon()
    expect(second.sent).toEqual(['later'])
    await bench.stopped()
  })

  it('cancels the dial in progress when it is stopped', async () => {
    const bench = TestNode.started({ links: [PEER] })
    bench.send('never', { id: 'x' })
    await bench.stopped()
    expect(bench.transport.lastDial.cancelled).toBe(true)
    expect(bench.outcomes).toEqual([
      {
        id: 'x',
        link: 'peer',
        outcome: 'dropped',
        reason: 'stopped',
        code: 'stopped',
        count: 1,
      },
    ])
  })

  it('can be disabled within the event of any of its states', async () => {
    for (const state of ['dialing', 'backoff', 'exhausted', 'up'] as const) {
      const reconnect = { spec: 'x', value: new ExponentialBackoff({ maxAttempts: 2 }) }
      const bench = new TestNode({ links: [{ ...PEER, reconnect }] })
      bench.node.on('link', (change) => {
        if (change.state === state) bench.node.link('peer').disable()
      })
      void bench.node.start()
      const dial = bench.transport.dials.at(-1)
      if (state === 'up') dial?.open().closed()
      else dial?.fail()
      bench.clock.advance(60_000)
      if (state === 'exhausted') bench.transport.lastDial.fail()
      bench.clock.advance(600_000)
      expect(bench.node.link('peer').state, state).toBe('idle')
      await bench.stopped()
    }
  })
})
