import { Child } from '../process/child.js'
import { ForeignTime } from '../process/processor-time.js'
import { withinMs } from '../process/within-ms.js'
import type { Figure } from '../results/result.js'
import { figure } from '../results/summary.js'
import { type ActiveCrowd, NODE_CROWDS, type PassiveCrowd } from '../traffic/node-crowds.js'
import { type Callers, SOCKET_CROWDS, type SocketCrowd } from '../traffic/socket-crowds.js'
import type { Workload } from '../workload.js'

const RAW = 'raw sockets, dialling'
/** Shorter than the measured time, so that heartbeats are part of it. */
const HEARTBEAT_MS = 5_000
const LIMIT_PERCENT = 5
const UP_MS_MAX = 120_000

export const idleCpu: Workload = {
  name: 'idle-cpu',
  async run({ plan, progress }) {
    const links = plan.idleLinks
    const foreign = new ForeignTime()
    progress(`${String(links)} raw sockets with heartbeats, for ${String(plan.idleMs / 1000)} s`)
    const raw = await rawPercent(links, plan.idleMs)
    progress(`${String(links)} idle links with heartbeats, for ${String(plan.idleMs / 1000)} s`)
    const nodes = await nodePercent(links, plan.idleMs)
    const workload = `${String(links)} links`
    const row = (who: string, percent: number, baseline?: number): Figure =>
      figure(
        workload,
        who,
        '% of one core',
        [percent],
        baseline === undefined ? undefined : [baseline],
      )
    const most = Math.max(nodes.dialling, nodes.accepting)
    return {
      name: 'idle-cpu',
      title: 'CPU time of idle links',
      about:
        `Two nodes with ${String(links)} links between them, no messages, and a heartbeat of ${String(HEARTBEAT_MS / 1000)} s on both ends, ` +
        'which also switches on the silence timeout. For comparison, raw sockets: one timer writes the same two bytes to each of ' +
        'them equally often, without deadlines and without looking at the data received. They show the share of the kernel and `node:net`.',
      baseline: RAW,
      figures: [
        row(RAW, raw.dialling, raw.dialling),
        row('dialling node', nodes.dialling, raw.dialling),
        row('raw sockets, accepting', raw.accepting, raw.dialling),
        row('accepting node', nodes.accepting, raw.dialling),
      ],
      targets: [
        {
          what: `${String(links)} idle links with heartbeats`,
          limit: `< ${String(LIMIT_PERCENT)} % of one core`,
          measured: `${most.toFixed(1)} % (raw sockets ${Math.max(raw.dialling, raw.accepting).toFixed(1)} %)`,
          held: most < LIMIT_PERCENT,
        },
      ],
      notes: [],
      load: { foreignProcessors: foreign.take(), roundsRepeated: 0, roundsDisturbed: 0 },
    }
  },
}

/** CPU time at both ends, in percent of one core. */
interface Percent {
  readonly dialling: number
  readonly accepting: number
}

async function rawPercent(links: number, idleMs: number): Promise<Percent> {
  const holder = await Child.start<SocketCrowd>(SOCKET_CROWDS, 'socketCrowd')
  const callers = await Child.start<Callers>(SOCKET_CROWDS, 'callers')
  try {
    await callers.call('call', await holder.call('listen'), links)
    await holder.call('full', links)
    await callers.call('beat', HEARTBEAT_MS)
    await holder.call('beat', HEARTBEAT_MS)
    return await percentOf(callers, holder, idleMs)
  } finally {
    await callers.stop()
    await holder.stop()
  }
}

async function nodePercent(links: number, idleMs: number): Promise<Percent> {
  const options = { heartbeat: { every: HEARTBEAT_MS } }
  const passive = await Child.start<PassiveCrowd>(NODE_CROWDS, 'passiveCrowd', [links, options])
  const port = await passive.call('listen')
  const active = await Child.start<ActiveCrowd>(NODE_CROWDS, 'activeCrowd', [port, links, options])
  try {
    await withinMs(active.call('up', links), UP_MS_MAX, 'all links up')
    return await percentOf(active, passive, idleMs)
  } finally {
    await active.stop()
    await passive.stop()
  }
}

interface Timed {
  cpuMs(): number
}

async function percentOf(
  dialling: Child<Timed>,
  accepting: Child<Timed>,
  idleMs: number,
): Promise<Percent> {
  // Lets the work finish that was put off while the links came up.
  await pause(Math.min(5_000, idleMs))
  const before = [await dialling.call('cpuMs'), await accepting.call('cpuMs')]
  const startedMs = performance.now()
  await pause(idleMs)
  const after = [await dialling.call('cpuMs'), await accepting.call('cpuMs')]
  const elapsedMs = performance.now() - startedMs
  const [ofDialling = 0, ofAccepting = 0] = after.map(
    (cpuMs, at) => ((cpuMs - (before[at] ?? 0)) / elapsedMs) * 100,
  )
  return { dialling: ofDialling, accepting: ofAccepting }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
