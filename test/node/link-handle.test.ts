import type { EntryOptions, LinkChange, LinkHandle } from '@commloop/core'
import { describe, expect, it } from 'vitest'
import { PEER, TestNode } from './test-node.js'

const fixed = (delayMs: number, maxAttempts = 10) => ({
  spec: 'fixed',
  value: { delayMs: (attempt: number) => (attempt > maxAttempts ? undefined : delayMs) },
})
const LISTEN = { host: '::', port: 8000 }
const CELL: EntryOptions = { id: 'cell', role: 'passive', ip: '10.0.0.0/24' }
const REMOTE = { ip: '10.0.0.2', port: 8001 }

/** The state of a link, as its handle shows it. */
function shown(bench: TestNode, id = 'peer'): object {
  const { state, remote, reason, attempt, sinceMs, nextDialInMs } = bench.node.link(id)
  return { state, remote, reason, attempt, sinceMs, nextDialInMs }
}

describe('the handle of an active link', () => {
  it('shows the state, and since when, from dial to end', async () => {
    const bench = TestNode.started({ links: [{ ...PEER, reconnect: fixed(500) }] })
    const none = { remote: undefined, reason: undefined, nextDialInMs: undefined }
    bench.clock.advance(30)
    expect(shown(bench)).toEqual({ ...none, state: 'dialing', attempt: 1, sinceMs: 30 })
    const first = bench.transport.lastDial.open()
    bench.clock.advance(20)
    expect(shown(bench)).toEqual({
      ...none,
      state: 'up',
      attempt: 1,
      sinceMs: 20,
      remote: REMOTE,
    })
    first.reset()
    bench.clock.advance(100)
    const lost = { ...none, reason: 'reset by peer', attempt: 1 }
    expect(shown(bench)).toEqual({ ...lost, state: 'backoff', sinceMs: 100, nextDialInMs: 400 })
    bench.clock.advance(400)
    const second = bench.transport.lastDial.open()
    const onProbation = { ...lost, state: 'dialing', attempt: 2, sinceMs: 0 }
    expect(shown(bench), 'nobody knows yet whether the peer wants us').toEqual(onProbation)
    expect(bench.node.link('peer').dial(), 'it was dialled, and is open').toBe(true)
    second.receive('hello')
    bench.send('under way')
    bench.soon()
    bench.node.link('peer').disable()
    expect(bench.node.link('peer').state).toBe('draining')
    expect(bench.node.link('peer').remote).toEqual(REMOTE)
    second.written()
    second.closed()
    expect(shown(bench)).toMatchObject({ state: 'idle', remote: undefined, reason: 'disabled' })
    await bench.stopped()
  })

  it('dials only if a dial is due, and returns whether it dials', async () => {
    const bench = TestNode.started({ links: [{ ...PEER, reconnect: fixed(60_000, 2) }] })
    const link = bench.node.link('peer')
    const dials = (): number => bench.transport.dials.length
    expect([link.dial(), dials()], 'dialing').toEqual([true, 1])
    bench.transport.lastDial.fail()
    expect([link.dial(), dials()], 'backoff').toEqual([true, 2])
    const connection = bench.transport.lastDial.open()
    expect([link.dial(), dials()], 'up').toEqual([true, 2])
    bench.send('under way')
    bench.soon()
    link.disable()
    expect([link.state, link.dial(), dials()]).toEqual(['draining', false, 2])
    connection.written()
    connection.closed()
    expect([link.state, link.dial(), dials()]).toEqual(['idle', false, 2])
    await bench.stopped()
  })

  it('returns true while a dial waits for a permit, and does not queue a second dial', async () => {
    const links = ['a', 'b', 'c'].map((id) => ({ ...PEER, id }))
    const bench = TestNode.started({ links, dials: 1 })
    expect(bench.states).toEqual(['a dialing'])
    expect(bench.node.link('b').dial()).toBe(true)
    bench.transport.lastDial.open()
    bench.soon()
    expect(bench.states).toEqual(['a dialing', 'a up', 'b dialing'])
    bench.node.link('c').disable()
    expect(bench.node.link('c').dial()).toBe(false)
    await bench.stopped()
  })

  it('closes nothing if there is no connection', async () => {
    const bench = TestNode.started({ links: [PEER] })
    bench.node.link('peer').close()
    expect(bench.transport.lastDial.cancelled).toBe(false)
    expect(bench.states).toEqual(['peer dialing'])
    await bench.stopped()
  })

  it('pauses a connection that opens later', async () => {
    const bench = TestNode.started({ links: [PEER] })
    bench.node.link('peer').pause()
    bench.node.link('peer').resume()
    bench.node.link('peer').pause()
    const connection = bench.transport.lastDial.open()
    expect(connection.reading).toBe(false)
    connection.receive('early')
    expect(bench.messages).toEqual([])
    bench.node.link('peer').resume()
    expect(bench.messages).toEqual(['peer#1 early'])
    expect(connection.reading).toBe(true)
    await bench.stopped()
  })

  it('changes nothing after its node has stopped', async () => {
    const bench = TestNode.started({ links: [PEER] })
    const link = bench.node.link('peer')
    await bench.stopped()
    const { states } = bench
    const told = states.length
    link.disable()
    link.enable()
    link.close()
    expect(link.dial()).toBe(false)
    expect(link.state).toBe('closed')
    expect(states).toHaveLength(told)
    expect(bench.transport.dials).toHaveLength(1)
  })
})

