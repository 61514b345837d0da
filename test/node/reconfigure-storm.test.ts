import { Len16Codec, len16Codec } from '@commloop/codec-len16'
import {
  Clock,
  createNode,
  type EntryOptions,
  type LinkHandle,
  type Node,
  type NodeOptions,
  Random,
  type Reconfiguration,
  Transport,
  use,
} from '@commloop/core'
import { ManualClock, MemoryNetwork, SeededRandom } from '@commloop/testing'
import { describe, expect, it } from 'vitest'
import { expectLedgers } from './ledgers.js'

const MUTATIONS_PER_SEED = 100
const HOME = '10.0.0.1'
/** Its two links are in every table, and mutations do not change them. */
const STEADY = '10.0.0.2'
const PEERS = ['10.0.0.3', '10.0.0.4', '10.0.0.5']
const PORTS = [8000, 8001]
const IDS = ['a', 'b', 'c', 'd', 'e', 'f']
const STEADY_LINKS: readonly EntryOptions[] = [
  { id: 'steady-out', role: 'active', ip: STEADY, port: 8000 },
  { id: 'steady-in', role: 'passive', ip: STEADY },
]

/** Changes that a person might make to a table. Each returns another table without mistakes. */
class Tables {
  readonly #random: SeededRandom
  #links: readonly EntryOptions[] = []
  #node: Omit<NodeOptions, 'links' | 'listen'> = {}
  #port = 8000

  constructor(random: SeededRandom) {
    this.#random = random
  }

  get options(): NodeOptions {
    const listen = { host: HOME, port: this.#port }
    return { node: 'home', listen, ...this.#node, links: [...STEADY_LINKS, ...this.#links] }
  }

  mutate(): NodeOptions {
    const random = this.#random
    const kinds = [this.#add, this.#remove, this.#edit, this.#edit, this.#reorder, this.#whole]
    random.pick(kinds).call(this)
    return this.options
  }

  /** One of many mistakes, in half of the cases together with a correct change. */
  broken(): NodeOptions {
    const random = this.#random
    const { links, ...rest } = this.options
    const extra: EntryOptions = { id: 'new', role: 'active', ip: '10.0.0.9', port: 1 }
    const right = random.chance(0.5) ? [...links, extra] : links.slice(0, -1)
    const wrong: readonly NodeOptions[] = [
      { ...rest, links: [...right, { ...extra, id: 'bad', port: 70_000 }] },
      { ...rest, links: [...right, { ...extra, id: 'steady-out' }] },
      { ...rest, links: [...right, { id: 'bad', role: 'passive', ip: '10.0.0' }] },
      { ...rest, links: [...right, { id: 'bad', role: 'passive', ip: HOME, port: 1 }] },
      { ...rest, links: right, node: 'another' },
      { ...rest, links: right, stall: 'soon' },
      { ...rest, links: right, heartbeat: { every: '1s', payload: 'x', answer: 'x' } },
      { ...rest, links: right, heartbeat: { every: '1s', payload: new Uint8Array(65_536) } },
      { ...rest, links: right, listen: { host: 'here', port: 8000 } },
      // Another listener has this port.
      { ...rest, links: right, listen: { host: HOME, port: 9000 } },
    ]
    return random.pick(wrong)
  }

  #entry(id: string): EntryOptions {
    const random = this.#random
    const ip = random.pick(PEERS)
    if (random.chance(0.5)) return { id, role: 'active', ip, port: 8000 }
    return { id, role: 'passive', ip, slots: 1 + random.int(3) }
  }

  #add(): void {
    const free = IDS.filter((id) => this.#links.every((entry) => entry.id !== id))
    if (free.length === 0) this.#remove()
    else this.#links = [...this.#links, this.#entry(this.#random.pick(free))]
  }

  #remove(): void {
    this.#links = this.#links.filter((entry) => entry !== this.#any())
  }

  #any(): EntryOptions | undefined {
    return this.#links[this.#random.int(Math.max(1, this.#links.length))]
  }

