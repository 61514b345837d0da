import { Len16Codec } from '@commloop/codec-len16'
import {
  CommloopError,
  type FrameCodec,
  type NodeOptions,
  type RequestOptions,
} from '@commloop/core'
import { describe, expect, it } from 'vitest'
import type { ScriptedConnection } from './scripted-transport.js'
import { PEER, TestNode } from './test-node.js'

/** A node with requests whose ends are recorded in the order in which they come. */
class AskingNode {
  readonly bench: TestNode
  readonly ends: string[] = []

  constructor(options: NodeOptions = { links: [PEER] }) {
    this.bench = TestNode.started(options)
  }

  open(): ScriptedConnection {
    return this.bench.transport.lastDial.open()
  }

  ask(text: string, options: Partial<RequestOptions> = {}): void {
    const payload = Buffer.from(text, 'latin1')
    void this.bench.node.request(payload, { to: 'peer', ...options }).then(
      ({ payload: answer, link, epoch }) => {
        const told = Buffer.from(answer).toString('latin1')
        this.ends.push(`${text}: ${told} from ${link}#${String(epoch)}`)
      },
      (error: unknown) => {
        this.ends.push(`${text}: ${nameOf(error)}`)
      },
    )
  }

  /** The ends so far, when all promises have called back. */
  async ended(): Promise<readonly string[]> {
    this.bench.soon()
    for (let turns = 0; turns < 5; turns++) await Promise.resolve()
    return this.ends
  }

  get counters(): Record<string, number> {
    const { requests } = this.bench.node.counters
    return Object.fromEntries(Object.entries(requests).filter(([, count]) => count > 0))
  }

  async stopped(): Promise<void> {
    await this.bench.stopped()
    expect(this.bench.node.counters.requests.waiting, 'requests that never ended').toBe(0)
  }
}

function nameOf(error: unknown): string {
  if (CommloopError.is(error)) return error.code
  return error instanceof Error ? error.name : 'not an error'
}

/** The first character of a payload. */
function firstCharacter(payload: Uint8Array): number | undefined {
  return payload[0]
}

