import {
  type EntryOptions,
  ExponentialBackoff,
  type HeartbeatOptions,
  type LinkOptions,
  type NodeOptions,
} from '@commloop/core'
import type { SeededRandom } from '../virtual/seeded-random.js'
import type { RouterPlan } from './hostile-router.js'
import type { OpeningPlan } from './simulated-opening.js'
import type { NodePlan } from './swarm.js'

export const PORT = 8000
const NETWORK = '10.0.0.0/24'
/** No machine has this address: a link that knows it as the first of two must reach its peer at the second. */
const NO_MACHINE = '10.0.1.1'

/** One node that dials another. */
interface Way {
  readonly from: number
  readonly to: number
  readonly link: string
}

/** The passive entries of a node, for the nodes that dial it. */
interface Admission {
  readonly entries: readonly EntryOptions[]
  /** Links of this node that are up without faults. */
  readonly expectedUp: readonly string[]
  /** Dials that succeed without faults. */
  readonly open: readonly Way[]
}

export function drawTables(
  random: SeededRandom,
  drawRouter: (random: SeededRandom) => RouterPlan,
): NodePlan[] {
  const count = 2 + random.int(4)
  const ways = drawWays(random, count)
  const heartbeat = drawHeartbeat(random)
  // Its own generator, so that older seeds draw what they always drew.
  const addresses = random.fork('addresses')
  const readiness = random.fork('ready')
  const acknowledgements = random.fork('acknowledgements')
  const opening = drawOpening(random.fork('opening'))
  const openTimeout = random.fork('openTimeout')
  const admissions = Array.from({ length: count }, (_, at) => {
    return drawAdmission(
      random,
      ways.filter(({ to }) => to === at),
    )
  })
  return admissions.map((admission, at) => {
    const own = ways.filter(({ from }) => from === at)
    const open = own.filter((way) => admissions[way.to]?.open.includes(way) === true)
    const active = own.map((way) => ({
      ...activeEntry(random, way),
      ...drawAddresses(addresses, way),
    }))
    return {
      name: nameOf(at),
      ip: ipOf(at),
      options: {
        ...drawOptions(random, at, [...admission.entries, ...active], heartbeat),
        ready: drawReady(readiness, heartbeat),
        unacknowledgedMax: acknowledgements.pick([0, 0, 1_500, 6_000]),
        openTimeout: openTimeout.pick([1_000, 3_000, 10_000]),
      },
      opening,
      router: drawRouter(random),
      expectedUp: [...admission.expectedUp, ...open.map(({ link }) => link)],
    }
  })
}

function drawWays(random: SeededRandom, count: number): Way[] {
  const ways: Way[] = []
  const density = random.between(0.3, 0.9)
  for (let from = 0; from < count; from++) {
    for (let to = 0; to < count; to++) {
      const first = from === 0 && to === 1
      if (from === to || !(random.chance(density) || first)) continue
      ways.push({ from, to, link: `to-${nameOf(to)}` })
      if (random.chance(0.1)) ways.push({ from, to, link: `to-${nameOf(to)}-too` })
    }
  }
  return ways
}

function drawAdmission(random: SeededRandom, callers: readonly Way[]): Admission {
  const wide: Way[] = []
  const unlisted: Way[] = []
  const entries: EntryOptions[] = []
  const expectedUp: string[] = []
  const open: Way[] = []
  const expect = (entry: EntryOptions, ways: readonly Way[]): void => {
    entries.push(entry)
    if ((entry.slots ?? 1) < ways.length) return
    open.push(...ways)
    if (entry.slots === undefined && entry.id !== undefined) expectedUp.push(entry.id)
  }
  for (const from of new Set(callers.map((way) => way.from))) {
    const ways = callers.filter((way) => way.from === from)
    if (random.chance(0.12)) {
      unlisted.push(...ways)
      continue
    }
    if (random.chance(0.35)) {
      wide.push(...ways)
      continue
    }
    const slots = random.chance(0.15) ? 2 : random.chance(0.2) ? 1 : ways.length
    const several = slots > 1 ? { slots } : {}
    const id = `in-${nameOf(from)}`
    expect(passiveEntry(random, { id, ip: ipOf(from), ...several }), ways)
  }
  if (wide.length > 0 || random.chance(0.2)) {
    // The wide entry also matches nodes that are not listed.
    wide.push(...unlisted)
    const ip = random.pick([NETWORK, '0.0.0.0'])
    const slots = Math.max(2, random.chance(0.25) ? wide.length - 1 : wide.length + random.int(2))
    expect(passiveEntry(random, { id: 'wide', ip, slots }), wide)
  }
  return { entries, expectedUp, open }
}

