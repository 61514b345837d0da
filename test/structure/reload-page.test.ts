import { Len16Codec, len16Codec } from '@commloop/codec-len16'
import {
  Clock,
  createNode,
  DirectRouter,
  type EntryOptions,
  ExponentialBackoff,
  type NewPlugins,
  type Node,
  type NodeOptions,
  type Reconfiguration,
  Transport,
  use,
} from '@commloop/core'
import { ManualClock, MemoryNetwork, SeededRandom } from '@commloop/testing'
import { describe, expect, it } from 'vitest'
import { entrySchema, fileSchema } from '../../packages/config/src/schema/schema.js'
import { tableRows } from './page.js'
import { textOf } from './source-tree.js'

const FATES = new Map(
  tableRows(textOf('docs/reload.md'), ['key', 'effect']).map(([key = '', fate = '']) => [
    key,
    fate,
  ]),
)

/** Keys that only the file or the process has; `test/e2e/reload.test.ts` tests them. */
const OF_THE_FILE = [
  '$schema',
  'transport',
  'control',
  'metrics',
  'as_server',
  'is_server',
  'socket',
]

const HOME = '10.0.0.1'
const active: EntryOptions = { id: 'out', role: 'active', ip: '10.0.0.2', port: 8000 }
const passive: EntryOptions = { id: 'in', role: 'passive', ip: '10.0.0.2' }
const tls = { listen: { host: HOME, port: 8000, tls: {} } }

interface Example {
  /** What `out` shows only after the change. */
  readonly out?: Partial<EntryOptions>
  readonly in?: Partial<EntryOptions>
  readonly node?: Partial<NodeOptions>
  readonly plugins?: NewPlugins
}

/** One change for each key; if an entry can have the key, a change of the active link. */
const EXAMPLES: Readonly<Record<string, Example>> = {
  node: { node: { node: 'other' } },
  listen: { node: { listen: { host: HOME, port: 8001 } } },
  router: { plugins: { router: new DirectRouter() } },
  probes: { node: { probes: ['10.0.0.9'] } },
  relay: { node: { relay: true } },
  audit: { node: { audit: { every: '1s' } } },
  routing: { node: { routing: { messages: 7 } } },
  routerTimeout: { node: { routerTimeout: '7s' } },
  deferMax: { node: { deferMax: '7s' } },
  iterator: { node: { iterator: { messages: 7 } } },
  dials: { node: { dials: 7 } },
  resolveEvery: { node: { resolveEvery: '7s' } },
  stopDeadline: { node: { stopDeadline: '7s' } },
  links: { node: { links: [passive, active] } },
  id: { out: { id: 'renamed' } },
  role: { node: { links: [{ id: 'out', role: 'passive', ip: '10.0.0.3' }, passive] } },
  ip: { out: { ip: '10.0.0.3' } },
  host: { node: { links: [{ id: 'out', role: 'active', host: 'peer', port: 8000 }, passive] } },
  port: { out: { port: 8001 } },
  bind: { out: { bind: HOME } },
  addresses: { out: { addresses: { order: 'prefer-first' } } },
  tls: { out: { tls: {} } },
  transportOptions: { out: { transportOptions: { any: 1 } } },
  codec: { out: { codec: { spec: 'other', value: new Len16Codec() } } },
  slots: { in: { slots: 2 } },
  duplicate: { in: { duplicate: 'reject' } },
  enabled: { out: { enabled: false } },
  identity: { in: { identity: 'peer' }, node: tls },
  reconnect: { out: { reconnect: { spec: 'other', value: new ExponentialBackoff() } } },
  rearmAfter: { out: { rearmAfter: '7s' } },
  outbox: { out: { outbox: '7MiB' } },
  highWaterMark: { out: { highWaterMark: '7KiB' } },
  overflow: { out: { overflow: 'drop-oldest' } },
  onLoss: { out: { onLoss: 'drop' } },
  ttl: { out: { ttl: '7s' } },
  heartbeat: { out: { heartbeat: { every: '7s' } } },
  silence: { out: { silence: '7s' } },
  stall: { out: { stall: '7s' } },
  partialFrame: { out: { partialFrame: '7s' } },
  halfClose: { out: { halfClose: '7s' } },
  linger: { out: { linger: '7s' } },
  connectTimeout: { out: { connectTimeout: '7s' } },
  probation: { out: { probation: '7s' } },
  stableAfter: { out: { stableAfter: '7s' } },
  unacknowledgedMax: { out: { unacknowledgedMax: '7s' } },
  heldFor: { out: { heldFor: '7s' } },
  ready: { out: { ready: 'frame' } },
  readyTimeout: { out: { readyTimeout: '7s' } },
  opening: {
    out: { opening: { spec: 'any', value: { begin: () => ({ received: () => true }) } } },
  },
  openTimeout: { out: { openTimeout: '7s' } },
  holdDown: { out: { holdDown: '7s' } },
}