  #edit(): void {
    const chosen = this.#any()
    if (chosen === undefined) return
    this.#links = this.#links.map((entry) => (entry === chosen ? this.#edited(entry) : entry))
  }

  #edited(entry: EntryOptions): EntryOptions {
    const random = this.#random
    const { id = '' } = entry
    const maxPayload = 100 + random.int(3) * 1_000
    const changes: readonly EntryOptions[] = [
      { ...this.#entry(id) },
      { ...entry, enabled: random.chance(0.6) },
      { ...entry, ttl: random.pick(['100ms', '1s', 'none']) },
      {
        ...entry,
        outbox: { messages: 1 + random.int(20) },
        overflow: random.pick(['reject', 'drop-oldest']),
      },
      { ...entry, onLoss: random.pick(['resend', 'drop']) },
      { ...entry, silence: random.pick(['off', '3s']), stall: random.pick([0, '1s']) },
      { ...entry, codec: { spec: String(maxPayload), value: new Len16Codec({ maxPayload }) } },
      { ...entry, highWaterMark: 1 + random.int(2_000) },
      entry.role === 'active'
        ? { ...entry, ip: random.pick(PEERS) }
        : { ...entry, slots: 1 + random.int(4), duplicate: random.pick(['challenge', 'replace']) },
    ]
    return random.pick(changes)
  }

  #reorder(): void {
    const at = this.#random.int(this.#links.length + 1)
    this.#links = [...this.#links.slice(at), ...this.#links.slice(0, at)]
  }

  #whole(): void {
    const random = this.#random
    if (random.chance(0.4)) this.#port = random.pick(PORTS)
    else {
      this.#node = {
        relay: random.chance(0.3),
        dials: 1 + random.int(4),
        stopDeadline: random.pick(['500ms', '3s']),
        routing: { messages: 1 + random.int(50) },
        audit: { every: random.pick(['5s', '1m']) },
      }
    }
  }
}

/** Numbers every message between two machines, and checks that each arrives once and in order. */
class Numbered {
  readonly #next = new Map<string, number>()
  readonly #arrived = new Map<string, number>()

  send(node: Node, to: string, pad: number): boolean {
    const key = `${node.config.name} ${to}`
    const number = this.#next.get(key) ?? 0
    const payload = new Uint8Array(4 + pad)
    new DataView(payload.buffer).setUint32(0, number)
    try {
      node.send(payload, { to })
    } catch {
      return false
    }
    this.#next.set(key, number + 1)
    return true
  }

  hear(node: Node, strict: boolean): void {
    node.on('message', ({ payload, link, epoch }) => {
      const key = `${node.config.name} ${link}${strict ? '' : ` ${String(epoch)}`}`
      const number = new DataView(payload.buffer, payload.byteOffset).getUint32(0)
      const last = this.#arrived.get(key) ?? -1
      if (strict) expect(number, `${key}: no gap, no repeat`).toBe(last + 1)
      else expect(number, `${key}: in order`).toBeGreaterThan(last)
      this.#arrived.set(key, number)
    })
  }

