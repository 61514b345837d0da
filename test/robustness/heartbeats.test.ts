import { Len16Codec } from '@commloop/codec-len16'
import {
  Clock,
  createNode,
  type EchoOptions,
  FrameCodec,
  type HeartbeatOptions,
  type Node,
  Random,
  Transport,
  use,
} from '@commloop/core'
import { ManualClock, MemoryNetwork, SeededRandom } from '@commloop/testing'
import { describe, expect, it } from 'vitest'

const HOUR_MS = 3_600_000
const NEAR = '10.0.0.1'
const FAR = '10.0.0.2'

/** Two nodes on virtual time; `far` listens. */
function pair(near: HeartbeatOptions | EchoOptions, far: HeartbeatOptions | EchoOptions) {
  const clock = new ManualClock()
  const random = new SeededRandom(1)
  const network = new MemoryNetwork(clock, random, { latencyMs: { min: 1, max: 20 } })
  const node = (ip: string, options: Parameters<typeof createNode>[0]): Node =>
    createNode(
      options,
      use(Transport, network.host(ip)),
      use(FrameCodec, new Len16Codec()),
      use(Clock, clock),
      use(Random, random),
    )
  const listener = node(FAR, {
    listen: { host: FAR, port: 1 },
    links: [{ id: 'peer', role: 'passive', ip: NEAR }],
    heartbeat: far,
  })
  const dialler = node(NEAR, {
    links: [{ id: 'peer', role: 'active', ip: FAR, port: 1 }],
    heartbeat: near,
  })
  void listener.start()
  clock.advance(10)
  void dialler.start()
  clock.runUntil(() => listener.link('peer').state === 'up', 10_000)
  const stopped = async (): Promise<void> => {
    const ends = [dialler.stop(), listener.stop()]
    clock.advance(60_000)
    await Promise.all(ends)
    expect(clock.pendingTimers).toBe(0)
  }
  return { clock, network, dialler, listener, stopped }
}

/** The heartbeats of one side, and its answers to those of the other side. */
function beats(node: Node): number {
  return node.link('peer').counters.heartbeatsSent
}

describe('a link that echoes', () => {
  it('answers each poll with the same frame, and delivers none of them', async () => {
    const { clock, dialler, listener, stopped } = pair({ every: '5s', payload: '' }, { echo: '' })
    const messages: unknown[] = []
    for (const node of [dialler, listener]) node.on('message', (message) => messages.push(message))
    clock.advance(HOUR_MS)
    const polls = beats(dialler)
    expect(polls).toBeGreaterThan(700)
    expect(beats(listener)).toBeGreaterThanOrEqual(polls - 1)
    expect(dialler.link('peer').counters.heartbeatsReceived).toBeGreaterThanOrEqual(polls - 2)
    expect([messages, dialler.link('peer').epoch]).toEqual([[], 1])
    await stopped()
  })

  it('never begins, so two of them are silent', async () => {
    const { clock, dialler, listener, stopped } = pair({ echo: 'poll' }, { echo: 'poll' })
    clock.advance(HOUR_MS)
    expect([beats(dialler), beats(listener)]).toEqual([0, 0])
    await stopped()
  })

  it('echoes at most once in 100 ms, also if the other side echoes what a program has sent', async () => {
    const { clock, dialler, listener, stopped } = pair({ echo: 'poll' }, { echo: 'poll' })
    dialler.send(Buffer.from('poll'), { to: 'peer' })
    clock.advance(10_000)
    expect(beats(listener)).toBeGreaterThan(0)
    expect(beats(listener) + beats(dialler)).toBeLessThanOrEqual(200)
    for (let polls = 0; polls < 50; polls++) dialler.send(Buffer.from('poll'), { to: 'peer' })
    const before = beats(listener)
    clock.advance(50)
    expect(beats(listener) - before).toBeLessThanOrEqual(1)
    await stopped()
  })
})

describe('an idle hour between two nodes', () => {
  const every = '5s'
  const HEARTBEATS = HOUR_MS / 5_000

  it.each<[string, HeartbeatOptions, HeartbeatOptions]>([
    ['the same heartbeat', { every }, { every }],
    [
      'the same with an answer',
      { every, payload: 'a', answer: 'b' },
      { every, payload: 'a', answer: 'b' },
    ],
    [
      'answers crosswise',
      { every, payload: 'a', answer: 'b' },
      { every, payload: 'b', answer: 'a' },
    ],
  ])('with %s has as many frames as there are heartbeats', async (_name, near, far) => {
    const { clock, dialler, listener, stopped } = pair(near, far)
    const messages: string[] = []
    for (const node of [dialler, listener]) {
      node.on('message', ({ link }) => messages.push(link))
    }
    clock.advance(HOUR_MS)
    for (const node of [dialler, listener]) {
      const { counters, state, epoch } = node.link('peer')
      expect([state, epoch]).toEqual(['up', 1])
      expect(counters.heartbeatsSent).toBeLessThanOrEqual(HEARTBEATS)
      // The heartbeats of the other side, and its answers to ours.
      expect(counters.heartbeatsReceived).toBeLessThanOrEqual(2 * HEARTBEATS)
      expect(counters.heartbeatsReceived).toBeGreaterThan(HEARTBEATS / 2)
    }
    expect(beats(dialler) + beats(listener)).toBeGreaterThan(HEARTBEATS / 2)
    expect(messages).toEqual([])
    await stopped()
  })
})

describe('a peer that has disappeared', () => {
  it.each([false, true])(
    'is noticed within three heartbeats, with data in flight: %s',
    async (inFlight) => {
      const heartbeat = { every: '5s', payload: 'beat' }
      const { clock, network, dialler, listener, stopped } = pair(heartbeat, heartbeat)
      clock.advance(60_000)
      network.part(NEAR, FAR)
      if (inFlight) {
        for (const node of [dialler, listener]) node.send(Buffer.from('into the hole'))
      }
      clock.advance(15_000)
      expect(dialler.link('peer').state).not.toBe('up')
      expect(listener.link('peer').state).toBe('awaiting')
      expect(dialler.link('peer').reason).toMatch(/silence|did not answer/)
      expect(listener.link('peer').reason).toBe('silence')
      network.heal(NEAR, FAR)
      clock.runUntil(() => listener.link('peer').state === 'up', 120_000)
      await stopped()
    },
  )
})
