import { len16Codec } from '@commloop/codec-len16'
import {
  Clock,
  type Connection,
  createNode,
  type EntryOptions,
  type Node,
  Random,
  Transport,
  use,
} from '@commloop/core'
import { ManualClock, MemoryNetwork, SeededRandom } from '@commloop/testing'
import { describe, expect, it } from 'vitest'

const HOME = '10.0.0.1'
const FIRST = '10.0.0.11'
const SECOND = '10.0.0.12'
const THIRD = '10.0.0.13'
const PORT = 8001
const HELLO = Buffer.from([0, 2, 104, 105])

type Manner = 'hangs up' | 'greets' | 'absent'

/** A node with one link, and machines that each behave in one manner. Records which of them were dialled, in order. */
class Bench {
  readonly clock = new ManualClock()
  readonly network: MemoryNetwork
  readonly node: Node
  readonly dialled: string[] = []
  readonly #connections = new Map<string, Connection>()
  readonly #manners: Map<string, Manner>

  constructor(entry: Partial<EntryOptions>, manners: Readonly<Record<string, Manner>>) {
    const random = new SeededRandom(1)
    this.network = new MemoryNetwork(this.clock, random.fork('network'))
    this.#manners = new Map(Object.entries(manners))
    for (const ip of this.#manners.keys()) this.#serve(ip)
    this.node = createNode(
      { links: [{ id: 'peer', role: 'active', port: PORT, ...entry }] },
      use(Transport, this.network.host(HOME)),
      use(Clock, this.clock),
      use(Random, random.fork('node')),
      len16Codec(),
    )
  }

  #serve(ip: string): void {
    this.network.host(ip).listen(
      { ip, port: PORT, options: {} },
      {
        listening: () => undefined,
        admit: () => {
          this.dialled.push(ip)
          return this.#manners.get(ip) !== 'absent'
        },
        accepted: (connection) => {
          if (this.#manners.get(ip) === 'hangs up') return undefined
          this.#connections.set(ip, connection)
          connection.write([HELLO])
          return {
            received: () => undefined,
            written: () => undefined,
            ended: () => {
              connection.end()
            },
            closed: () => undefined,
          }
        },
        failed: (error) => {
          throw error
        },
      },
    )
  }

  behave(ip: string, manner: Manner): void {
    this.#manners.set(ip, manner)
  }

  cut(ip: string): void {
    this.#connections.get(ip)?.destroy()
  }

  pass(ms: number): this {
    for (let at = 0; at < ms; at += 100) this.clock.advance(100)
    return this
  }

  started(): this {
    void this.node.start()
    return this
  }

  get remote(): string | undefined {
    return this.node.link('peer').remote?.ip
  }

  async stopped(): Promise<void> {
    const stopping = this.node.stop()
    this.pass(10_000)
    await stopping
    expect(this.clock.pendingTimers).toBe(0)
  }
}

describe.each([
  ['the addresses of a name', { host: 'pair.example' }],
  ['a list of addresses', { ip: [FIRST, SECOND] }],
  ['a list of names', { host: ['first.example', 'second.example'] }],
])('a peer with several addresses: %s', (_what, place: Partial<EntryOptions>) => {
  const bench = (more: Partial<EntryOptions>, manners: Readonly<Record<string, Manner>>): Bench => {
    const made = new Bench({ ...place, ...more }, manners)
    made.network.name('pair.example', [FIRST, SECOND])
    made.network.name('first.example', [FIRST])
    made.network.name('second.example', [SECOND])
    return made.started()
  }

  it('is reached at its second address if the first accepts and hangs up', async () => {
    const peer = bench({}, { [FIRST]: 'hangs up', [SECOND]: 'greets' }).pass(10_000)
    expect(peer.remote).toBe(SECOND)
    expect(peer.dialled).toEqual([FIRST, SECOND])
    await peer.stopped()
  })

  it('is reached at its second address if the first machine is off', async () => {
    const peer = bench({}, { [SECOND]: 'greets' })
    peer.network.part(HOME, FIRST)
    peer.pass(20_000)
    expect(peer.remote).toBe(SECOND)
    await peer.stopped()
  })

  it('goes round as long as no address works, and takes the first that works again', async () => {
    const peer = bench({}, { [FIRST]: 'hangs up', [SECOND]: 'hangs up' }).pass(8_000)
    const after = peer.dialled.length
    expect(peer.dialled.slice(0, 4)).toEqual([FIRST, SECOND, FIRST, SECOND])
    peer.behave(SECOND, 'greets')
    peer.pass(60_000)
    expect(peer.remote).toBe(SECOND)
    expect(peer.dialled.length - after).toBeLessThanOrEqual(2)
    await peer.stopped()
  })

  it('stays where it showed life, by default', async () => {
    const peer = bench({}, { [FIRST]: 'hangs up', [SECOND]: 'greets' }).pass(10_000)
    peer.behave(FIRST, 'greets')
    peer.cut(SECOND)
    peer.pass(10_000)
    expect(peer.remote).toBe(SECOND)
    expect(peer.node.link('peer').epoch).toBe(3)
    peer.behave(SECOND, 'hangs up')
    peer.cut(SECOND)
    peer.pass(20_000)
    expect(peer.remote).toBe(FIRST)
    await peer.stopped()
  })

  it('goes back to its first address with the next dial, if that is preferred', async () => {
    const more = { addresses: { order: 'prefer-first' } } as const
    const peer = bench(more, { [FIRST]: 'hangs up', [SECOND]: 'greets' }).pass(10_000)
    peer.behave(FIRST, 'greets')
    peer.pass(3_600_000)
    expect(peer.remote, 'a connection that lives is never closed for this').toBe(SECOND)
    peer.cut(SECOND)
    peer.pass(10_000)
    expect(peer.remote).toBe(FIRST)
    await peer.stopped()
  })

  it('is failed back after `failBackAfter`, and only from another address', async () => {
    const addresses = { order: 'prefer-first', failBackAfter: '10m' } as const
    const peer = bench({ addresses }, { [FIRST]: 'hangs up', [SECOND]: 'greets' }).pass(10_000)
    peer.behave(FIRST, 'greets')
    peer.pass(580_000)
    expect(peer.remote).toBe(SECOND)
    peer.pass(30_000)
    expect(peer.remote).toBe(FIRST)
    const { epoch } = peer.node.link('peer')
    peer.pass(3_600_000)
    expect(peer.node.link('peer').epoch, 'stays at the first address').toBe(epoch)
    await peer.stopped()
  })
})

describe('a name with many addresses', () => {
  it('is reached at its last one, though one dial has no time for all of them', async () => {
    const addresses = [2, 3, 4, 5, 6, 7].map((at) => `10.9.0.${String(at)}`)
    const peer = new Bench({ host: 'seven.example' }, { [THIRD]: 'greets' })
    peer.network.name('seven.example', [...addresses, THIRD])
    for (const ip of addresses) peer.network.part(HOME, ip)
    peer.started().pass(20_000)
    expect(peer.remote).toBe(THIRD)
    await peer.stopped()
  })

  it('rotates though the name server changes the order of its answers', async () => {
    const peer = new Bench({ host: 'x' }, { [FIRST]: 'hangs up', [SECOND]: 'greets' })
    peer.network.name('x', [FIRST, SECOND])
    peer.node.on('link', ({ state }) => {
      // Now the position that follows the failed one is that of the failed address again.
      if (state === 'backoff') peer.network.name('x', [SECOND, FIRST])
    })
    peer.started().pass(10_000)
    expect(peer.remote).toBe(SECOND)
    expect(peer.dialled).toEqual([FIRST, SECOND])
    await peer.stopped()
  })

  it('shows the address with which the next dial begins', async () => {
    const peer = new Bench({ host: 'x' }, { [FIRST]: 'hangs up', [SECOND]: 'hangs up' })
    peer.network.name('x', [FIRST, SECOND])
    const shown: string[] = []
    peer.node.on('link', ({ state, link }) => {
      if (state === 'backoff') shown.push(peer.node.link(link).details.dialAddress ?? '')
    })
    expect(peer.node.link('peer').details.dialAddress).toBe('x')
    peer.started().pass(20_000)
    expect(shown.slice(0, 3)).toEqual([SECOND, FIRST, SECOND])
    await peer.stopped()
  })
})

describe('a list of addresses that changes', () => {
  it('keeps a connection to an address that is still in it, and ends another', async () => {
    const peer = new Bench({ ip: [FIRST, SECOND] }, { [FIRST]: 'greets', [SECOND]: 'greets' })
    peer.started().pass(10_000)
    const entry = { id: 'peer', role: 'active', port: PORT } as const
    const wider = await peer.node.reconfigure({ links: [{ ...entry, ip: [THIRD, FIRST] }] })
    expect([wider.changed, wider.reconnected]).toEqual([['peer'], []])
    peer.pass(10_000)
    expect(peer.node.link('peer').epoch).toBe(1)
    const other = await peer.node.reconfigure({ links: [{ ...entry, ip: [SECOND] }] })
    expect(other.reconnected).toEqual(['peer'])
    peer.pass(10_000)
    expect(peer.remote).toBe(SECOND)
    await peer.stopped()
  })
})

describe('a passive entry with several addresses', () => {
  it('gives its slot to a peer from any of them', async () => {
    const peer = new Bench({ ip: THIRD }, {})
    const node = createNode(
      { listen: { port: PORT }, links: [{ id: 'in', role: 'passive', ip: [FIRST, SECOND] }] },
      use(Transport, peer.network.host(HOME)),
      use(Clock, peer.clock),
      use(Random, new SeededRandom(2)),
      len16Codec(),
    )
    void node.start()
    peer.pass(100)
    for (const ip of [SECOND, FIRST]) {
      const opened: Connection[] = []
      peer.network.host(ip).dial(
        { ip: HOME, port: PORT, bind: undefined, timeoutMs: 1000, options: {} },
        {
          opened: (connection) => {
            opened.push(connection)
            return { received() {}, written() {}, ended() {}, closed() {} }
          },
          failed: (error) => {
            throw error
          },
        },
      )
      peer.pass(100)
      expect(node.link('in')).toMatchObject({ state: 'up', lasting: true, remote: { ip } })
      opened[0]?.destroy()
      peer.pass(100)
    }
    const stopping = node.stop()
    peer.pass(10_000)
    await stopping
  })
})
