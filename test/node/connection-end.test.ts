import { describe, expect, it } from 'vitest'
import type { EntryOptions } from '@commloop/core'
import { PEER, TestNode } from './test-node.js'
import { frame, type ScriptedConnection } from './scripted-transport.js'

const up = (entry: Partial<EntryOptions> = {}) => {
  const bench = TestNode.started({ links: [{ ...PEER, ...entry }] })
  return { bench, connection: bench.transport.lastDial.open() }
}
const accepted = (entry: Partial<EntryOptions> = {}) => {
  const links: EntryOptions[] = [{ id: 'in', role: 'passive', ip: '0.0.0.0', ...entry }]
  const bench = TestNode.started({ listen: { port: 1 }, links })
  const connection = bench.transport.accept('10.0.0.2')
  if (connection === undefined) throw new Error('refused')
  return { bench, connection }
}

describe('an unconfirmed write', () => {
  it('is sent again completely and first, and counted as resent', async () => {
    const { bench, connection } = up()
    bench.send('one', { id: '1' })
    bench.send('two')
    bench.soon()
    bench.send('three')
    expect(connection.sent).toEqual(['one', 'two'])
    connection.reset()
    bench.clock.advance(60_000)
    const next = bench.transport.lastDial.open()
    bench.clock.advance(1_000)
    expect(next.sent).toEqual(['one', 'two', 'three'])
    next.written()
    bench.soon()
    expect(bench.node.link('peer').counters).toMatchObject({
      written: 3,
      writtenBytes: 11,
      resent: 2,
      enqueued: 3,
    })
    expect(bench.outcomes).toEqual([{ id: '1', link: 'peer', outcome: 'written', count: 1 }])
    await bench.stopped()
  })

  it('is dropped if `onLoss` is `drop`; copies that were only queued stay', async () => {
    const { bench, connection } = up({ onLoss: 'drop' })
    bench.send('one', { id: '1' })
    bench.soon()
    bench.send('two')
    connection.reset()
    bench.soon()
    expect(bench.outcomes).toEqual([
      {
        id: '1',
        link: 'peer',
        outcome: 'dropped',
        reason: 'unconfirmed at loss',
        code: 'unconfirmed-at-loss',
        count: 1,
      },
    ])
    bench.clock.advance(60_000)
    const next = bench.transport.lastDial.open()
    bench.clock.advance(1_000)
    expect(next.sent).toEqual(['two'])
    await bench.stopped()
  })
})

describe('a confirmation without a write', () => {
  it('throws into the transport', async () => {
    const { bench, connection } = up()
    expect(() => {
      connection.written()
    }).toThrow('link: the transport confirmed a write that was not made')
    await bench.stopped()
  })

  it('throws after a confirmed write too', async () => {
    const { bench, connection } = up()
    bench.send('once')
    bench.soon()
    connection.written()
    expect(() => {
      connection.written()
    }).toThrow('link: the transport confirmed a write that was not made')
    expect(bench.node.link('peer').counters).toMatchObject({ written: 1, queued: 0 })
    await bench.stopped()
  })
})