describe('the handle of a passive link', () => {
  it('has no dials, and cannot dial', async () => {
    const bench = TestNode.started({ listen: LISTEN, links: [CELL] })
    const noDials = { attempt: 0, nextDialInMs: undefined }
    expect(shown(bench, 'cell')).toMatchObject({ state: 'awaiting', ...noDials })
    expect(bench.node.link('cell').dial()).toBe(false)
    bench.transport.accept('10.0.0.7', 50_000)
    const remote = { ip: '10.0.0.7', port: 50_000 }
    expect(shown(bench, 'cell')).toMatchObject({ state: 'up', remote, ...noDials })
    expect(bench.node.link('cell').dial()).toBe(false)
    await bench.stopped()
  })
})

describe('a hold on a link', () => {
  const up = () => {
    const bench = TestNode.started({ links: [PEER] })
    const connection = bench.transport.lastDial.open()
    return { bench, connection, link: bench.node.link('peer') }
  }

  it('stops reading until the last holder has released its own', async () => {
    const { bench, connection, link } = up()
    const first = link.hold()
    const second = link.hold()
    link.pause()
    expect(connection.reading).toBe(false)
    first()
    link.resume()
    expect(connection.reading, 'the second holder').toBe(false)
    second()
    expect(connection.reading).toBe(true)
    await bench.stopped()
  })

  it('is released once, however often its function is called', async () => {
    const { bench, connection, link } = up()
    const first = link.hold()
    const second = link.hold()
    first()
    first()
    link.resume()
    expect(connection.reading).toBe(false)
    second()
    expect(connection.reading).toBe(true)
    await bench.stopped()
  })

  it('also counts for the next connection, and shares nothing with pause', async () => {
    const { bench, connection, link } = up()
    link.pause()
    link.pause()
    const release = link.hold()
    connection.reset()
    bench.clock.advance(60_000)
    const next = bench.transport.lastDial.open()
    bench.clock.advance(1_000)
    link.resume()
    expect(next.reading).toBe(false)
    release()
    expect(next.reading).toBe(true)
    await bench.stopped()
  })
})

