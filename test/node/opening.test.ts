import type { EntryOptions, NodeOptions } from '@commloop/core'
import { describe, expect, it } from 'vitest'
import { ScriptedOpening } from './scripted-opening.js'
import type { ScriptedConnection } from './scripted-transport.js'
import { PEER, TestNode } from './test-node.js'

const fixed = { spec: 'fixed', value: { delayMs: () => 100 } }
const IN: EntryOptions = { id: 'in', role: 'passive', ip: '10.0.0.3' }

interface Bench {
  readonly bench: TestNode
  readonly opening: ScriptedOpening
  readonly connection: ScriptedConnection
}

/** An active link whose first connection has just opened, with one message waiting. */
function dialled(opening = new ScriptedOpening(), options: Partial<NodeOptions> = {}): Bench {
  const links = [{ ...PEER, reconnect: fixed }]
  const choice = { spec: 'scripted', value: opening }
  const bench = TestNode.started({ opening: choice, ...options, links })
  bench.send('waiting')
  const connection = bench.transport.lastDial.open()
  bench.soon()
  return { bench, opening, connection }
}

function accept(bench: TestNode): ScriptedConnection {
  const connection = bench.transport.accept('10.0.0.3')
  if (connection === undefined) throw new Error('the node refused the peer')
  return connection
}

function passive(opening: ScriptedOpening, entry: Partial<EntryOptions> = {}): TestNode {
  return TestNode.started({
    listen: { port: 8000 },
    links: [{ ...IN, ...entry, opening: { spec: 'scripted', value: opening } }],
  })
}

