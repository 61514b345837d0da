import { Child } from '../process/child.js'
import { ForeignTime } from '../process/processor-time.js'
import { withinMs } from '../process/within-ms.js'
import type { Figure, Target } from '../results/result.js'
import { figure } from '../results/summary.js'
import { type ActiveCrowd, NODE_CROWDS, type PassiveCrowd } from '../traffic/node-crowds.js'
import type { Workload, WorkloadContext } from '../workload.js'

const OUTAGE_MS = 500
const LIMIT_MS = 5_000
/** The default of `dials`. */
const DIALS_AT_ONCE = 64
const UP_MS_MAX = 120_000
const ROUNDS_MAX = 5

interface Return {
  readonly allUpMs: number
  readonly dials: number
  readonly dialsAtOnce: number
  readonly exhausted: number
}

export const restart: Workload = {
  name: 'restart',
  async run(context) {
    const links = context.plan.idleLinks
    const foreign = new ForeignTime()
    const returns: Return[] = []
    const rounds = Math.min(context.plan.rounds, ROUNDS_MAX)
    for (let round = 0; round < rounds; round++) returns.push(await restartOnce(links, context))
    const workload = `${String(links)} links`
    const of = (unit: string, value: (each: Return) => number): Figure =>
      figure(workload, 'commloop', unit, returns.map(value))
    return {
      name: 'restart',
      title: 'The peer restarts',
      about:
        `A node with ${String(links)} active links to one peer and default settings. After a frame has arrived on each link, ` +
        `the peer is killed, and started again as a new process ${String(OUTAGE_MS)} ms later. The time is measured from the ` +
        'moment at which the new process listens until every link is up at both ends.',
      baseline: undefined,
      figures: [
        of('ms until all are up', ({ allUpMs }) => allUpMs),
        of('dials for each link', ({ dials }) => dials / links),
        of('dials at once, maximum', ({ dialsAtOnce }) => dialsAtOnce),
        of('links given up', ({ exhausted }) => exhausted),
      ],
      targets: targetsOf(links, returns),
      notes: [],
      load: { foreignProcessors: foreign.take(), roundsRepeated: 0, roundsDisturbed: 0 },
    }
  },
}

async function restartOnce(links: number, { progress }: WorkloadContext): Promise<Return> {
  const peer = (port: number): Promise<Child<PassiveCrowd>> =>
    Child.start<PassiveCrowd>(NODE_CROWDS, 'passiveCrowd', [links, {}, port])
  let passive = await peer(0)
  const port = await passive.call('listen')
  const active = await Child.start<ActiveCrowd>(NODE_CROWDS, 'activeCrowd', [port, links, {}])
  // The kernel opens connections before the listener accepts them.
  const bothUp = (): Promise<unknown> =>
    Promise.all([active.call('up', links), passive.call('full', links)])
  try {
    progress(`${String(links)} links coming up`)
    await withinMs(bothUp(), UP_MS_MAX, 'all links up')
    // Like a peer that has been up for a while: losing a link without proof of life counts as a failed attempt.
    await passive.call('greet')
    await withinMs(active.call('greeted', links), UP_MS_MAX, 'a frame on each link')
    await active.call('dialling')
    progress('the peer restarts')
    const startedMs = performance.now()
    await passive.kill()
    passive = await peer(port)
    await pause(Math.max(0, OUTAGE_MS - (performance.now() - startedMs)))
    await passive.call('listen')
    const listeningMs = performance.now()
    await withinMs(bothUp(), UP_MS_MAX, 'all links up again')
    const allUpMs = performance.now() - listeningMs
    const { dials, dialsAtOnce, exhausted } = await active.call('dialling')
    return { allUpMs, dials, dialsAtOnce, exhausted }
  } finally {
    await active.stop()
    await passive.stop()
  }
}

function targetsOf(links: number, returns: readonly Return[]): Target[] {
  const slowestMs = Math.max(...returns.map(({ allUpMs }) => allUpMs))
  const exhausted = Math.max(...returns.map((each) => each.exhausted))
  const dialsAtOnce = Math.max(...returns.map((each) => each.dialsAtOnce))
  return [
    {
      what: `restart of the peer of ${String(links)} links`,
      limit: `all up within ${String(LIMIT_MS / 1000)} s, at most ${String(DIALS_AT_ONCE)} dials at once, none given up`,
      measured: `${(slowestMs / 1000).toFixed(2)} s, at most ${String(dialsAtOnce)} dials at once, ${String(exhausted)} given up`,
      held: slowestMs <= LIMIT_MS && dialsAtOnce <= DIALS_AT_ONCE && exhausted === 0,
    },
  ]
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