describe('the event of a link', () => {
  it('contains the attempt, the peer, the reason of the loss and the time of the next dial', async () => {
    const bench = new TestNode({ links: [{ ...PEER, reconnect: fixed(500, 1) }] })
    const changes: LinkChange[] = []
    bench.node.on('link', (change) => changes.push(change))
    void bench.node.start()
    const connection = bench.transport.lastDial.open()
    connection.receive('proof')
    connection.closed()
    bench.clock.advance(500)
    bench.transport.lastDial.fail()
    const lost = { reason: 'peer closed', code: 'peer-closed', attempt: 0, delayMs: 500 }
    const why = { reason: 'ECONNREFUSED', code: 'dial-failed', detail: 'ECONNREFUSED' }
    const refused = { ...why, attempt: 1 }
    expect(changes).toStrictEqual([
      { link: 'peer', state: 'dialing', epoch: 0, attempt: 1 },
      { link: 'peer', state: 'up', epoch: 1, remote: REMOTE },
      { link: 'peer', state: 'backoff', epoch: 1, ...lost },
      { link: 'peer', state: 'dialing', epoch: 1, attempt: 1 },
      { link: 'peer', state: 'exhausted', epoch: 1, ...refused },
    ])
    await bench.stopped()
  })
})

/** All properties of a link except its counters. */
function saidBy(link: LinkHandle) {
  const { id, entry, role, state, epoch, remote, lasting, enabled, reason, sinceMs } = link
  const { attempt, nextDialInMs, queuedMessages, queuedBytes, aboveHighWaterMark } = link
  const names = { id, entry, role, state, epoch, remote, lasting, enabled, reason, sinceMs }
  return { ...names, attempt, nextDialInMs, queuedMessages, queuedBytes, aboveHighWaterMark }
}

describe('the view of a link', () => {
  it('shows the present state throughout the life of an active link', async () => {
    const bench = new TestNode({
      links: [{ ...PEER, reconnect: fixed(5_000), highWaterMark: 100 }],
    })
    const link = bench.node.link('peer')
    const first = {
      id: 'peer',
      entry: 'peer',
      role: 'active',
      state: 'idle',
      epoch: 0,
      remote: undefined,
      lasting: true,
      enabled: true,
      reason: undefined,
      sinceMs: 0,
      attempt: 0,
      nextDialInMs: undefined,
      queuedMessages: 0,
      queuedBytes: 0,
      aboveHighWaterMark: false,
    }
    expect(saidBy(link)).toEqual(first)

    bench.clock.advance(1_000)
    void bench.node.start()
    bench.clock.advance(30)
    const dialling = { ...first, state: 'dialing', sinceMs: 30, attempt: 1 }
    expect(saidBy(link)).toEqual(dialling)

    bench.transport.lastDial.fail()
    bench.send('twelve bytes')
    bench.send('x'.repeat(50))
    bench.clock.advance(2_000)
    expect(saidBy(link)).toEqual({
      ...dialling,
      state: 'backoff',
      reason: 'ECONNREFUSED',
      sinceMs: 2_000,
      nextDialInMs: 3_000,
      queuedMessages: 2,
      queuedBytes: 12 + 50 + 2 * 256,
      aboveHighWaterMark: true,
    })

    bench.clock.advance(3_000)
    const connection = bench.transport.lastDial.open()
    bench.soon()
    connection.written()
    bench.clock.advance(7)
    const remote = { ip: '10.0.0.2', port: 8001 }
    expect(saidBy(link)).toEqual({
      ...first,
      state: 'up',
      epoch: 1,
      remote,
      sinceMs: 7,
      attempt: 2,
    })
    await bench.stopped()
  })

  it('names its entry if that has several links, and shows no dial if it is passive', async () => {
    const links = [{ id: 'in', role: 'passive', ip: '10.0.0.0/24', slots: 2 } as const]
    const bench = TestNode.started({ listen: { port: 1 }, links })
    expect(saidBy(bench.node.link('in/2'))).toMatchObject({
      id: 'in/2',
      entry: 'in',
      role: 'passive',
      state: 'awaiting',
      lasting: false,
      attempt: 0,
      nextDialInMs: undefined,
    })
    bench.transport.accept('10.0.0.9', 50_000)
    expect(bench.node.link('in/1').remote).toEqual({ ip: '10.0.0.9', port: 50_000 })
    await bench.stopped()
  })
})