describe('a request without a key', () => {
  it('gets the next message of its connection, and nothing else gets it', async () => {
    const node = new AskingNode()
    const connection = node.open()
    const seen: string[] = []
    node.bench.node.on('traffic', ({ direction, id }) => seen.push(`${direction} ${id ?? 'no id'}`))
    node.ask('time?')
    node.bench.soon()
    expect(connection.sent).toEqual(['time?'])
    connection.written()
    connection.receive('noon', 'news')
    expect(await node.ended()).toEqual(['time?: noon from peer#1'])
    expect(node.bench.messages).toEqual(['peer#1 news'])
    expect(seen).toEqual(['sent no id', 'received no id', 'received no id'])
    expect(node.bench.outcomes, 'an id of the node itself is shown to no listener').toEqual([])
    expect(node.bench.node.counters).toMatchObject({ accepted: 1, routed: 1, unhandled: 0 })
    expect(node.counters).toEqual({ asked: 1, answered: 1 })
    await node.stopped()
  })

  it('is not relayed when it is answered', async () => {
    const other = { ...PEER, id: 'other', ip: '10.0.0.3' }
    const node = new AskingNode({ links: [PEER, other], relay: true })
    const connection = node.bench.transport.dials[0]?.open()
    node.ask('a')
    node.bench.soon()
    connection?.receive('b', 'c')
    expect(await node.ended()).toEqual(['a: b from peer#1'])
    expect(node.bench.node.counters, 'only the second message').toMatchObject({ accepted: 2 })
    expect(node.bench.node.link('other').queuedMessages).toBe(1)
    await node.stopped()
  })

  it('waits until the one before it has its answer', async () => {
    const node = new AskingNode()
    const connection = node.open()
    for (const text of ['a', 'b', 'c']) node.ask(text)
    node.bench.soon()
    expect(connection.sent).toEqual(['a'])
    connection.written()
    connection.receive('1')
    await node.ended()
    expect(connection.sent).toEqual(['a', 'b'])
    connection.written()
    connection.receive('2')
    await node.ended()
    connection.written()
    connection.receive('3')
    const ends = ['a: 1 from peer#1', 'b: 2 from peer#1', 'c: 3 from peer#1']
    expect(await node.ended()).toEqual(ends)
    await node.stopped()
  })

  it('is not answered by what the peer sent before the request was written', async () => {
    const node = new AskingNode()
    const connection = node.open()
    node.bench.node.on('message', ({ payload }) => {
      if (payload[0] === 0x21) node.ask('a')
    })
    connection.receive('!', 'news')
    node.bench.soon()
    connection.receive('answer')
    expect(await node.ended()).toEqual(['a: answer from peer#1'])
    expect(node.bench.messages).toEqual(['peer#1 !', 'peer#1 news'])
    await node.stopped()
  })

  it('does not get the late answer to the request before it', async () => {
    const node = new AskingNode()
    const connection = node.open()
    node.ask('slow', { timeout: 1_000 })
    node.bench.soon()
    connection.written()
    node.bench.clock.advance(1_000)
    expect(await node.ended()).toEqual(['slow: CML_ERR_REQUEST_TIMEOUT'])
    node.ask('next')
    node.bench.soon()
    expect(connection.sent, 'the late answer may still come').toEqual(['slow'])
    connection.receive('late')
    await node.ended()
    expect(node.bench.messages).toEqual(['peer#1 late'])
    expect(connection.sent).toEqual(['slow', 'next'])
    connection.receive('right')
    expect(await node.ended()).toEqual(['slow: CML_ERR_REQUEST_TIMEOUT', 'next: right from peer#1'])
    expect(node.counters).toEqual({ asked: 2, answered: 1, timedOut: 1, lateAnswers: 1 })
    await node.stopped()
  })

  it('is sent half a timeout later if the peer never answers the one before it', async () => {
    const node = new AskingNode()
    const connection = node.open()
    node.ask('lost', { timeout: 1_000 })
    node.ask('next')
    node.bench.soon()
    connection.written()
    node.bench.clock.advance(1_499)
    expect(connection.sent).toEqual(['lost'])
    node.bench.clock.advance(1)
    expect(connection.sent).toEqual(['lost', 'next'])
    connection.receive('right')
    expect(await node.ended()).toEqual(['lost: CML_ERR_REQUEST_TIMEOUT', 'next: right from peer#1'])
    await node.stopped()
  })

  it('does not get the answer to an aborted request that was still in the outbox', async () => {
    const node = new AskingNode()
    const connection = node.open()
    node.bench.send('fills the write', { to: 'peer' })
    node.bench.soon()
    const abort = new AbortController()
    node.ask('aborted', { signal: abort.signal })
    abort.abort()
    node.ask('next')
    connection.receive('news')
    await node.ended()
    connection.written()
    connection.written()
    connection.receive('to the aborted one')
    await node.ended()
    connection.receive('right')
    expect(await node.ended()).toEqual(['aborted: AbortError', 'next: right from peer#1'])
    expect(node.bench.messages).toEqual(['peer#1 news', 'peer#1 to the aborted one'])
    await node.stopped()
  })
})