  arrived(key: string): number {
    return (this.#arrived.get(key) ?? -1) + 1
  }

  sent(key: string): number {
    return this.#next.get(key) ?? 0
  }
}

function world(seed: number) {
  const clock = new ManualClock()
  const random = new SeededRandom(seed)
  const network = new MemoryNetwork(clock, random.fork('network'), { split: 0.2 })
  const make = (ip: string, options: NodeOptions): Node =>
    createNode(
      options,
      use(Transport, network.host(ip)),
      use(Clock, clock),
      use(Random, random.fork(ip)),
      len16Codec(),
    )
  const tables = new Tables(random.fork('tables'))
  const home = make(HOME, tables.options)
  const peers = [STEADY, ...PEERS].map((ip) => {
    const out = ip === STEADY ? [8000] : PORTS
    const outward = out.map((port): EntryOptions => ({
      id: `to-${String(port)}`,
      role: 'active',
      ip: HOME,
      port,
    }))
    const inward: EntryOptions = {
      id: 'in',
      role: 'passive',
      ip: HOME,
      slots: ip === STEADY ? 1 : 8,
    }
    const options = { node: ip, listen: { host: ip, port: 8000 }, links: [inward, ...outward] }
    return make(ip, { ...options, rearmAfter: '2s' })
  })
  // Occupies the port for listeners of the node.
  network.host(HOME).listen(
    { ip: HOME, port: 9000, options: {} },
    {
      listening: () => undefined,
      admit: () => false,
      accepted: () => undefined,
      failed: () => undefined,
    },
  )
  return { clock, random, network, tables, home, peers }
}

interface Snapshot {
  readonly links: readonly LinkHandle[]
  readonly facts: ReadonlyMap<string, object>
}

function snapshot(node: Node): Snapshot {
  const facts = node.links().map((link) => {
    const { id, state, epoch, counters, attempt, enabled } = link
    return [id, { link, state, epoch, counters, attempt, enabled }] as const
  })
  return { links: node.links(), facts: new Map(facts) }
}

async function storm(seed: number): Promise<{ readonly valid: number; readonly invalid: number }> {
  const { clock, random, network, tables, home, peers } = world(seed)
  const [steady] = peers
  if (steady === undefined) throw new Error('no peer')
  const numbered = new Numbered()
  const told: string[] = []
  home.on('link', ({ link, state }) => told.push(`${link} ${state}`))
  numbered.hear(steady, true)
  for (const peer of peers.slice(1)) numbered.hear(peer, false)
  for (const node of [home, ...peers]) void node.start()
  const isUp = (node: Node, id: string): boolean => node.link(id).state === 'up'
  clock.runUntil(() => isUp(home, 'steady-in') && isUp(home, 'steady-out'), 10_000)

  const count = { valid: 0, invalid: 0 }
  for (let round = 0; round < MUTATIONS_PER_SEED; round++) {
    traffic(home, steady, numbered, random)
    const before = snapshot(home)
    const { config } = home
    const toldBefore = told.length
    if (random.chance(0.5)) {
      count.invalid++
      const changing = home.reconfigure(tables.broken())
      const listened = home.reconfigurationProblems(tables.options).length === 0
      expect(listened, 'the table that it has is right').toBe(true)
      expect(snapshot(home), `seed ${String(seed)}: 0 change`).toEqual(before)
      clock.advance(0)
      await expect(changing).rejects.toMatchObject({
        code: expect.stringMatching(/INVALID|LISTEN/) as string,
      })
      expect(home.links()).toBe(before.links)
      expect(home.config).toBe(config)
    } else {
      count.valid++
      const options = tables.mutate()
      const moves = [options.listen].flat()[0]?.port !== config.listen?.port
      const changing = home.reconfigure(options)
      if (moves) clock.advance(1)
      else expectUntouched(before, snapshot(home), await changing, told.slice(toldBefore))
      const { added, removed } = await changing
      const tableChanged = added.length + removed.length > 0
      if (tableChanged) expect(home.links()).not.toBe(before.links)
    }
    expectLedgers(home)
    expect(steadyFacts(home), `seed ${String(seed)}`).toEqual([
      ['steady-out', 'up', 1],
      ['steady-in', 'up', 1],
    ])
    if (random.chance(0.1)) network.reset(random.pick(PEERS))
    clock.advance(random.int(400))
    expectLedgers(home)
  }
  await expectAllCame(clock, home, numbered)
  const stopping = Promise.all([home, ...peers].map((node) => node.stop()))
  clock.advance(60_000)
  await stopping
  expectLedgers(home)
  expect(home.retired.queued).toBe(0)
  expect(clock.pendingTimers, 'timers left').toBe(0)
  return count
}

function traffic(home: Node, steady: Node, numbered: Numbered, random: SeededRandom): void {
  for (let burst = random.int(5); burst >= 0; burst--) {
    const pad = random.int(1_500)
    expect(numbered.send(home, 'steady-out', pad)).toBe(true)
    expect(numbered.send(home, 'steady-in', pad)).toBe(true)
    const { id } = random.pick(
      home
        .links()
        .filter((link) => !link.id.startsWith('steady'))
        .concat(home.link(0)),
    )
    if (!id.startsWith('steady')) numbered.send(home, id, pad)
    expect(steady.send(new Uint8Array(8), { to: random.pick(['in', 'to-8000']) })).toBeDefined()
  }
}

/** Links whose entries did not change have not been affected by the reconfiguration. */
function expectUntouched(
  before: Snapshot,
  after: Snapshot,
  { unchanged }: Reconfiguration,
  told: readonly string[],
): void {
  expect(unchanged).toEqual(expect.arrayContaining(['steady-out', 'steady-in']))
  for (const id of unchanged) {
    expect(after.facts.get(id), id).toEqual(before.facts.get(id))
    expect(told.filter((text) => text.startsWith(`${id} `))).toEqual([])
  }
}

function steadyFacts(node: Node): unknown[] {
  return ['steady-out', 'steady-in'].map((id) => {
    const { state, epoch } = node.link(id)
    return [id, state, epoch]
  })
}

/** No message was lost on the links that did not change. */
async function expectAllCame(clock: ManualClock, home: Node, numbered: Numbered): Promise<void> {
  const pairs = [
    ['home steady-out', `${STEADY} in`],
    ['home steady-in', `${STEADY} to-8000`],
  ] as const
  const whole = (): boolean => pairs.every(([to, at]) => numbered.sent(to) === numbered.arrived(at))
  clock.runUntil(whole, 30_000)
  await clock.settle()
  for (const id of ['steady-out', 'steady-in']) {
    const { enqueued, written, dropped, resent } = home.link(id).counters
    expect({ written, dropped, resent }).toEqual({ written: enqueued, dropped: 0, resent: 0 })
  }
}

describe('a thousand changes of the table, half of them wrong', () => {
  it.each(Array.from({ length: 10 }, (_, seed) => seed))(
    'change nothing if they are wrong, and affect no link that they do not name: seed %i',
    async (seed) => {
      const { valid, invalid } = await storm(seed)
      expect(valid + invalid).toBe(MUTATIONS_PER_SEED)
      expect(Math.min(valid, invalid)).toBeGreaterThan(MUTATIONS_PER_SEED / 4)
    },
  )
})
