import { len16Codec } from '@commloop/codec-len16'
import {
  Clock,
  type Connection,
  createNode,
  type NodeOptions,
  type Node,
  Random,
  Transport,
  use,
} from '@commloop/core'
import { ManualClock, MemoryNetwork, type NameAnswer, SeededRandom } from '@commloop/testing'
import { describe, expect, it } from 'vitest'

const HOME = '10.0.0.1'
const PORT = 8000
const [OLD, NEW, OTHER] = ['10.0.0.2', '10.0.0.3', '10.0.0.4'] as const
const BY_NAME = { id: 'in', role: 'passive', host: 'peer.example' } as const

/** A node with a passive entry by name, on virtual time, and callers from any address. */
class Bench {
  readonly clock = new ManualClock()
  readonly network = new MemoryNetwork(this.clock, new SeededRandom(1))
  readonly node: Node
  readonly rejected: string[] = []
  readonly warnings: string[] = []

  constructor(answer: NameAnswer, options: Partial<NodeOptions> = {}) {
    this.network.name('peer.example', answer)
    this.node = createNode(
      { listen: { port: PORT }, links: [BY_NAME], ...options },
      use(Transport, this.network.host(HOME)),
      use(Clock, this.clock),
      use(Random, new SeededRandom(2)),
      len16Codec(),
    )
    this.node.on('rejected', ({ reason }) => this.rejected.push(reason))
    this.node.on('warning', ({ code, message }) => this.warnings.push(`${code} ${message}`))
    void this.node.start()
    this.pass(200)
  }

  pass(ms: number): void {
    for (let at = 0; at < ms; at += 100) this.clock.advance(100)
  }

  call(ip: string): Connection | undefined {
    let opened: Connection | undefined
    this.network.host(ip).dial(
      { ip: HOME, port: PORT, bind: undefined, timeoutMs: 1000, options: {} },
      {
        opened: (connection) => {
          opened = connection
          return { received() {}, written() {}, ended() {}, closed() {} }
        },
        failed: () => undefined,
      },
    )
    this.pass(200)
    return opened
  }

  get remote(): string | undefined {
    return this.node.link('in').remote?.ip
  }

  async stopped(): Promise<void> {
    const stopping = this.node.stop()
    this.pass(40_000)
    await stopping
    this.pass(400_000)
    expect(this.clock.pendingTimers).toBe(0)
  }
}

