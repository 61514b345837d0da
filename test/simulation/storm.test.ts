import { len16Codec } from '@commloop/codec-len16'
import {
  Clock,
  createNode,
  type Node,
  type NodeOptions,
  Random,
  type ReconnectStrategy,
  Transport,
  use,
} from '@commloop/core'
import { ManualClock, MemoryNetwork, SeededRandom } from '@commloop/testing'
import { describe, expect, it } from 'vitest'

const PEER_IP = '10.1.0.1'
const NODES = 1_000
const OUTAGE_MS = 600_000
/** The first dials after a loss have short delays; from here on the maximum delay applies. */
const SETTLED_MS = 60_000
const CEILING_MS = 30_000

function bench() {
  const clock = new ManualClock()
  const random = new SeededRandom('storm')
  const network = new MemoryNetwork(clock, random.fork('network'))
  const dialsMs: number[] = []
  const nodeAt = (ip: string, options: NodeOptions): Node => {
    const host = network.host(ip)
    const counted: Transport = {
      listen: (place, handler) => host.listen(place, handler),
      dial: (target, handler) => {
        dialsMs.push(clock.now())
        return host.dial(target, handler)
      },
    }
    const chance = use(Random, random.fork(ip))
    return createNode(options, use(Transport, counted), use(Clock, clock), chance, len16Codec())
  }
  return { clock, network, dialsMs, nodeAt }
}

const TO_PEER: NodeOptions = {
  links: [{ id: 'peer', role: 'active', ip: PEER_IP, port: 8000 }],
  audit: { every: 0 },
}

function perSecond(dialsMs: readonly number[], fromMs: number, toMs: number): number[] {
  const seconds = new Array<number>(Math.ceil((toMs - fromMs) / 1000)).fill(0)
  for (const atMs of dialsMs) {
    const second = Math.floor((atMs - fromMs) / 1000)
    if (atMs >= fromMs && atMs < toMs) seconds[second] = (seconds[second] ?? 0) + 1
  }
  return seconds
}

describe('a thousand nodes that lose the same peer', () => {
  it('spread their dials, during the outage and when it ends', () => {
    const { clock, network, dialsMs, nodeAt } = bench()
    const peer = (): Node =>
      nodeAt(PEER_IP, {
        listen: { host: PEER_IP, port: 8000 },
        links: [{ id: 'all', role: 'passive', ip: '0.0.0.0', slots: NODES }],
        audit: { every: 0 },
      })
    void peer().start()
    const strategy = { spec: 'no end', value: endless() }
    const nodes = Array.from({ length: NODES }, (_, at) => {
      const ip = `10.0.${String(at >> 8)}.${String(at & 0xff)}`
      return nodeAt(ip, { ...TO_PEER, reconnect: strategy })
    })
    for (const node of nodes) void node.start()
    clock.advance(SETTLED_MS)
    const up = (): number => nodes.filter((node) => node.link('peer').state === 'up').length
    expect(up()).toBe(NODES)

    const lostMs = clock.now()
    network.kill(PEER_IP)
    clock.advance(OUTAGE_MS)
    expect(up()).toBe(0)
    void peer().start()
    clock.advance(2 * CEILING_MS)
    expect(up()).toBe(NODES)

    const outage = perSecond(dialsMs, lostMs + SETTLED_MS, lostMs + OUTAGE_MS)
    const mean = outage.reduce((sum, dials) => sum + dials, 0) / outage.length
    const all = perSecond(dialsMs, lostMs + SETTLED_MS, clock.now())
    expect(mean).toBeGreaterThan(10)
    expect(Math.max(...all)).toBeLessThanOrEqual(3 * mean)
  })
})

/** The default delays, without a limit of attempts. */
function endless(): ReconnectStrategy {
  return {
    delayMs: (attempt: number, random: Random): number => {
      const ceilingMs = Math.min(CEILING_MS, 500 * 2 ** (attempt - 1))
      return 100 + random.next() * (ceilingMs - 100)
    },
  }
}

describe('a peer that accepts and closes', () => {
  it('is dialled at most once in each maximum delay, by default, for hours', () => {
    const { clock, network, dialsMs, nodeAt } = bench()
    network.everywhere({ acceptThenClose: 1 })
    network.host(PEER_IP).listen(
      { ip: PEER_IP, port: 8000, options: {} },
      {
        listening: () => undefined,
        admit: () => true,
        accepted: () => undefined,
        failed: () => undefined,
      },
    )
    void nodeAt('10.0.0.1', TO_PEER).start()
    const hours = 4
    clock.advance(hours * 3_600_000)
    expect(dialsMs.length).toBeGreaterThan(hours * 10)
    expect(dialsMs.length).toBeLessThanOrEqual((hours * 3_600_000) / CEILING_MS)
  })
})
