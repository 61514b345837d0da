import type { EntryOptions, LinkChange } from '@commloop/core'
import { describe, expect, it } from 'vitest'
import { BenchNode, PEER } from './bench-node.js'

const fixed = (delayMs: number, maxAttempts = 10) => ({
  spec: 'fixed',
  value: { delayMs: (attempt: number) => (attempt > maxAttempts ? undefined : delayMs) },
})
const LISTEN = { host: '::', port: 8000 }
const CELL: EntryOptions = { id: 'cell', role: 'passive', ip: '10.0.0.0/24' }
const REMOTE = { ip: '10.0.0.2', port: 8001 }

/** What the handle shows of how its link stands. */
function shown(bench: BenchNode, id = 'peer'): object {
  const { state, remote, reason, attempt, sinceMs, nextDialInMs } = bench.node.link(id)
  return { state, remote, reason, attempt, sinceMs, nextDialInMs }
}

describe('the handle of an active link', () => {
  it('shows how it stands, and since when, from dial to end', async () => {
    const bench = BenchNode.started({ links: [{ ...PEER, reconnect: fixed(500) }] })
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

  it('dials only where a dial is waited for, and says whether there is something to dial', async () => {
    const bench = BenchNode.started({ links: [{ ...PEER, reconnect: fixed(60_000, 2) }] })
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

  it('closes nothing where there is no connection', async () => {
    const bench = BenchNode.started({ links: [PEER] })
    bench.node.link('peer').close()
    expect(bench.transport.lastDial.cancelled).toBe(false)
    expect(bench.states).toEqual(['peer dialing'])
    await bench.stopped()
  })

  it('holds back what comes over a connection that is still to come', async () => {
    const bench = BenchNode.started({ links: [PEER] })
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

  it('changes nothing once its node has stopped', async () => {
    const bench = BenchNode.started({ links: [PEER] })
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
  it('knows of no dials, and cannot dial', async () => {
    const bench = BenchNode.started({ listen: LISTEN, links: [CELL] })
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

describe('the event of a link', () => {
  it('says which dial it is, who the peer is, why it was lost and when it is dialled again', async () => {
    const bench = new BenchNode({ links: [{ ...PEER, reconnect: fixed(500, 1) }] })
    const changes: LinkChange[] = []
    bench.node.on('link', (change) => changes.push(change))
    void bench.node.start()
    const connection = bench.transport.lastDial.open()
    connection.receive('proof')
    connection.closed()
    bench.clock.advance(500)
    bench.transport.lastDial.fail()
    const lost = { reason: 'peer closed', attempt: 0, delayMs: 500 }
    const refused = { reason: 'ECONNREFUSED', attempt: 1 }
    expect(changes).toStrictEqual([
      { link: 'peer', state: 'dialing', epoch: 0, attempt: 1 },
      { link: 'peer', state: 'up', epoch: 1, remote: REMOTE },
      { link: 'peer', state: 'backoff', epoch: 1, ...lost },
      { link: 'peer', state: 'dialing', epoch: 1, attempt: 1 },
      { link: 'peer', state: 'backoff', epoch: 1, ...refused },
      { link: 'peer', state: 'exhausted', epoch: 1, ...refused },
    ])
    await bench.stopped()
  })
})