function passiveEntry(
  random: SeededRandom,
  entry: Pick<EntryOptions, 'id' | 'ip' | 'slots'>,
): EntryOptions {
  const duplicate = random.pick(['challenge', 'challenge', 'reject', 'replace'] as const)
  return { role: 'passive', ...entry, duplicate, ...drawLinkOptions(random) }
}

function activeEntry(random: SeededRandom, { to, link }: Way): EntryOptions {
  const value = new ExponentialBackoff({
    min: random.pick([50, 100]),
    initial: random.pick([100, 500]),
    max: random.pick([1_000, 5_000]),
    jitter: random.pick(['full', 'none']),
    maxAttempts: random.pick([0, 2, 4, 10]),
  })
  return {
    role: 'active',
    id: link,
    ip: ipOf(to),
    port: PORT,
    transportOptions: { label: link },
    reconnect: { spec: JSON.stringify(value), value },
    ...drawLinkOptions(random),
  }
}

/** For some entries a second address, which leads nowhere. */
function drawAddresses(random: SeededRandom, { to }: Way): Pick<EntryOptions, 'ip' | 'addresses'> {
  const own = ipOf(to)
  const ip = random.pick([own, own, own, [NO_MACHINE, own], [own, NO_MACHINE]])
  return { ip, addresses: { order: random.pick(['rotate', 'prefer-first']) } }
}

/** The options that differ between links. */
function drawLinkOptions(random: SeededRandom): LinkOptions {
  const bytes = random.pick([2_000, 20_000, 200_000, 1_000_000])
  const ttl = random.pick([undefined, undefined, 400, 5_000])
  return {
    outbox: { bytes, messages: random.pick([5, 50, 1_000]) },
    highWaterMark: Math.floor(bytes / random.pick([2, 8])),
    overflow: random.pick(['reject', 'drop-oldest']),
    onLoss: random.pick(['resend', 'resend', 'drop']),
    ...(ttl === undefined ? {} : { ttl }),
    ...(random.chance(0.3) ? { halfClose: random.pick(['close', 'serve', 3_000] as const) } : {}),
  }
}

/** Without heartbeats two nodes might wait for each other's first frame. */
function drawReady(
  random: SeededRandom,
  heartbeat: HeartbeatOptions | undefined,
): 'connected' | 'frame' | 'stable' {
  const ready = random.pick(['connected', 'connected', 'frame', 'stable'] as const)
  return ready === 'frame' && heartbeat === undefined ? 'connected' : ready
}

function drawOpening(random: SeededRandom): OpeningPlan | undefined {
  if (random.chance(0.6)) return undefined
  return {
    rounds: 1 + random.int(3),
    chatter: random.pick([0, 0, 1, 5]),
    stays: random.chance(0.5),
    hostility: random.pick([0, 0.05, 0.3]),
    slowMsMax: random.pick([50, 500, 4_000]),
  }
}

/** The same for all links of a swarm, because both ends of a link must agree. */
function drawHeartbeat(random: SeededRandom): HeartbeatOptions | undefined {
  if (random.chance(0.4)) return undefined
  const every = random.pick([300, 1_000, 2_000])
  return random.pick<HeartbeatOptions>([
    { every },
    { every, payload: 'beat' },
    { every, payload: 'beat', answer: 'back' },
  ])
}

function drawOptions(
  random: SeededRandom,
  at: number,
  links: readonly EntryOptions[],
  heartbeat: HeartbeatOptions | undefined,
): NodeOptions {
  return {
    node: nameOf(at),
    listen: { host: random.pick([ipOf(at), '0.0.0.0']), port: PORT },
    links,
    bind: ipOf(at),
    relay: random.chance(0.4),
    ...(heartbeat === undefined ? {} : { heartbeat }),
    stall: random.pick([1_500, 8_000]),
    partialFrame: random.pick([1_000, 4_000]),
    linger: random.pick([200, 1_000]),
    connectTimeout: random.pick([800, 3_000]),
    probation: random.pick([200, 1_000]),
    stableAfter: random.pick([1_000, 4_000]),
    rearmAfter: random.pick([4_000, 15_000]),
    holdDown: random.pick([2_000, 15_000]),
    dials: random.pick([1, 2, 64]),
    routing: { messages: random.pick([4, 20, 1_000]), bytes: random.pick([5_000, 1_000_000]) },
    routerTimeout: random.pick([200, 1_000]),
    deferMax: random.pick([500, 4_000]),
    stopDeadline: random.pick([500, 4_000]),
    // Drawn apart, so that the other draws of a seed stay as they were.
    heldFor: random.fork(`held ${String(at)}`).pick([500, 1_000, 300_000, 300_000]),
    audit: { every: 10_000, grace: 3_000 },
  }
}

export function nameOf(at: number): string {
  return `n${String(at + 1)}`
}

export function ipOf(at: number): string {
  return `10.0.0.${String(at + 1)}`
}