describe('requests with a key', () => {
  it('are under way together, and get their answers in any order', async () => {
    const node = new AskingNode()
    const connection = node.open()
    for (const text of ['a?', 'b?', 'c?']) node.ask(text, { key: firstCharacter })
    node.bench.soon()
    expect(connection.sent).toEqual(['a?', 'b?', 'c?'])
    connection.receive('c!', 'x!', 'a!', 'c again', 'b!')
    expect(await node.ended()).toEqual([
      'c?: c! from peer#1',
      'a?: a! from peer#1',
      'b?: b! from peer#1',
    ])
    expect(node.bench.messages, 'a second answer is an ordinary message').toEqual([
      'peer#1 x!',
      'peer#1 c again',
    ])
    await node.stopped()
  })

  it('leave messages without a key to a request without one', async () => {
    const node = new AskingNode()
    const connection = node.open()
    node.ask('a?', { key: firstCharacter })
    node.ask('plain')
    node.bench.soon()
    connection.receive('z', 'a!')
    expect(await node.ended()).toEqual(['plain: z from peer#1', 'a?: a! from peer#1'])
    await node.stopped()
  })

  it('are refused while one with the same key waits, and not after it has ended', async () => {
    const node = new AskingNode()
    const connection = node.open()
    node.ask('a1', { key: firstCharacter, timeout: 1_000 })
    node.ask('a2', { key: firstCharacter })
    expect(await node.ended()).toEqual(['a2: CML_ERR_REQUEST_DUPLICATE'])
    node.bench.clock.advance(1_000)
    node.ask('a3', { key: firstCharacter })
    connection.written()
    connection.receive('answer', 'a second')
    expect(await node.ended()).toEqual([
      'a2: CML_ERR_REQUEST_DUPLICATE',
      'a1: CML_ERR_REQUEST_TIMEOUT',
      'a3: answer from peer#1',
    ])
    expect(connection.sent).toEqual(['a1', 'a3'])
    expect(node.bench.messages).toEqual(['peer#1 a second'])
    expect(node.counters).toEqual({ asked: 3, answered: 1, timedOut: 1, refused: 1 })
    await node.stopped()
  })

  it('count an answer that comes late, which is an ordinary message', async () => {
    const node = new AskingNode()
    const connection = node.open()
    node.ask('a?', { key: firstCharacter, timeout: 1_000 })
    node.ask('b?', { key: firstCharacter, timeout: 1_000 })
    node.bench.clock.advance(1_000)
    connection.receive('a late')
    node.bench.clock.advance(500)
    connection.receive('b much too late')
    await node.ended()
    expect(node.bench.messages).toEqual(['peer#1 a late', 'peer#1 b much too late'])
    expect(node.counters).toEqual({ asked: 2, timedOut: 2, lateAnswers: 1 })
    await node.stopped()
  })

  it('are refused if the key function finds no key in the request', async () => {
    const node = new AskingNode()
    node.open()
    node.ask('', { key: firstCharacter })
    node.ask('thrown', {
      key: () => {
        throw new Error('no')
      },
    })
    expect(await node.ended()).toEqual([
      ': CML_ERR_INPUT_INVALID',
      'thrown: CML_ERR_INPUT_INVALID',
    ])
    expect(node.counters).toEqual({ asked: 2, refused: 2 })
    await node.stopped()
  })

  it('report a key function that throws for a received message, which is an ordinary message', async () => {
    const node = new AskingNode()
    const connection = node.open()
    const key = (payload: Uint8Array): number => {
      if (payload.length > 3) throw new Error('too long')
      return payload.length
    }
    node.ask('abc', { key })
    connection.receive('abcd', 'def')
    expect(await node.ended()).toEqual(['abc: def from peer#1'])
    expect([node.bench.messages, node.bench.warnings]).toEqual([
      ['peer#1 abcd'],
      ['REQUEST_KEY_THREW'],
    ])
    await node.stopped()
  })
})