describe('an opening', () => {
  it('is told of the link, its entry, its role and the peer', async () => {
    const { bench, opening } = dialled()
    const remote = { ip: '10.0.0.2', port: 8001 }
    const peer = { link: 'peer', entry: 'peer', role: 'active', remote, identities: [] }
    expect(opening.last.peer).toEqual(peer)
    await bench.stopped()
  })

  it('speaks first, and messages follow when it opens the link', async () => {
    const { bench, connection } = dialled()
    const link = bench.node.link('peer')
    expect([link.state, link.epoch, connection.sent]).toEqual(['dialing', 0, ['logon']])
    connection.written()
    connection.receive('ok')
    bench.soon()
    expect([link.state, link.epoch, connection.sent]).toEqual(['up', 1, ['logon', 'waiting']])
    connection.written()
    expect(bench.messages).toEqual([])
    const { counters } = link
    expect(counters).toMatchObject({ openingSent: 1, openingReceived: 1, received: 0, written: 1 })
    await bench.stopped()
  })

  it('ends with the last frame that it takes: what follows in the same chunk is a message', async () => {
    const { bench, connection } = dialled()
    connection.receive('o-1', 'ok', 'first', 'ok')
    bench.soon()
    expect(bench.messages).toEqual(['peer#1 first', 'peer#1 ok'])
    expect(bench.node.link('peer').counters).toMatchObject({ received: 2, openingReceived: 2 })
    await bench.stopped()
  })

  it('delivers the frame with which it opens, if it does not take it', async () => {
    const opens = new ScriptedOpening({
      answer: (_, door) => {
        door.open()
        return false
      },
    })
    const { bench, connection } = dialled(opens)
    connection.receive('hello')
    expect(bench.messages).toEqual(['peer#1 hello'])
    await bench.stopped()
  })

  it('may open the link in begin, before anything was received', async () => {
    const { bench, connection } = dialled(
      new ScriptedOpening({
        begin: (door) => {
          door.send(Buffer.from('registration'))
          door.open()
        },
      }),
    )
    expect(bench.node.link('peer').state).toBe('up')
    expect(connection.sent).toEqual(['registration', 'waiting'])
    await bench.stopped()
  })

  it('may open the link at any later time', async () => {
    const { bench, opening, connection } = dialled()
    connection.written()
    opening.last.door.open()
    bench.soon()
    expect(connection.sent).toEqual(['logon', 'waiting'])
    await bench.stopped()
  })

  it('sends equal payloads as often as it is told, and copies them', async () => {
    const bytes = Buffer.from('same')
    const twice = new ScriptedOpening({
      begin: (door) => {
        door.send(bytes)
        door.send(bytes)
        bytes.fill(0)
      },
    })
    const { bench, connection } = dialled(twice)
    expect(connection.sent).toEqual(['same', 'same'])
    await bench.stopped()
  })

  it.each([
    [new Uint8Array(65_536), 'CML_ERR_PAYLOAD_TOO_LARGE'],
    ['text' as never, 'CML_ERR_PAYLOAD_INVALID'],
  ])('cannot send what is not a payload of the codec', async (payload, code) => {
    const { bench, opening } = dialled()
    expect(() => {
      opening.last.door.send(payload)
    }).toThrow(expect.objectContaining({ code }) as Error)
    await bench.stopped()
  })

  it('is a proof of life when it opens: the next loss is the first', async () => {
    const { bench, connection } = dialled()
    connection.receive('ok')
    connection.reset()
    expect(bench.node.link('peer').attempt).toBe(0)
    await bench.stopped()
  })

  it('does not prove anything by its frames: a refusing peer runs into backoff', async () => {
    const { bench, connection } = dialled()
    const link = bench.node.link('peer')
    let present = connection
    for (let attempt = 1; attempt <= 5; attempt++) {
      present.receive('o-1', 'no')
      present.closed()
      expect(link.attempt).toBe(attempt)
      bench.clock.advance(100)
      present = bench.transport.lastDial.open()
    }
    expect(bench.states).not.toContain('peer up')
    expect(link.counters).toMatchObject({ queued: 1, written: 0 })
    await bench.stopped()
  })

  it('begins for each connection, also on probation', async () => {
    const { bench, opening, connection } = dialled()
    connection.reset()
    bench.clock.advance(100)
    const next = bench.transport.lastDial.open()
    bench.soon()
    bench.clock.advance(5_000)
    expect([bench.node.link('peer').state, next.sent]).toEqual(['dialing', ['logon']])
    next.written()
    next.receive('ok')
    bench.soon()
    expect(next.sent).toEqual(['logon', 'waiting'])
    expect([opening.sessions.length, opening.sessions[0]?.ends]).toEqual([2, 1])
    await bench.stopped()
  })

  it('works on accepted connections, whose peer may speak first', async () => {
    const opening = new ScriptedOpening({ begin: () => undefined })
    const bench = passive(opening)
    const connection = accept(bench)
    expect(bench.node.link('in').state).toBe('awaiting')
    expect(() => bench.send('early', { to: 'in' })).not.toThrow()
    connection.receive('ok', 'hello')
    bench.soon()
    expect(bench.messages).toEqual(['in#1 hello'])
    expect(connection.sent).toEqual(['early'])
    await bench.stopped()
  })

  it('goes on with frames after open if it stays, before heartbeats', async () => {
    const stays = new ScriptedOpening({ stays: true })
    const heartbeat = { every: '1s', payload: 'o-beat' }
    const { bench, opening, connection } = dialled(stays, { heartbeat })
    connection.receive('ok', 'data', 'o-enquiry', 'o-beat')
    opening.last.say('o-answer')
    bench.soon()
    connection.written()
    bench.soon()
    expect(bench.messages).toEqual(['peer#1 data'])
    expect(opening.last.frames).toEqual(['ok', 'data', 'o-enquiry', 'o-beat'])
    expect(connection.sent).toEqual(['logon', 'o-answer', 'waiting'])
    expect(bench.node.link('peer').counters).toMatchObject({
      openingReceived: 3,
      openingSent: 2,
      received: 1,
      heartbeatsReceived: 0,
    })
    await bench.stopped()
  })

  it('gets nothing after open if it does not stay', async () => {
    const { bench, opening, connection } = dialled()
    connection.receive('ok', 'o-late')
    expect(opening.last.frames).toEqual(['ok'])
    expect(bench.messages).toEqual(['peer#1 o-late'])
    await bench.stopped()
  })

  it('comes before the heartbeats of this node, and recognises those of the peer', async () => {
    const heartbeat = { every: '1s', payload: 'beat', answer: 'back' }
    const { bench, connection } = dialled(undefined, { heartbeat, silence: 'off' })
    connection.written()
    connection.receive('beat')
    bench.clock.advance(5_000)
    expect(connection.sent).toEqual(['logon'])
    connection.receive('ok')
    bench.soon()
    connection.written()
    bench.clock.advance(1_000)
    expect(connection.sent).toEqual(['logon', 'waiting', 'beat'])
    connection.written()
    connection.receive('beat')
    bench.soon()
    expect(connection.sent.at(-1)).toBe('back')
    expect(bench.node.link('peer').counters.heartbeatsReceived).toBe(2)
    await bench.stopped()
  })
})

