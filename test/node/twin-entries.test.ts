import { describe, expect, it } from 'vitest'
import type { EntryOptions } from '@commloop/core'
import { TestNode } from './test-node.js'

const LISTEN = { host: '::', port: 8000 }
const press = (number: number, more: Partial<EntryOptions> = {}): EntryOptions => ({
  id: `press-${String(number)}`,
  role: 'passive',
  ip: '10.0.0.2',
  ...more,
})
const listening = (...links: EntryOptions[]): TestNode =>
  TestNode.started({ listen: LISTEN, links })

describe('two entries whose peers nothing tells apart', () => {
  it('refuse a message while their link is down', async () => {
    const bench = listening(press(1), press(2))
    expect(() => bench.send('recipe', { to: 'press-1' })).toThrow(
      expect.objectContaining({ code: 'CML_ERR_LINK_DOWN' }),
    )
    await bench.stopped()
  })

  it('never give the queue of one peer to the next one', async () => {
    const bench = listening(press(1), press(2))
    const first = bench.transport.accept('10.0.0.2', 1)
    bench.send('written', { to: 'press-1', id: 'a' })
    bench.soon()
    bench.send('recipe', { to: 'press-1', id: 'b' })
    first?.reset()
    const second = bench.transport.accept('10.0.0.2', 2)
    bench.soon()
    expect(bench.node.link('press-1').state).toBe('up')
    expect(second?.sent).toEqual([])
    expect(bench.outcomes).toMatchObject([
      { id: 'a', outcome: 'dropped', reason: 'peer gone' },
      { id: 'b', outcome: 'dropped', reason: 'peer gone' },
    ])
    await bench.stopped()
  })

  it('drop their queues when a reload has made them twins', async () => {
    const bench = listening(press(1))
    bench.send('recipe', { to: 'press-1', id: 'a' })
    await bench.node.reconfigure({ listen: LISTEN, links: [press(1), press(2)] })
    bench.soon()
    expect(bench.outcomes).toMatchObject([{ id: 'a', outcome: 'dropped', reason: 'peer gone' }])
    expect(bench.node.link('press-1').lasting).toBe(false)
    await bench.stopped()
  })

  it('keep what waits for the connected peer at a reload, and drop it with the connection', async () => {
    const bench = listening(press(1))
    const peer = bench.transport.accept('10.0.0.2', 1)
    bench.send('written', { to: 'press-1', id: 'a' })
    bench.soon()
    bench.send('recipe', { to: 'press-1', id: 'b' })
    await bench.node.reconfigure({ listen: LISTEN, links: [press(1), press(2)] })
    expect(bench.outcomes).toEqual([])
    peer?.reset()
    bench.soon()
    expect(bench.outcomes).toMatchObject([
      { id: 'a', outcome: 'dropped' },
      { id: 'b', outcome: 'dropped' },
    ])
    await bench.stopped()
  })

  it('keep their queues again when the other entry is gone', async () => {
    const bench = listening(press(1), press(2))
    await bench.node.reconfigure({ listen: LISTEN, links: [press(1)] })
    expect(bench.send('recipe', { to: 'press-1' })).toBe(true)
    await bench.stopped()
  })

  it('do not exist between an active and a passive entry', async () => {
    const dialled: EntryOptions = { id: 'out', role: 'active', ip: '10.0.0.2', port: 1 }
    const bench = listening(press(1), dialled)
    expect(bench.node.links().map(({ lasting }) => lasting)).toEqual([true, true])
    await bench.stopped()
  })
})