describe("the peer's FIN", () => {
  it('on a lasting link stops new writes; the queue goes over the next connection', async () => {
    const { bench, connection } = up()
    bench.send('under way')
    bench.soon()
    connection.fin()
    bench.send('not into the void')
    bench.soon()
    expect(connection.finSent, 'the write under way ends first').toBe(false)
    connection.written()
    expect(connection.finSent).toBe(true)
    connection.closed()
    expect(bench.states.at(-1)).toBe('peer backoff (peer closed)')
    bench.clock.advance(60_000)
    const next = bench.transport.lastDial.open()
    bench.clock.advance(1_000)
    expect(next.sent).toEqual(['not into the void'])
    expect(bench.node.link('peer').counters.resent).toBe(0)
    await bench.stopped()
  })

  it('on a passing link lets the node send its queue, for `halfClose`', async () => {
    const { bench, connection } = accepted()
    connection.receive('question')
    connection.fin()
    bench.send('answer', { to: { link: 'in', epoch: 1 } })
    bench.soon()
    expect(connection.sent).toEqual(['answer'])
    connection.written()
    bench.clock.advance(1_999)
    expect(connection.finSent).toBe(false)
    bench.clock.advance(1)
    expect(connection.finSent).toBe(true)
    connection.closed()
    expect(bench.states.at(-1)).toBe('in awaiting (peer closed)')
    await bench.stopped()
  })

  it('inside a frame is reported as such', async () => {
    const { bench, connection } = up()
    connection.receiveBytes(frame('half a frame').subarray(0, 5))
    connection.fin()
    connection.closed()
    expect(bench.states.at(-1)).toContain('the stream ended 5 bytes into a frame')
    await bench.stopped()
  })

  it('is waited for after our own, up to linger', async () => {
    const { bench, connection } = up()
    bench.node.link('peer').close()
    expect(connection.finSent).toBe(true)
    connection.receive('still talking')
    expect(bench.messages).toEqual(['peer#1 still talking'])
    bench.clock.advance(999)
    expect(connection.destroyed).toBe(false)
    bench.clock.advance(1)
    expect(connection.destroyed).toBe(true)
    expect(bench.states.at(-1)).toBe('peer backoff (operator)')
    await bench.stopped()
  })

  it('does not cut a write in progress', async () => {
    const { bench, connection } = up()
    bench.send('the last word')
    bench.soon()
    bench.node.link('peer').close()
    connection.fin()
    bench.clock.advance(29_000)
    expect(connection).toMatchObject({ finSent: false, destroyed: false })
    connection.written()
    expect(connection.finSent).toBe(true)
    connection.closed()
    expect(bench.node.link('peer').counters).toMatchObject({ written: 1, queued: 0 })
    await bench.stopped()
  })

  it('after our own leaves the transport the whole `linger` to end the connection', async () => {
    const { bench, connection } = up({ linger: '10s' })
    bench.node.link('peer').close()
    connection.fin()
    bench.clock.advance(9_999)
    expect(connection.destroyed).toBe(false)
    bench.clock.advance(1)
    expect(connection.destroyed).toBe(true)
    await bench.stopped()
  })

  it('on probation is answered immediately, whatever `halfClose` is', async () => {
    const { bench, connection } = up({ halfClose: 'serve' })
    connection.reset()
    bench.clock.advance(60_000)
    const next = bench.transport.lastDial.open()
    next.fin()
    expect(next.finSent).toBe(true)
    await bench.stopped()
  })

  it('is finally answered if a write in progress never finishes', async () => {
    const { bench, connection } = up()
    bench.send('stuck')
    bench.soon()
    connection.fin()
    bench.clock.advance(2_000)
    expect(connection.destroyed).toBe(true)
    await bench.stopped()
  })
})

describe("silence after the peer's FIN", () => {
  const serving = { halfClose: 'serve', silence: '1s' } as const

  it('does not count if the link was paused when the FIN came', async () => {
    const { bench, connection } = accepted(serving)
    const link = bench.node.link('in')
    link.pause()
    connection.fin()
    link.resume()
    bench.clock.advance(1_900)
    expect([connection.destroyed, link.state]).toEqual([false, 'up'])
    await bench.stopped()
  })

  it('does not count if the link is paused and resumed later', async () => {
    const { bench, connection } = accepted(serving)
    const link = bench.node.link('in')
    connection.fin()
    link.pause()
    link.resume()
    bench.clock.advance(1_900)
    expect([connection.destroyed, link.state]).toEqual([false, 'up'])
    await bench.stopped()
  })
})