describe('an opening that fails', () => {
  it('refuses: what it has said is written, then FIN, and the reason is its own', async () => {
    const refuses = new ScriptedOpening({
      answer: (_, door) => {
        door.send(Buffer.from('rejected'))
        door.refuse('unknown user')
        door.open()
        return true
      },
    })
    const bench = passive(refuses, { opening: { spec: 'scripted', value: refuses } })
    const connection = accept(bench)
    bench.soon()
    connection.receive('user')
    bench.soon()
    expect([connection.sent, connection.finSent]).toEqual([['logon'], false])
    connection.written()
    expect([connection.sent, connection.finSent]).toEqual([['logon', 'rejected'], false])
    connection.written()
    expect(connection.finSent).toBe(true)
    connection.receive('late')
    connection.closed()
    expect(bench.states.at(-1)).toBe('in awaiting (not opened: unknown user)')
    expect([bench.messages, refuses.last.frames]).toEqual([[], ['user']])
    await bench.stopped()
  })

  it('may refuse in begin', async () => {
    const { bench, connection } = dialled(
      new ScriptedOpening({
        begin: (door) => {
          door.refuse('not today')
        },
      }),
    )
    expect(connection.finSent).toBe(true)
    connection.reset()
    expect(bench.states.at(-1)).toBe('peer backoff (not opened: not today)')
    await bench.stopped()
  })

  it('is too slow: openTimeout counts from the connection, and names the progress', async () => {
    const { bench, opening, connection } = dialled(undefined, { openTimeout: '3s' })
    opening.last.progress = 'step 2 of 3'
    bench.clock.advance(2_000)
    connection.receive('o-1')
    bench.clock.advance(999)
    expect(connection.destroyed).toBe(false)
    bench.clock.advance(1)
    expect(connection.destroyed).toBe(true)
    const reason = 'opening timeout: not open within 3s, at step 2 of 3'
    expect(bench.states.at(-1)).toBe(`peer backoff (${reason})`)
    expect(opening.last.ends).toBe(1)
    await bench.stopped()
  })

  it('has no limit of time with openTimeout: 0', async () => {
    const { bench, connection } = dialled(undefined, { openTimeout: 0 })
    connection.written()
    bench.clock.advance(3_600_000)
    expect(connection.destroyed).toBe(false)
    connection.receive('ok')
    expect(bench.node.link('peer').state).toBe('up')
    await bench.stopped()
  })

  it.each([
    ['throws in begin', { begin: thrower }],
    ['throws in received', { answer: thrower }],
    ['answers neither true nor false', { answer: (() => 'boom') as never }],
  ])('%s: only its connection ends', async (_, script) => {
    const { bench, connection } = dialled(new ScriptedOpening(script))
    connection.receive('o-1', 'o-2')
    expect(connection.destroyed).toBe(true)
    expect(bench.states.at(-1)).toMatch(/^peer backoff \(opening threw: .*boom/)
    expect(bench.messages).toEqual([])
    connection.closed({ kind: 'destroyed' })
    await bench.stopped()
  })

  it('returns no session', async () => {
    const choice = { spec: 'bad', value: { begin: () => undefined as never } }
    const bench = TestNode.started({ opening: choice, links: [PEER] })
    bench.transport.lastDial.open()
    const reason = 'opening threw: begin did not return a session'
    expect(bench.states.at(-1)).toBe(`peer backoff (${reason})`)
    await bench.stopped()
  })

  it('throws while it stays: the connection ends', async () => {
    const { bench, connection } = dialled(
      new ScriptedOpening({
        stays: true,
        answer: (text, door) => {
          if (text !== 'ok') throw new Error('boom')
          door.open()
          return true
        },
      }),
    )
    connection.receive('ok', 'data')
    expect(bench.states.at(-1)).toBe('peer backoff (opening threw: boom)')
    expect(bench.messages).toEqual([])
    await bench.stopped()
  })

  it('throws in ended: the node warns', async () => {
    const { bench, opening, connection } = dialled()
    opening.last.ended = thrower
    connection.reset()
    bench.soon()
    expect(bench.warnings).toEqual(['OPENING_THREW'])
    expect(bench.states.at(-1)).toBe('peer backoff (opening ended: reset by peer)')
    await bench.stopped()
  })

  it('loses its peer: the reason names the progress', async () => {
    const { bench, opening, connection } = dialled()
    opening.last.progress = 'step 1 of 2'
    connection.fin()
    connection.closed()
    const reason = 'opening ended: peer closed, at step 1 of 2'
    expect(bench.states.at(-1)).toBe(`peer backoff (${reason})`)
    await bench.stopped()
  })

  it('does not take a frame: the peer has sent a message too early', async () => {
    const { bench, connection } = dialled()
    connection.receive('data')
    expect(connection.destroyed).toBe(true)
    const reason = 'message before the end of the opening: 4 bytes'
    expect(bench.states.at(-1)).toBe(`peer backoff (${reason})`)
    expect(bench.messages).toEqual([])
    await bench.stopped()
  })

  it('takes a bounded number of frames, and a bounded number of bytes', async () => {
    for (const [text, frames] of [
      ['o-', 1_024],
      [`o-${'x'.repeat(60_000)}`, 18],
    ] as const) {
      const { bench, opening, connection } = dialled()
      for (let count = 0; count < 2_000 && !connection.destroyed; count++) connection.receive(text)
      expect(connection.destroyed).toBe(true)
      expect(opening.last.frames.length).toBeLessThan(frames)
      const reason = 'opening too large: the peer sends more than an opening may take'
      expect(bench.states.at(-1)).toBe(`peer backoff (${reason})`)
      connection.closed({ kind: 'destroyed' })
      await bench.stopped()
    }
  })

  it('lets a bounded number of payloads wait for a peer that does not read', async () => {
    const { bench, opening, connection } = dialled()
    for (let count = 0; count < 64; count++) opening.last.say('more')
    expect(connection.destroyed).toBe(false)
    opening.last.say('more')
    expect(connection.destroyed).toBe(true)
    opening.last.say('without effect')
    const reason = 'opening too large: the peer does not read what the opening sends'
    expect(bench.states.at(-1)).toBe(`peer backoff (${reason})`)
    await bench.stopped()
  })

  it('leads to the next address of the peer', async () => {
    const opening = new ScriptedOpening()
    const links = [{ ...PEER, ip: ['10.0.0.2', '10.0.0.9'], reconnect: fixed }]
    const choice = { spec: 'scripted', value: opening }
    const bench = TestNode.started({ opening: choice, links })
    const connection = bench.transport.lastDial.open()
    connection.receive('no')
    connection.closed()
    bench.clock.advance(100)
    expect(bench.transport.lastDial.target.ip).toBe('10.0.0.9')
    await bench.stopped()
  })
})

describe('an opening and the rest of the link', () => {
  it('is read although the link is held, and then delivers nothing before the release', async () => {
    const opening = new ScriptedOpening()
    const links = [{ ...PEER, reconnect: fixed }]
    const bench = TestNode.started({ opening: { spec: 'scripted', value: opening }, links })
    const release = bench.node.link('peer').hold()
    const connection = bench.transport.lastDial.open()
    expect(connection.reading).toBe(true)
    connection.receive('ok', 'held')
    expect([bench.node.link('peer').state, connection.reading]).toEqual(['up', false])
    expect(bench.messages).toEqual([])
    release()
    expect([bench.messages, connection.reading]).toEqual([['peer#1 held'], true])
    await bench.stopped()
  })

  it('goes on if the link is held during it', async () => {
    const { bench, connection } = dialled()
    const release = bench.node.link('peer').hold()
    expect(connection.reading).toBe(true)
    release()
    expect(connection.reading).toBe(true)
    connection.receive('ok', 'data')
    expect(bench.messages).toEqual(['peer#1 data'])
    await bench.stopped()
  })

  it('does not reach the session when the operator has closed the connection', async () => {
    const { bench, opening, connection } = dialled()
    connection.written()
    bench.node.link('peer').close()
    connection.receive('ok')
    opening.last.door.open()
    opening.last.say('late')
    opening.last.door.refuse('late')
    connection.closed()
    expect(opening.last.frames).toEqual([])
    expect(bench.states.at(-1)).toBe('peer backoff (operator)')
    expect(bench.states).not.toContain('peer up')
    expect(connection.sent).toEqual(['logon'])
    await bench.stopped()
  })

  it('ends with the node, and leaves nothing behind', async () => {
    const { bench, opening, connection } = dialled()
    await bench.stopped()
    expect([connection.destroyed, opening.last.ends]).toEqual([true, 1])
  })

  it('stays during a drain, and answers until the end', async () => {
    const { bench, opening, connection } = dialled(new ScriptedOpening({ stays: true }))
    connection.written()
    connection.receive('ok')
    bench.soon()
    bench.send('second')
    const stopping = bench.node.stop()
    expect(bench.node.link('peer').state).toBe('draining')
    connection.receive('o-enquiry')
    opening.last.say('o-answer')
    bench.soon()
    connection.written()
    expect(connection.sent).toEqual(['logon', 'waiting', 'o-answer', 'second'])
    connection.written()
    connection.closed()
    bench.clock.advance(10_000)
    await stopping
  })

  it('is said again after a reload that changes it', async () => {
    const { bench, opening, connection } = dialled()
    connection.receive('ok')
    const other = new ScriptedOpening()
    const links = [{ ...PEER, reconnect: fixed }]
    const same = await bench.node.reconfigure({
      opening: { spec: 'scripted', value: other },
      links,
    })
    expect(same.unchanged).toEqual(['peer'])
    const choice = { spec: 'other', value: other }
    const changed = await bench.node.reconfigure({ opening: choice, links })
    expect(changed.reconnected).toEqual(['peer'])
    connection.written()
    connection.closed()
    bench.soon()
    bench.transport.lastDial.open()
    expect([opening.sessions.length, other.sessions.length]).toEqual([1, 1])
    const none = await bench.node.reconfigure({ links })
    expect(none.reconnected).toEqual(['peer'])
    await bench.stopped()
  })

  it('is what an entry without one says with `none`', async () => {
    const opening = new ScriptedOpening()
    const plain = { ...PEER, opening: 'none' as const }
    const bench = TestNode.started({ opening: { spec: 's', value: opening }, links: [plain] })
    bench.transport.lastDial.open()
    expect([bench.node.link('peer').state, opening.sessions.length]).toEqual(['up', 0])
    await bench.stopped()
  })

  it('is what `waiting` shows', async () => {
    const { bench, opening, connection } = dialled()
    const remote = { ip: '10.0.0.2', port: 8001 }
    expect(bench.node.link('peer').waiting).toEqual({ for: 'opening', remote })
    opening.last.progress = 'step 2 of 3'
    const waiting = { for: 'opening', remote, progress: 'step 2 of 3' }
    expect(bench.node.link('peer').waiting).toEqual(waiting)
    connection.receive('ok')
    expect(bench.node.link('peer').waiting).toBeUndefined()
    await bench.stopped()
  })

  it('runs on the connection of a newcomer that has won a challenge', async () => {
    const opening = new ScriptedOpening()
    const bench = passive(opening)
    accept(bench)
    const newcomer = accept(bench)
    newcomer.receive('ok', 'hello')
    bench.clock.advance(2_000)
    bench.soon()
    expect([opening.sessions.length, bench.messages]).toEqual([2, ['in#1 hello']])
    await bench.stopped()
  })

  it('shows in the state of a link that is held by its own relay', async () => {
    const opening = new ScriptedOpening({ begin: () => undefined })
    const bench = passive(opening)
    const connection = accept(bench)
    bench.node.link('in').pause()
    connection.receive('ok')
    expect(bench.node.link('in').state).toBe('up')
    bench.node.link('in').resume()
    await bench.stopped()
  })
})

function thrower(): never {
  throw new Error('boom')
}
