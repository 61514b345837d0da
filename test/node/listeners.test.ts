import { describe, expect, it } from 'vitest'
import type { EntryOptions, LinkChange, ListenPlace } from '@commloop/core'
import { type ScriptedConnection } from './scripted-transport.js'
import { TestNode } from './test-node.js'

const ONE: ListenPlace = { host: '::', port: 8001, name: 'one' }
const TWO: ListenPlace = { host: '::', port: 8002, name: 'two' }
const press = (id: string, more: Partial<EntryOptions> = {}): EntryOptions => ({
  id,
  role: 'passive',
  ip: '10.0.0.2',
  ...more,
})
const PRESSES = [press('press-1', { listen: 'one' }), press('press-2', { listen: 8002 })]

function started(listen: readonly ListenPlace[], links: readonly EntryOptions[]): TestNode {
  const bench = new TestNode({ listen, links })
  void bench.node.start()
  for (const { port } of listen) bench.transport.listeningAt(port)
  return bench
}

const accepted = (bench: TestNode, at: number): ScriptedConnection | undefined =>
  bench.transport.acceptAt(at, '10.0.0.2')

describe('two listeners', () => {
  it('tell peers of one address apart, so that each queue reaches its own peer', async () => {
    const bench = started([ONE, TWO], PRESSES)
    bench.send('recipe', { to: 'press-1' })
    const second = accepted(bench, 8002)
    bench.soon()
    expect(second?.sent).toEqual([])
    const first = accepted(bench, 8001)
    bench.soon()
    expect(first?.sent).toEqual(['recipe'])
    expect(bench.node.links().map(({ details }) => details.through?.listener)).toEqual([
      'one',
      'two',
    ])
    await bench.stopped()
  })

  it('do not let a peer in through the wrong one', async () => {
    const bench = started([ONE, TWO], [press('press-1', { listen: 'one' })])
    expect(accepted(bench, 8002)).toBeUndefined()
    expect(bench.rejected).toEqual(['only through another listener: one'])
    await bench.stopped()
  })

  it('fill an entry that names none', async () => {
    const bench = started([ONE, TWO], [press('cell', { slots: 2 })])
    accepted(bench, 8001)
    accepted(bench, 8002)
    expect(bench.node.links().map(({ details }) => details.through?.listener)).toEqual([
      'one',
      'two',
    ])
    await bench.stopped()
  })

  it('are named when a link comes up', async () => {
    const bench = started([ONE, TWO], PRESSES)
    const changes: LinkChange[] = []
    bench.node.on('link', (change) => changes.push(change))
    accepted(bench, 8002)
    expect(changes).toMatchObject([{ link: 'press-2', state: 'up', listener: 'two' }])
    await bench.stopped()
  })

  it('open alone if the other cannot be opened, which is tried again', async () => {
    const bench = new TestNode({ listen: [ONE, TWO], links: PRESSES })
    const start = bench.node.start()
    bench.transport.failAt(8001, 'EADDRINUSE')
    bench.transport.listeningAt(8002)
    await start
    bench.soon()
    expect(bench.warnings).toEqual(['LISTEN_LOST'])
    expect(bench.node.listeners).toMatchObject([
      { name: 'one', open: false },
      { name: 'two', open: true },
    ])
    bench.clock.advance(100)
    bench.transport.listeningAt(8001)
    expect(bench.node.listeners).toMatchObject([{ open: true }, { open: true }])
    await bench.stopped()
  })

  it('make the start fail if neither can be opened', async () => {
    const bench = new TestNode({ listen: [ONE, TWO], links: PRESSES })
    const start = bench.node.start()
    bench.transport.failAt(8001, 'EADDRINUSE')
    bench.transport.failAt(8002, 'EACCES')
    await expect(start).rejects.toMatchObject({ code: 'CML_ERR_LISTEN' })
    expect(bench.clock.pendingTimers).toBe(0)
  })

  it('do not affect each other at a reload that changes one', async () => {
    const bench = started([ONE, TWO], PRESSES)
    accepted(bench, 8001)
    const moved = { ...TWO, port: 8003 }
    const links = [PRESSES[0] as EntryOptions, press('press-2', { listen: 'two' })]
    const change = bench.node.reconfigure({ listen: [ONE, moved], links })
    bench.transport.listeningAt(8003)
    expect(await change).toMatchObject({ unchanged: ['press-1', 'press-2'], node: ['listen'] })
    const closed = bench.transport.listens.map(({ options, closed: is }) => [options.port, is])
    expect(closed).toEqual([
      [8001, false],
      [8002, true],
      [8003, false],
    ])
    expect(bench.node.link('press-1').state).toBe('up')
    await bench.stopped()
  })

  it('stay as they are if a reload adds one that cannot be opened', async () => {
    const bench = started([ONE, TWO], PRESSES)
    const third = { host: '::', port: 8003 }
    const fourth = { host: '::', port: 8004 }
    const change = bench.node.reconfigure({ listen: [third, fourth, TWO], links: [press('a')] })
    bench.transport.listeningAt(8003)
    bench.transport.failAt(8004, 'EADDRINUSE')
    await expect(change).rejects.toMatchObject({ code: 'CML_ERR_LISTEN' })
    const open = bench.transport.listens.filter(({ closed }) => !closed)
    expect(open.map(({ options }) => options.port)).toEqual([8001, 8002, 8004])
    expect(bench.node.listeners.map(({ name }) => name)).toEqual(['one', 'two'])
    await bench.stopped()
  })

  it('may change their names while their connections continue', async () => {
    const bench = started([ONE, TWO], PRESSES)
    accepted(bench, 8001)
    const renamed = { ...ONE, name: 'first' }
    const links = [press('press-1', { listen: 'first' }), PRESSES[1] as EntryOptions]
    const { changed } = await bench.node.reconfigure({ listen: [renamed, TWO], links })
    expect(changed).toEqual(['press-1'])
    expect(bench.node.link('press-1')).toMatchObject({
      state: 'up',
      details: { through: { listener: 'first' } },
      epoch: 1,
    })
    await bench.stopped()
  })

  it('end a connection whose entry now names the other one', async () => {
    const bench = started([ONE, TWO], [press('press-1')])
    const peer = accepted(bench, 8001)
    const links = [press('press-1', { listen: 'two' })]
    const { reconnected } = await bench.node.reconfigure({ listen: [ONE, TWO], links })
    expect(reconnected).toEqual(['press-1'])
    expect(peer?.finSent).toBe(true)
    peer?.closed()
    await bench.stopped()
  })
})
