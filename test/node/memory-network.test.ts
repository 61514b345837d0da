import { len16Codec } from '@commloop/codec-len16'
import { Clock, createNode, type Node, Random, Transport, use } from '@commloop/core'
import { ManualClock, MemoryNetwork, SeededRandom } from '@commloop/testing'
import { describe, expect, it } from 'vitest'
import { expectLedgers } from './ledgers.js'

const A = '10.0.0.1'
const B = '10.0.0.2'

/** Two nodes, each of which is server and client of the other. */
function pair(seed: number) {
  const clock = new ManualClock()
  const random = new SeededRandom(seed)
  const network = new MemoryNetwork(clock, random.fork('network'), { split: 0.3 })
  const make = (own: string, peer: string): Node =>
    createNode(
      {
        node: own,
        listen: { host: own, port: 8000 },
        links: [
          { id: 'in', role: 'passive', ip: peer },
          { id: 'out', role: 'active', ip: peer, port: 8000 },
        ],
        rearmAfter: '10s',
      },
      use(Transport, network.host(own)),
      use(Clock, clock),
      use(Random, random.fork(own)),
      len16Codec(),
    )
  return { clock, random, network, nodes: [make(A, B), make(B, A)] as const }
}

async function storm(seed: number): Promise<string[]> {
  const { clock, random, network, nodes } = pair(seed)
  const trace: string[] = []
  const arrived = new Map<string, number>()
  for (const node of nodes) {
    node.on('link', ({ link, state, epoch }) =>
      trace.push(`${String(clock.now())} ${node.config.name} ${link} ${state} ${String(epoch)}`),
    )
    node.on('message', ({ payload, link, epoch }) => {
      const key = `${node.config.name} ${link} ${String(epoch)}`
      const number = new DataView(payload.buffer, payload.byteOffset).getUint32(0)
      // Within an epoch, messages arrive in the order of sending, and none arrives twice.
      expect(number, `seed ${String(seed)}: ${key}`).toBeGreaterThan(arrived.get(key) ?? -1)
      arrived.set(key, number)
    })
    void node.start()
  }
  clock.advance(1)
  for (let number = 0; number < 400; number++) {
    for (const node of nodes) {
      const payload = new Uint8Array(4 + random.int(200))
      new DataView(payload.buffer).setUint32(0, number)
      node.send(payload, { to: random.pick(['in', 'out']) })
    }
    if (random.chance(0.03)) network.reset(random.pick([A, B]))
    if (random.chance(0.01)) network.part(A, B)
    if (random.chance(0.05)) network.heal(A, B)
    clock.advance(random.int(200))
    nodes.forEach(expectLedgers)
  }
  network.heal(A, B)
  clock.runUntil(() => {
    const links = nodes.flatMap((node) => node.links())
    return links.every(({ state, queuedMessages }) => state === 'up' && queuedMessages === 0)
  }, 120_000)
  for (const node of nodes) {
    expectLedgers(node)
    expect(node.counters).toMatchObject({ accepted: 400, routed: 400 })
    for (const { counters } of node.links()) expect(counters.written).toBe(counters.enqueued)
  }
  const stopping = Promise.all(nodes.map((node) => node.stop()))
  clock.advance(60_000)
  await stopping
  expect(clock.pendingTimers, 'timers left').toBe(0)
  expect(network.connections.size, 'connections left').toBe(0)
  return trace
}

describe('two nodes over a network with resets and partitions', () => {
  it.each(Array.from({ length: 40 }, (_, seed) => seed))(
    'keep the order and both ledgers, and recover: seed %i',
    async (seed) => {
      await storm(seed)
    },
  )

  it('do the same again from the same seed', async () => {
    expect(await storm(3)).toEqual(await storm(3))
  })
})