describe('a passive entry with a name', () => {
  it('admits its peer from each address of the name, keeps its queue, and refuses others', async () => {
    const bench = new Bench([OLD, NEW])
    expect(bench.node.link('in').lasting).toBe(true)
    const first = bench.call(NEW)
    expect(bench.remote).toBe(NEW)
    first?.destroy()
    bench.call(OLD)
    expect(bench.remote).toBe(OLD)
    bench.call(OTHER)
    expect(bench.rejected).toEqual(['not in the table'])
    await bench.stopped()
  })

  it('follows the name, and keeps the connection of the address before', async () => {
    const bench = new Bench([OLD])
    const before = bench.call(OLD)
    bench.network.name('peer.example', [NEW])
    bench.pass(61_000)
    expect(bench.remote, 'a connection stays though its name has moved').toBe(OLD)
    expect(bench.node.names).toMatchObject([{ name: 'peer.example', addresses: [NEW] }])
    before?.destroy()
    bench.pass(200)
    bench.call(OLD)
    expect(bench.remote, 'the former address is a stranger now').toBeUndefined()
    bench.call(NEW)
    expect(bench.remote).toBe(NEW)
    await bench.stopped()
  })

  it('is looked up when an unknown address calls: its second attempt succeeds', async () => {
    const bench = new Bench([OLD], { resolveEvery: '1h' })
    bench.pass(10_000)
    bench.network.name('peer.example', [NEW])
    bench.call(NEW)
    expect(bench.remote).toBeUndefined()
    bench.call(NEW)
    expect(bench.remote).toBe(NEW)
    await bench.stopped()
  })

  it('is not looked up more often than every 5 s, however many strangers call', async () => {
    const bench = new Bench([OLD], { resolveEvery: '1h' })
    let lookups = 0
    const ages: number[] = []
    for (let call = 0; call < 100; call++) {
      bench.call(OTHER)
      const age = bench.node.names[0]?.ageMs ?? 0
      if (age < (ages.at(-1) ?? 0)) lookups++
      ages.push(age)
    }
    expect(lookups).toBeGreaterThan(0)
    expect(lookups).toBeLessThanOrEqual(4)
    await bench.stopped()
  })

  it('keeps its last addresses if a look-up fails, warns once, and recovers', async () => {
    const bench = new Bench([OLD])
    bench.network.name('peer.example', 'unknown')
    bench.pass(300_000)
    expect(bench.node.names).toMatchObject([
      { addresses: [OLD], problem: 'getaddrinfo ENOTFOUND peer.example' },
    ])
    expect(bench.warnings).toEqual([
      `NAME_UNRESOLVED peer.example: getaddrinfo ENOTFOUND peer.example; its last addresses still count: ${OLD}`,
    ])
    bench.call(OLD)
    expect(bench.remote).toBe(OLD)
    bench.network.name('peer.example', [OLD, NEW])
    bench.pass(6_000)
    expect(bench.node.names).toMatchObject([{ addresses: [OLD, NEW], problem: undefined }])
    await bench.stopped()
  })

  it.each(['silent', 'unknown'] as const)(
    'refuses every peer before the first answer, and says why: %s',
    async (answer) => {
      const bench = new Bench(answer)
      bench.call(OLD)
      expect(bench.rejected).toEqual([
        'not in the table, which has names without an address: peer.example',
      ])
      expect(bench.node.names).toMatchObject([{ addresses: [], ageMs: undefined }])
      bench.network.name('peer.example', [OLD])
      bench.pass(40_000)
      bench.call(OLD)
      expect(bench.remote).toBe(OLD)
      await bench.stopped()
    },
  )

  it('shares an address with an entry by address: both decide, in the order of the table', async () => {
    const bench = new Bench([OLD], {
      links: [{ id: 'by-ip', role: 'passive', ip: OLD }, BY_NAME],
    })
    bench.call(OLD)
    bench.call(OLD)
    expect(bench.node.link('by-ip').remote?.ip).toBe(OLD)
    expect(bench.remote).toBe(OLD)
    await bench.stopped()
  })

  it('beats a range that contains its address', async () => {
    const bench = new Bench([OLD], {
      links: [{ id: 'range', role: 'passive', ip: '10.0.0.0/24', slots: 4 }, BY_NAME],
    })
    bench.call(OLD)
    bench.call(OTHER)
    expect(bench.remote).toBe(OLD)
    expect(bench.node.link('range/1').remote?.ip).toBe(OTHER)
    await bench.stopped()
  })

  it('keeps its connection across a reload that does not concern it, and follows a new name', async () => {
    const bench = new Bench([OLD])
    bench.network.name('other.example', [OTHER])
    bench.network.name('third.example', [NEW])
    bench.call(OLD)
    const listen = { port: PORT }
    const same = await bench.node.reconfigure({ listen, links: [{ ...BY_NAME, stall: '7s' }] })
    expect(same.changed).toEqual(['in'])
    bench.pass(1000)
    expect(bench.remote).toBe(OLD)
    const names = { ...BY_NAME, host: ['peer.example', 'other.example'] }
    await bench.node.reconfigure({ listen, links: [names] })
    bench.pass(1000)
    expect(bench.remote).toBe(OLD)
    const other = await bench.node.reconfigure({
      listen,
      links: [{ ...BY_NAME, host: 'third.example' }],
    })
    expect(other.reconnected).toEqual(['in'])
    bench.pass(10_000)
    expect(bench.node.names.map(({ name }) => name)).toEqual(['third.example'])
    bench.call(NEW)
    expect(bench.remote).toBe(NEW)
    await bench.stopped()
  })

  it('is refused with a warning by a transport that does not look up names', async () => {
    const bench = new Bench([OLD])
    const host = bench.network.host('10.0.0.9')
    const node = createNode(
      { listen: { port: PORT }, links: [BY_NAME] },
      use(Transport, {
        dial: (target, handler) => host.dial(target, handler),
        listen: (place, handler) => host.listen(place, handler),
      }),
      use(Clock, bench.clock),
      use(Random, new SeededRandom(3)),
      len16Codec(),
    )
    void node.start()
    bench.pass(200)
    expect(node.names[0]?.problem).toBe('this transport does not look up names')
    const stopping = node.stop()
    bench.pass(10_000)
    await stopping
    await bench.stopped()
  })
})