describe('frames that wait during a pause', () => {
  it('are delivered before the loss when the peer ended', async () => {
    const { bench, connection } = up()
    bench.node.link('peer').pause()
    connection.receive('one', 'two')
    connection.fin()
    expect(bench.messages).toEqual([])
    expect(connection.finSent, 'they come first').toBe(false)
    bench.node.link('peer').resume()
    expect(bench.messages).toEqual(['peer#1 one', 'peer#1 two'])
    expect(connection.finSent).toBe(true)
    connection.closed()
    await bench.stopped()
  })

  it('wait in the link after halfClose, while it dials again, and come before the next connection', async () => {
    const { bench, connection } = up()
    const link = bench.node.link('peer')
    link.pause()
    connection.receive('one', 'two')
    connection.fin()
    bench.clock.advance(2_000)
    expect(connection.finSent).toBe(true)
    connection.closed()
    bench.clock.advance(60_000)
    const next = bench.transport.lastDial.open()
    bench.clock.advance(10_000)
    expect(next.reading, 'the link is held').toBe(false)
    expect(link.counters).toMatchObject({ discarded: 0, received: 0 })
    link.resume()
    next.receive('three')
    expect(bench.messages).toEqual(['peer#1 one', 'peer#1 two', 'peer#2 three'])
    await bench.stopped()
  })

  it('are delivered when the connection is reset and the holder lets go', async () => {
    const { bench, connection } = up()
    bench.node.link('peer').pause()
    connection.receive('one', 'two')
    connection.reset()
    bench.node.link('peer').resume()
    expect(bench.messages).toEqual(['peer#1 one', 'peer#1 two'])
    await bench.stopped()
  })

  it('are delivered in parts, each of which restarts heldFor', async () => {
    const { bench, connection } = up({ heldFor: '10s' })
    const link = bench.node.link('peer')
    bench.node.on('message', () => {
      link.pause()
    })
    link.pause()
    connection.receive('one', 'two', 'three')
    connection.reset()
    for (const count of [1, 2, 3]) {
      bench.clock.advance(9_999)
      link.resume()
      expect(bench.messages).toHaveLength(count)
    }
    expect(link.counters).toMatchObject({ discarded: 0, received: 3 })
    await bench.stopped()
  })

  it('are discarded, counted and reported if nothing is taken for heldFor', async () => {
    const { bench, connection } = up({ heldFor: '10s' })
    const link = bench.node.link('peer')
    link.pause()
    connection.receive('one', 'two')
    connection.reset()
    bench.clock.advance(9_999)
    expect(link.counters.discarded).toBe(0)
    bench.clock.advance(1)
    expect(link.counters).toMatchObject({ discarded: 2, received: 0 })
    expect(bench.warnings).toEqual(['HELD_TOO_LONG'])
    link.resume()
    expect(bench.messages).toEqual([])
    await bench.stopped()
  })

  it('let no further write begin, which the kernel would confirm although the peer has gone', async () => {
    const { bench, connection } = up()
    bench.node.link('peer').pause()
    connection.receive('one')
    connection.fin()
    bench.send('too late')
    bench.soon()
    expect(connection.sent).toEqual([])
    bench.node.link('peer').resume()
    expect(bench.messages).toEqual(['peer#1 one'])
    expect(connection.finSent).toBe(true)
    connection.closed()
    expect(bench.node.link('peer').counters).toMatchObject({ written: 0, queued: 1 })
    bench.clock.advance(60_000)
    const next = bench.transport.lastDial.open()
    bench.soon()
    expect(next.sent).toEqual(['too late'])
    await bench.stopped()
  })

  it('are discarded and counted when the node stops', async () => {
    const { bench, connection } = up()
    bench.node.link('peer').pause()
    connection.receive('one', 'two')
    connection.reset()
    await bench.node.stop()
    expect(bench.node.link('peer').counters).toMatchObject({ discarded: 2, received: 0 })
    expect(bench.clock.pendingTimers).toBe(0)
  })

  it('keep the connection of a served peer, which may get replies to them', async () => {
    const { bench, connection } = accepted({ halfClose: 'serve' })
    const link = bench.node.link('in')
    link.pause()
    connection.receive('question')
    connection.fin()
    bench.clock.advance(60_000)
    expect([link.state, connection.finSent]).toEqual(['up', false])
    link.resume()
    expect(bench.messages).toEqual(['in#1 question'])
    expect(link.state).toBe('up')
    bench.clock.advance(2_000)
    expect(connection.finSent).toBe(true)
    await bench.stopped()
  })

  it('do not keep the connection of a served peer for longer than heldFor', async () => {
    const { bench, connection } = accepted({ halfClose: 'serve', heldFor: '10s' })
    const link = bench.node.link('in')
    link.pause()
    connection.receive('question')
    connection.fin()
    bench.clock.advance(12_000)
    expect(link.counters.discarded).toBe(1)
    bench.clock.advance(2_000)
    expect(connection.finSent).toBe(true)
    await bench.stopped()
  })

  it('come before a next connection that opens while one of them is being delivered', async () => {
    const { bench, connection } = accepted({})
    const link = bench.node.link('in')
    let first = true
    bench.node.on('message', () => {
      if (!first) return
      first = false
      const release = link.hold()
      connection.reset()
      release()
      bench.transport.accept('10.0.0.3')?.receive('three')
    })
    connection.receive('one', 'two')
    bench.soon()
    expect(bench.messages).toEqual(['in#1 one', 'in#1 two', 'in#2 three'])
    await bench.stopped()
  })

  it('are discarded if their connection was never ready, because it has no epoch', async () => {
    const { bench, connection } = accepted({ ready: 'frame' })
    const link = bench.node.link('in')
    connection.receive('one')
    link.pause()
    connection.reset()
    const next = bench.transport.accept('10.0.0.3')
    next?.receive('two')
    next?.reset()
    link.resume()
    expect(bench.messages).toEqual(['in#1 one'])
    expect(link.counters.discarded).toBe(1)
    await bench.stopped()
  })

  it('are delivered if one listener holds, closes and releases the link during a delivery', async () => {
    const { bench, connection } = up()
    const link = bench.node.link('peer')
    let first = true
    bench.node.on('message', () => {
      if (!first) return
      first = false
      const release = link.hold()
      connection.reset()
      release()
    })
    connection.receive('one', 'two', 'three')
    bench.soon()
    expect(bench.messages).toEqual(['peer#1 one', 'peer#1 two', 'peer#1 three'])
    await bench.stopped()
  })

  it('do not exist if nothing has arrived: the end is answered when reading continues', async () => {
    const { bench, connection } = up()
    bench.node.link('peer').pause()
    connection.fin()
    expect(connection.finSent).toBe(false)
    bench.node.link('peer').resume()
    expect(connection.finSent).toBe(true)
    await bench.stopped()
  })

  it('are delivered one after the other if a listener pauses and resumes', async () => {
    const { bench, connection } = up()
    bench.node.on('message', () => {
      bench.node.link('peer').pause()
      bench.node.link('peer').resume()
    })
    const heard: string[] = []
    bench.node.on('message', ({ payload }) => heard.push(Buffer.from(payload).toString('latin1')))
    connection.receive('one', 'two', 'three')
    expect(heard).toEqual(['one', 'two', 'three'])
    expect(connection.reading).toBe(true)
    await bench.stopped()
  })

  it('stop in the middle of a chunk if a listener pauses, and continue in order', async () => {
    const { bench, connection } = up()
    bench.node.on('message', () => {
      bench.node.link('peer').pause()
    })
    connection.receive('one', 'two', 'three')
    expect(bench.messages).toEqual(['peer#1 one'])
    expect(connection.reading).toBe(false)
    bench.node.link('peer').resume()
    expect(bench.messages).toEqual(['peer#1 one', 'peer#1 two'])
    bench.node.link('peer').resume()
    expect(bench.messages).toEqual(['peer#1 one', 'peer#1 two', 'peer#1 three'])
    bench.node.link('peer').resume()
    expect(connection.reading).toBe(true)
    await bench.stopped()
  })
})

