import { CONTENDERS } from '../contenders/all.js'
import { raw } from '../contenders/raw.js'
import type { Figure, Target } from '../results/result.js'
import { figure } from '../results/summary.js'
import { type Entrant, Rounds } from '../rounds.js'
import { OneWayPair } from '../traffic/one-way-pair.js'
import type { Workload, WorkloadContext } from '../workload.js'

const SIZES = [
  { name: '16 B', bytes: 16, limit: undefined },
  { name: '64 B', bytes: 64, limit: 0.75 },
  { name: '1 KiB', bytes: 1024, limit: 0.85 },
  { name: '16 KiB', bytes: 16 * 1024, limit: 0.95 },
  // What two bytes of length can say.
  { name: '64 KiB − 1', bytes: 65_535, limit: 0.95 },
] as const

type Size = (typeof SIZES)[number]

export const oneWay: Workload = {
  name: 'one-way',
  async run(context) {
    const notes: string[] = []
    const pairs = await startPairs(context, notes)
    const rounds = new Rounds(context.plan, context.progress)
    const figures: Figure[] = []
    try {
      for (const size of SIZES) {
        figures.push(...(await measureSize(size, pairs, rounds, context, notes)))
      }
    } finally {
      for (const pair of pairs.values()) await pair.stop()
    }
    return {
      name: 'one-way',
      title: 'One link, one way',
      about: CONTENDERS.map(({ name, about }) => `- **${name}**: ${about}`).join('\n'),
      baseline: raw.name,
      figures,
      targets: SIZES.flatMap((size) => targetOf(size, figures)),
      notes,
      load: rounds.load,
    }
  },
}

/** A contender that cannot be started, because a program is missing, is named and left out. */
async function startPairs(
  context: WorkloadContext,
  notes: string[],
): Promise<Map<string, OneWayPair>> {
  const pairs = new Map<string, OneWayPair>()
  for (const { name } of CONTENDERS) {
    context.progress(`starting ${name}`)
    try {
      pairs.set(name, await OneWayPair.start(name))
    } catch (error) {
      notes.push(`${name} did not take part: ${firstLine(error)}`)
    }
  }
  return pairs
}

async function measureSize(
  size: Size,
  pairs: Map<string, OneWayPair>,
  rounds: Rounds,
  { plan, progress }: WorkloadContext,
  notes: string[],
): Promise<Figure[]> {
  const entrants: Entrant[] = []
  for (const [name, pair] of [...pairs]) {
    progress(`${size.name}: warming up ${name}`)
    try {
      const messages = await pair.calibrate(size.bytes, plan.roundMs)
      entrants.push({
        name,
        round: async () => (messages * 1000) / (await pair.run(size.bytes, messages)).tookMs,
      })
    } catch (error) {
      notes.push(`${name} left at ${size.name}: ${firstLine(error)}`)
      pairs.delete(name)
      await pair.stop()
    }
  }
  const values = await rounds.measure(size.name, entrants)
  const baseline = values.get(raw.name)
  return [...values].map(([name, each]) => figure(size.name, name, 'msg/s', each, baseline))
}

function targetOf({ name, limit }: Size, figures: readonly Figure[]): Target[] {
  if (limit === undefined) return []
  const own = figures.find(
    ({ workload, contender }) => workload === name && contender === 'commloop',
  )
  const ratio = own?.ratio ?? 0
  return [
    {
      what: `one way, ${name}`,
      limit: `≥ ${String(limit)} of the raw socket`,
      measured: ratio.toFixed(2),
      held: ratio >= limit,
    },
  ]
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split('\n')[0] ?? ''
}