describe('a request ends without an answer', () => {
  it('at its timeout, also while the link is held', async () => {
    const node = new AskingNode()
    const connection = node.open()
    node.ask('a')
    node.bench.soon()
    connection.written()
    const release = node.bench.node.link('peer').hold()
    connection.receive('answer')
    node.bench.clock.advance(10_000)
    expect(await node.ended()).toEqual(['a: CML_ERR_REQUEST_TIMEOUT'])
    release()
    expect(node.bench.messages).toEqual(['peer#1 answer'])
    expect(node.counters).toMatchObject({ lateAnswers: 1 })
    await node.stopped()
  })

  it('with its connection, and no later connection answers it', async () => {
    const node = new AskingNode()
    node.open().reset()
    const connection = (node.bench.clock.advance(500), node.open())
    node.bench.clock.advance(1_000)
    for (const text of ['a', 'b', 'c']) node.ask(text)
    node.ask('k', { key: firstCharacter })
    node.bench.soon()
    connection.reset()
    const down = ['a', 'b', 'c', 'k'].map((text) => `${text}: CML_ERR_LINK_DOWN`).sort()
    expect([...(await node.ended())].sort()).toEqual(down)
    node.bench.clock.advance(30_000)
    const next = node.open()
    next.receive('k')
    expect(node.bench.messages).toHaveLength(1)
    expect(next.sent, 'no request is sent again').toEqual([])
    expect(node.counters).toEqual({ asked: 4, linkDown: 4 })
    await node.stopped()
  })

  it('at once if the link has no connection, or another one than it names', async () => {
    const node = new AskingNode()
    node.ask('a')
    const connection = node.open()
    node.ask('b', { to: { link: 'peer', epoch: 2 } })
    node.ask('c', { to: { link: 'peer', epoch: 1 } })
    node.bench.soon()
    connection.receive('yes')
    expect(await node.ended()).toEqual([
      'a: CML_ERR_LINK_DOWN',
      'b: CML_ERR_LINK_DOWN',
      'c: yes from peer#1',
    ])
    await node.stopped()
  })

  it('when its signal is aborted, before or after it was sent', async () => {
    const node = new AskingNode()
    const connection = node.open()
    const abort = new AbortController()
    for (const text of ['a', 'b']) node.ask(text, { signal: abort.signal })
    node.bench.soon()
    connection.written()
    abort.abort(new Error('enough'))
    node.ask('c', { signal: abort.signal })
    expect(await node.ended()).toEqual(['a: AbortError', 'b: AbortError', 'c: AbortError'])
    connection.receive('late')
    await node.ended()
    expect(connection.sent).toEqual(['a'])
    expect(node.counters).toEqual({ asked: 3, aborted: 3, lateAnswers: 1 })
    await node.stopped()
  })

  it('as soon as a full outbox drops it', async () => {
    const link = { ...PEER, outbox: { messages: 2 }, overflow: 'drop-oldest' as const }
    const node = new AskingNode({ links: [link] })
    const connection = node.open()
    node.bench.send('1', { to: 'peer' })
    node.bench.soon()
    node.ask('a')
    node.ask('b')
    node.bench.send('2', { to: 'peer' })
    expect(await node.ended()).toEqual(['a: CML_ERR_OUTBOX_FULL'])
    connection.written()
    connection.written()
    expect(connection.sent, 'the next one of the line drops the newer message').toEqual(['1', 'b'])
    expect(node.counters).toEqual({ asked: 2, waiting: 1, refused: 1 })
    await node.stopped()
  })

  it('as soon as the codec cannot encode it', async () => {
    const codec = new Len16Codec()
    const value: FrameCodec = {
      payloadBytesMax: 100,
      header: undefined,
      frameBytesMax: (bytes) => codec.frameBytesMax(bytes),
      createDecoder: () => codec.createDecoder(),
      encode: (payload, into, at) => {
        if (payload[0] === 0x21) throw new Error('no line feed may be sent')
        return codec.encode(payload, into, at)
      },
    }
    const node = new AskingNode({ links: [{ ...PEER, codec: { spec: 'own', value } }] })
    const connection = node.open()
    node.ask('!')
    node.ask('a')
    node.bench.soon()
    connection.receive('answer')
    const ends = ['!: CML_ERR_PAYLOAD_INVALID', 'a: answer from peer#1']
    expect(await node.ended()).toEqual(ends)
    expect(node.counters).toEqual({ asked: 2, answered: 1, refused: 1 })
    await node.stopped()
  })

  it('if the peer does not read it in time, and is then not sent', async () => {
    const node = new AskingNode()
    const connection = node.open()
    node.bench.send('1', { to: 'peer' })
    node.bench.soon()
    node.ask('a', { timeout: 2_000 })
    node.bench.clock.advance(2_000)
    expect(await node.ended()).toEqual(['a: CML_ERR_REQUEST_TIMEOUT'])
    connection.written()
    node.bench.clock.advance(1_000)
    expect(connection.sent).toEqual(['1'])
    await node.stopped()
  })

  it('if it names no link, several links or an invalid timeout, or the payload is too large', async () => {
    const cell = { id: 'cell', role: 'passive' as const, ip: '10.0.4.0/24', slots: 2 }
    const node = new AskingNode({ listen: { port: 8000 }, links: [PEER, cell] })
    node.open()
    node.ask('a', { to: 'nowhere' })
    node.ask('b', { to: 'cell' })
    node.ask('c', { to: 'cell/*' })
    node.ask('d', { to: ['peer'] as never })
    node.ask('e', { to: undefined as never })
    node.ask('f', { timeout: 'soon' })
    node.ask('g', { timeout: 0 })
    node.ask('h'.repeat(70_000))
    const codes = (await node.ended()).map((end) => end.replace(/^(.)\1*/, '$1'))
    expect(codes).toEqual([
      'a: CML_ERR_LINK_UNKNOWN',
      'b: CML_ERR_LINK_AMBIGUOUS',
      'c: CML_ERR_LINK_AMBIGUOUS',
      'd: CML_ERR_LINK_AMBIGUOUS',
      'e: CML_ERR_LINK_AMBIGUOUS',
      'f: CML_ERR_INPUT_INVALID',
      'g: CML_ERR_INPUT_INVALID',
      'h: CML_ERR_PAYLOAD_TOO_LARGE',
    ])
    expect(node.counters).toEqual({ asked: 8, refused: 8 })
    await node.stopped()
  })

  it('if as many wait as `routing` allows, in messages or in bytes that wait in line', async () => {
    const node = new AskingNode({ links: [PEER], routing: { messages: 3, bytes: 10 } })
    node.open()
    for (const text of ['a', '6 byte', '7 bytes', 'b', 'c']) node.ask(text)
    expect(await node.ended()).toEqual(['7 bytes: CML_ERR_ROUTING_FULL', 'c: CML_ERR_ROUTING_FULL'])
    await node.stopped()
  })

  it('if the node stops; one that was sent may still be answered until its connection ends', async () => {
    const node = new AskingNode()
    const connection = node.open()
    for (const text of ['a', 'b']) node.ask(text)
    node.ask('k', { key: firstCharacter })
    node.bench.soon()
    const stopping = node.bench.node.stop()
    node.ask('d')
    connection.written()
    connection.receive('1')
    connection.fin()
    connection.closed()
    await stopping
    expect([...(await node.ended())].sort()).toEqual([
      'a: 1 from peer#1',
      'b: CML_ERR_LINK_DOWN',
      'd: CML_ERR_NOT_RUNNING',
      'k: CML_ERR_LINK_DOWN',
    ])
    expect(node.bench.clock.pendingTimers).toBe(0)
    expect(node.counters).toEqual({ asked: 4, answered: 1, linkDown: 2, refused: 1 })
  })

  it('if a reload removes its link', async () => {
    const node = new AskingNode()
    const connection = node.open()
    for (const text of ['a', 'b']) node.ask(text)
    node.bench.soon()
    const other = { ...PEER, id: 'other', ip: '10.0.0.3' }
    await node.bench.node.reconfigure({ links: [other] })
    connection.written()
    connection.fin()
    connection.closed()
    expect([...(await node.ended())].sort()).toEqual([
      'a: CML_ERR_LINK_DOWN',
      'b: CML_ERR_LINK_DOWN',
    ])
    await node.stopped()
  })
})