describe('an old connection', () => {
  it('leaves no half frame for the next one', async () => {
    const { bench, connection } = up()
    connection.receiveBytes(frame('lost in the middle').subarray(0, 9))
    connection.reset()
    bench.clock.advance(60_000)
    const next = bench.transport.lastDial.open()
    next.receive('clean')
    expect(bench.messages).toEqual(['peer#2 clean'])
    await bench.stopped()
  })

  it('delivers nothing as if it came from the next one: the rest of its chunk is discarded', async () => {
    const { bench, connection } = accepted({ duplicate: 'replace' })
    let discardedAtLoss: number | undefined
    bench.node
      .on('message', () => {
        if (!connection.destroyed) bench.transport.accept('10.0.0.2')
      })
      .on('link', ({ state, link }) => {
        if (state === 'awaiting') discardedAtLoss = bench.node.link(link).counters.discarded
      })
    connection.receive('one', 'two', 'three')
    expect(bench.messages).toEqual(['in#1 one'])
    expect(bench.node.link('in')).toMatchObject({ state: 'up', epoch: 2 })
    expect(discardedAtLoss, 'counted before anybody hears of the loss').toBe(2)
    expect(bench.node.link('in').counters).toMatchObject({ received: 1, discarded: 2 })
    await bench.stopped()
  })

  it('starts nothing if it was replaced as soon as it was up', async () => {
    const heartbeat = { every: '5s', payload: 'hb' }
    const links: EntryOptions[] = [
      { id: 'in', role: 'passive', ip: '0.0.0.0', duplicate: 'replace', heartbeat },
    ]
    const bench = TestNode.started({ listen: { port: 1 }, links })
    const connections: (ScriptedConnection | undefined)[] = []
    bench.node.on('link', ({ epoch, state }) => {
      if (state === 'up' && epoch === 1) connections.push(bench.transport.accept('10.0.0.2'))
    })
    connections.push(bench.transport.accept('10.0.0.2'))
    const [second, first] = connections
    expect(first).toMatchObject({ destroyed: true, reading: false })
    bench.clock.advance(5_000)
    expect([first?.sent, second?.sent]).toEqual([[], ['hb']])
    await bench.stopped()
  })

  it('is not written to after our FIN, even if proof of life comes only then', async () => {
    const { bench, connection } = up()
    connection.reset()
    bench.clock.advance(60_000)
    const next = bench.transport.lastDial.open()
    bench.send('for the connection after this one')
    bench.node.link('peer').close()
    next.receive('hello')
    bench.soon()
    expect(next).toMatchObject({ finSent: true, sent: [] })
    expect(bench.messages).toEqual(['peer#2 hello'])
    await bench.stopped()
  })

  it('is fenced: late confirmations, bytes and ends are ignored', async () => {
    const { bench, connection } = up({ stall: '1s' })
    bench.send('x')
    bench.soon()
    bench.clock.advance(1_000)
    expect(connection.destroyed).toBe(true)
    connection.written()
    connection.receive('late')
    connection.fin()
    connection.closed({ kind: 'destroyed' })
    expect(bench.node.link('peer').counters).toMatchObject({ fenced: 3, written: 0, queued: 1 })
    expect(bench.messages).toEqual([])
    await bench.stopped()
  })
})