function options(key: string, example: Example): { before: NodeOptions; after: NodeOptions } {
  const listen = key === 'identity' ? tls.listen : { host: HOME, port: 8000 }
  const before = { node: 'page', listen, links: [active, passive] }
  const links = [
    { ...active, ...example.out },
    { ...passive, ...example.in },
  ]
  return { before, after: { ...before, links, ...example.node } }
}

/** The network has no TLS to offer, and the page is about core: to it, options are values like any other. */
function withoutOptions(transport: Transport): Transport {
  return {
    dial: (target, handler) => transport.dial({ ...target, options: {} }, handler),
    listen: (place, handler) => transport.listen({ ...place, options: {} }, handler),
  }
}

/** What became of the node and of the link that the example is about, in the words of the page. */
async function fateOf(key: string): Promise<string> {
  const example = EXAMPLES[key]
  if (example === undefined) throw new Error(`no example of "${key}"`)
  const { before, after } = options(key, example)
  const clock = new ManualClock()
  const network = new MemoryNetwork(clock, new SeededRandom(1))
  const make = (ip: string, of: NodeOptions): Node =>
    createNode(
      of,
      use(Transport, withoutOptions(network.host(ip))),
      use(Clock, clock),
      len16Codec(),
    )
  const home = make(HOME, before)
  const peer = make('10.0.0.2', {
    listen: { host: '10.0.0.2', port: 8000 },
    links: [
      { id: 'in', role: 'passive', ip: HOME },
      { id: 'out', role: 'active', ip: HOME, port: 8000 },
    ],
  })
  for (const node of [home, peer]) void node.start()
  clock.runUntil(() => home.links().every(({ state }) => state === 'up'), 10_000)
  const changing = home.reconfigure(after, example.plugins)
  clock.advance(10)
  const fate = await changing.then(
    (changes) => wordFor(key, changes),
    () => 'restart',
  )
  const stopping = Promise.all([home.stop(), peer.stop()])
  clock.advance(60_000)
  await stopping
  return fate
}

function wordFor(key: string, changes: Reconfiguration): string {
  const { added, removed, reconnected, changed, node } = changes
  // Of an entry that stays, only links come and go; of a peer that stays, only the name may be missing.
  if (key === 'slots' || key === 'identity') return 'in place'
  if (added.length > 0 && removed.length > 0) return 'another link'
  if (reconnected.length > 0) return 'new connection'
  if (changed.length > 0) return 'in place'
  return node.includes(key) ? 'node' : 'nothing'
}

describe('docs/reload.md', () => {
  it('has every key of the configuration, and no other', () => {
    const keys = new Set([...Object.keys(fileSchema.shape), ...Object.keys(entrySchema.shape)])
    expect([...FATES.keys()].sort()).toEqual([...keys].sort())
  })

  it('is judged by an example of every key that a node knows', () => {
    const known = [...FATES.keys()].filter((key) => !OF_THE_FILE.includes(key))
    expect(Object.keys(EXAMPLES).sort()).toEqual(known.sort())
  })

  it.each(Object.keys(EXAMPLES))('describes the effect of changing "%s"', async (key) => {
    expect(await fateOf(key)).toBe(FATES.get(key))
  })
})