describe('what an earlier connection has sent', () => {
  it('does not answer a request of the next one, although it is delivered later', async () => {
    const passive = { id: 'peer', role: 'passive' as const, ip: '10.0.0.3' }
    const node = new AskingNode({ listen: { port: 8000 }, links: [passive] })
    const first = node.bench.transport.accept('10.0.0.3')
    const release = node.bench.node.link('peer').hold()
    first?.receive('old news')
    first?.fin()
    first?.reset()
    const second = node.bench.transport.accept('10.0.0.3')
    node.ask('a')
    node.bench.soon()
    release()
    node.bench.soon()
    second?.receive('answer')
    expect(await node.ended()).toEqual(['a: answer from peer#2'])
    expect(node.bench.messages).toEqual(['peer#1 old news'])
    await node.stopped()
  })
})

describe('a request and the readiness of its link', () => {
  it('is refused before the first frame, which is not the answer to a request made by its listener', async () => {
    const node = new AskingNode({ links: [{ ...PEER, ready: 'frame' }] })
    const connection = node.open()
    node.ask('early')
    node.bench.node.on('link', ({ state }) => {
      if (state === 'up') node.ask('hello')
    })
    connection.receive('banner')
    node.bench.soon()
    connection.receive('hi')
    expect(await node.ended()).toEqual(['early: CML_ERR_LINK_DOWN', 'hello: hi from peer#1'])
    expect(node.bench.messages).toEqual(['peer#1 banner'])
    await node.stopped()
  })
})

describe('many requests', () => {
  it('set one timer for all of them, and end with their connection without a deep stack', async () => {
    const node = new AskingNode({ links: [PEER] })
    const connection = node.open()
    const before = node.bench.clock.pendingTimers
    for (let each = 0; each < 10_000; each++) node.ask(String(each))
    expect(node.bench.clock.pendingTimers - before, 'one timeout, one expiry').toBeLessThan(4)
    node.ask('one more')
    expect(await node.ended()).toEqual(['one more: CML_ERR_ROUTING_FULL'])
    connection.reset()
    await node.ended()
    expect(node.counters).toEqual({ asked: 10_001, linkDown: 10_000, refused: 1 })
    await node.stopped()
  })
})