describe('the reason of a loss', () => {
  it('is the error of the network while both sides are open', async () => {
    const { bench, connection } = up()
    connection.reset()
    expect(bench.states.at(-1)).toBe('peer backoff (reset by peer)')
    bench.clock.advance(60_000)
    const error = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })
    bench.transport.lastDial.open().closed({ kind: 'failed', error })
    expect(bench.states.at(-1)).toBe('peer backoff (write EPIPE)')
    await bench.stopped()
  })

  it('stays our own if the peer resets a connection that we have ended', async () => {
    const { bench, connection } = up()
    bench.node.link('peer').close()
    connection.reset()
    expect(bench.states.at(-1)).toBe('peer backoff (operator)')
    await bench.stopped()
  })

  it('stays the first of two ends, as does the deadline', async () => {
    const { bench, connection } = up()
    bench.node.link('peer').close()
    bench.clock.advance(900)
    bench.node.link('peer').disable()
    bench.clock.advance(100)
    expect(connection.destroyed).toBe(true)
    expect(bench.states.at(-1)).toBe('peer idle (operator)')
    await bench.stopped()
  })
})

describe('a dead peer', () => {
  it('is noticed by a write that does not finish', async () => {
    const { bench, connection } = up()
    bench.send('x')
    bench.clock.advance(29_999)
    expect(connection.destroyed).toBe(false)
    bench.clock.advance(1)
    expect(bench.states.at(-1)).toBe('peer backoff (write stall)')
    await bench.stopped()
  })

  it('is noticed by silence of three heartbeats', async () => {
    const { bench, connection } = up({ heartbeat: { every: '5s', payload: 'hb' } })
    bench.clock.advance(5_000)
    expect(connection.sent).toEqual(['hb'])
    connection.written()
    connection.receive('hb')
    bench.clock.advance(14_999)
    expect(connection.destroyed).toBe(false)
    bench.clock.advance(1)
    expect(bench.states.at(-1)).toBe('peer backoff (silence)')
    await bench.stopped()
  })

  it('is not assumed while reading is paused', async () => {
    const { bench, connection } = up({ silence: '5s' })
    bench.clock.advance(4_000)
    bench.node.link('peer').pause()
    bench.clock.advance(60_000)
    bench.node.link('peer').resume()
    bench.clock.advance(4_999)
    expect(connection.destroyed).toBe(false)
    bench.clock.advance(1)
    expect(connection.destroyed).toBe(true)
    await bench.stopped()
  })

  it('is noticed by a frame that is not completed in time', async () => {
    const { bench, connection } = up()
    for (const byte of [0, 20, 1, 2, 3, 4]) {
      connection.receiveBytes(new Uint8Array([byte]))
      bench.clock.advance(1_900)
    }
    expect(bench.states).toContain('peer backoff (partial frame)')
    await bench.stopped()
  })

  it('is not assumed for an incomplete frame while reading is paused', async () => {
    const { bench, connection } = up()
    const pause = (): void => {
      bench.node.link('peer').pause()
    }
    bench.node.on('message', pause)
    const half = frame('two').subarray(0, 4)
    connection.receiveBytes(Buffer.concat([frame('one'), half]))
    bench.clock.advance(60_000)
    expect(connection.destroyed).toBe(false)
    bench.node.off('message', pause)
    bench.node.link('peer').resume()
    bench.clock.advance(9_999)
    expect(connection.destroyed).toBe(false)
    bench.clock.advance(1)
    expect(bench.states).toContain('peer backoff (partial frame)')
    await bench.stopped()
  })

  it('is not assumed for frames that are each completed in time', async () => {
    const { bench, connection } = up()
    for (let round = 0; round < 5; round++) {
      const bytes = frame('slow but whole')
      connection.receiveBytes(bytes.subarray(0, 7))
      bench.clock.advance(9_000)
      connection.receiveBytes(bytes.subarray(7))
      bench.clock.advance(9_000)
    }
    expect(bench.node.link('peer').state).toBe('up')
    await bench.stopped()
  })
})

