import { Child } from '../process/child.js'
import { ForeignTime } from '../process/processor-time.js'
import { withinMs } from '../process/within-ms.js'
import { figure } from '../results/summary.js'
import { type ActiveCrowd, CROWD_ROLES, type PassiveCrowd } from '../traffic/crowd-roles.js'
import type { Workload } from '../workload.js'

/** Shorter than the time that is watched, so that heartbeats are among what is measured. */
const HEARTBEAT_MS = 5_000
const LIMIT_PERCENT = 5
const UP_MS_MAX = 120_000

export const idleCpu: Workload = {
  name: 'idle-cpu',
  async run({ plan, progress }) {
    const links = plan.idleLinks
    const options = { heartbeat: { every: HEARTBEAT_MS } }
    const passive = await Child.start<PassiveCrowd>(CROWD_ROLES, 'passiveCrowd', [links, options])
    const port = await passive.call('listen')
    const active = await Child.start<ActiveCrowd>(CROWD_ROLES, 'activeCrowd', [
      port,
      links,
      options,
    ])
    try {
      progress(`${String(links)} links coming up`)
      await withinMs(active.call('up', links), UP_MS_MAX, 'all links up')
      // What was put off while the links came up is over.
      await pause(Math.min(5_000, plan.idleMs))
      progress(`${String(links)} idle links with heartbeats, for ${String(plan.idleMs / 1000)} s`)
      const foreign = new ForeignTime()
      const before = [await active.call('cpuMs'), await passive.call('cpuMs')]
      const startedMs = performance.now()
      await pause(plan.idleMs)
      const after = [await active.call('cpuMs'), await passive.call('cpuMs')]
      const elapsedMs = performance.now() - startedMs
      const percent = after.map((cpuMs, at) => ((cpuMs - (before[at] ?? 0)) / elapsedMs) * 100)
      const [dialling = 0, accepting = 0] = percent
      const workload = `${String(links)} links`
      return {
        name: 'idle-cpu',
        title: 'Processor time of idle links',
        about: `Two nodes with so many links between them, no messages, and a heartbeat of ${String(HEARTBEAT_MS / 1000)} s on both ends, hence with a limit on silence too.`,
        baseline: undefined,
        figures: [
          figure(workload, 'dialling node', '% of one core', [dialling]),
          figure(workload, 'accepting node', '% of one core', [accepting]),
        ],
        targets: [
          {
            what: `${String(links)} idle links with heartbeats`,
            limit: `< ${String(LIMIT_PERCENT)} % of one core`,
            measured: `${Math.max(dialling, accepting).toFixed(1)} %`,
            held: Math.max(dialling, accepting) < LIMIT_PERCENT,
          },
        ],
        notes: [],
        load: { foreignProcessors: foreign.take(), roundsRepeated: 0, roundsDisturbed: 0 },
      }
    } finally {
      await active.stop()
      await passive.stop()
    }
  },
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
