import { Len16Codec, len16Codec } from '@commloop/codec-len16'
import {
  Clock,
  createNode,
  type FrameCodec,
  type Node,
  type NodeOptions,
  Random,
  type Route,
  Transport,
  use,
  useRouter,
} from '@commloop/core'
import { ManualClock, MemoryNetwork, SeededRandom } from '@commloop/testing'
import { describe, expect, it } from 'vitest'

const CENTRE = '10.0.0.1'
const QUIET = '10.0.0.2'
const STUCK = '10.0.0.3'
const BROKEN = '10.0.0.4'
const MESSAGES = 500
const LATENCY_MS = 3

/** A codec whose encoder always throws. */
function brokenCodec(): FrameCodec {
  const sound = new Len16Codec()
  return {
    payloadBytesMax: sound.payloadBytesMax,
    header: undefined,
    frameBytesMax: (bytes) => sound.frameBytesMax(bytes),
    encode: () => {
      throw new Error('broken on purpose')
    },
    createDecoder: () => sound.createDecoder(),
  }
}

/** Virtual milliseconds that each message to the quiet peer took, with or without noise at its neighbours. */
function latencies(noisy: boolean): number[] {
  const clock = new ManualClock()
  const latencyMs = { min: LATENCY_MS, max: LATENCY_MS }
  const network = new MemoryNetwork(clock, new SeededRandom('noise'), { latencyMs })
  const nodeAt = (
    ip: string,
    options: NodeOptions,
    router: () => Route | PromiseLike<Route>,
  ): Node =>
    createNode(
      { ...options, listen: { host: ip, port: 8000 } },
      use(Transport, network.host(ip)),
      use(Clock, clock),
      use(Random, new SeededRandom(ip)),
      len16Codec(),
      useRouter({ route: router }),
    )
  const peerOf = (ip: string): NodeOptions => ({
    links: [{ id: ip, role: 'passive', ip: CENTRE }],
  })
  const arrivedMs: number[] = []
  const peers = [QUIET, STUCK, BROKEN].map((ip) => nodeAt(ip, peerOf(ip), () => ip))
  peers[0]?.on('message', () => arrivedMs.push(clock.now()))
  // Never settles: the call hangs until `routerTimeout`.
  const hangs = (): PromiseLike<Route> => ({ then: () => new Promise<never>(() => undefined) })
  const active = { role: 'active', port: 8000 } as const
  const codec = { spec: 'broken', value: brokenCodec() }
  const centre = nodeAt(
    CENTRE,
    {
      links: [
        { ...active, id: 'quiet', ip: QUIET },
        { ...active, id: 'stuck', ip: STUCK },
        { ...active, id: 'broken', ip: BROKEN, codec },
      ],
      overflow: 'drop-oldest',
    },
    hangs,
  )
  for (const node of [...peers, centre]) void node.start()
  clock.advance(1_000)
  network.oneWay(CENTRE, STUCK, { notRead: noisy })
  const sentMs: number[] = []
  for (let number = 0; number < MESSAGES; number++) {
    if (noisy) {
      centre.send(new Uint8Array(40_000), { to: 'stuck' })
      centre.send(new Uint8Array(100), { to: 'broken' })
      centre.send(new Uint8Array(100))
    }
    sentMs.push(clock.now())
    centre.send(new Uint8Array(100), { to: 'quiet' })
    clock.advance(10)
  }
  if (noisy) {
    expect(centre.link('stuck').queuedMessages).toBeGreaterThan(100)
    expect(centre.link('broken').counters.undeliverable).toBe(MESSAGES)
    expect(centre.counters.routing + centre.counters.undeliverable).toBe(MESSAGES)
  }
  expect(arrivedMs).toHaveLength(MESSAGES)
  return arrivedMs.map((atMs, number) => atMs - (sentMs[number] ?? 0))
}

describe('a router call that hangs, a peer that reads nothing and a codec that throws', () => {
  it('do not delay the messages of other links', () => {
    const quiet = latencies(false)
    expect(quiet.every((ms) => ms >= LATENCY_MS)).toBe(true)
    expect(latencies(true)).toEqual(quiet)
  })
})