describe('a heartbeat', () => {
  it('is sent only after quiet, before the queue, and is not a message', async () => {
    const { bench, connection } = up({ heartbeat: { every: '5s', payload: 'hb', answer: 'ok' } })
    bench.clock.advance(3_000)
    bench.send('data')
    bench.soon()
    connection.written()
    connection.receive('hb')
    bench.send('more')
    bench.soon()
    expect(connection.sent).toEqual(['data', 'ok', 'more'])
    connection.written()
    connection.receive('ok')
    bench.clock.advance(4_999)
    expect(connection.sent).toHaveLength(3)
    bench.clock.advance(1)
    expect(connection.sent.at(-1)).toBe('hb')
    expect(bench.node.link('peer').counters).toMatchObject({
      written: 2,
      received: 0,
      heartbeatsSent: 1,
      heartbeatsReceived: 2,
    })
    await bench.stopped()
  })

  it('waits while a write is unconfirmed', async () => {
    const { bench, connection } = up({ heartbeat: { every: '5s', payload: 'hb' }, silence: 'off' })
    bench.send('stuck')
    bench.clock.advance(12_000)
    expect(connection.sent).toEqual(['stuck'])
    connection.written()
    bench.soon()
    expect(connection.sent, 'the write was the sign of life').toEqual(['stuck'])
    expect(bench.node.link('peer').counters.heartbeatsSent).toBe(0)
    await bench.stopped()
  })

  it('is answered once for all heartbeats that arrive during one write', async () => {
    const { bench, connection } = up({ heartbeat: { every: '5s', payload: 'hb', answer: 'ok' } })
    bench.send('under way')
    bench.soon()
    connection.receive('hb', 'hb', 'hb')
    connection.written()
    expect(connection.sent).toEqual(['under way', 'ok'])
    await bench.stopped()
  })

  it('is not sent before proof of life, and not made up for', async () => {
    const { bench, connection } = up({ heartbeat: { every: '400ms', payload: 'hb' } })
    connection.reset()
    bench.clock.advance(60_000)
    const next = bench.transport.lastDial.open()
    bench.clock.advance(900)
    next.receive('hello')
    bench.soon()
    expect(bench.node.link('peer').state).toBe('up')
    expect(next.sent).toEqual([])
    bench.clock.advance(400)
    expect(next.sent).toEqual(['hb'])
    expect(bench.node.link('peer').counters.heartbeatsSent).toBe(1)
    await bench.stopped()
  })

  it.each([undefined, 'ok'])('hides nothing else, with the answer %s', async (answer) => {
    const heartbeat = { every: '5s', payload: 'hb', ...(answer && { answer }) }
    const { bench, connection } = up({ heartbeat })
    connection.receive('hb', 'data', 'h', 'hb', 'more')
    bench.soon()
    expect(bench.messages).toEqual(['peer#1 data', 'peer#1 h', 'peer#1 more'])
    expect(connection.sent).toEqual(answer === undefined ? [] : [answer])
    expect(bench.warnings).toEqual([])
    await bench.stopped()
  })
})

describe('stopping', () => {
  it('writes what is queued on a link that is up, then ends it by FIN', async () => {
    const { bench, connection } = up()
    bench.send('one')
    bench.soon()
    bench.send('two')
    const stopping = bench.node.stop()
    expect(() => bench.send('three')).toThrow('the node is stopping')
    expect(connection.finSent).toBe(false)
    connection.written()
    expect(connection.sent).toEqual(['one', 'two'])
    connection.written()
    expect(connection.finSent).toBe(true)
    connection.receive('goodbye')
    expect(bench.messages).toEqual(['peer#1 goodbye'])
    connection.fin()
    connection.closed()
    await stopping
    expect(bench.node.link('peer').counters.written).toBe(2)
    expect(bench.clock.pendingTimers).toBe(0)
  })

  it('cuts at the deadline and reports what was not written', async () => {
    const { bench } = up()
    bench.send('stuck', { id: 's' })
    bench.soon()
    const stopping = bench.node.stop({ deadlineMs: 700 })
    bench.clock.advance(699)
    expect(bench.node.link('peer').state).toBe('draining')
    bench.clock.advance(1)
    await stopping
    expect(bench.outcomes).toMatchObject([{ id: 's', outcome: 'dropped', reason: 'stopped' }])
    bench.checkLedgers()
    expect(bench.clock.pendingTimers).toBe(0)
  })

  it('is one stop for all callers, including those within its events', async () => {
    const { bench, connection } = up()
    bench.node.on('link', ({ state }) => {
      if (state === 'draining') void bench.node.stop()
    })
    const stopping = bench.node.stop()
    connection.closed()
    await stopping
    expect(bench.clock.pendingTimers).toBe(0)
  })

  it('does not wait for links that are not up', async () => {
    const bench = TestNode.started({ links: [PEER] })
    bench.send('queued', { id: 'q' })
    await bench.node.stop()
    expect(bench.outcomes).toMatchObject([{ id: 'q', outcome: 'dropped', reason: 'stopped' }])
    expect(bench.clock.pendingTimers).toBe(0)
  })

  it('resolves for a node that never started, and twice', async () => {
    const bench = new TestNode({ links: [PEER] })
    await bench.node.stop()
    await bench.node.stop()
    await expect(bench.node.start()).rejects.toMatchObject({ code: 'CML_ERR_NOT_RUNNING' })
  })
})
