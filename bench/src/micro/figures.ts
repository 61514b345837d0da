import { measure } from 'mitata'
import type { Case, Suite } from './suite.js'

/** How long each case is measured. */
export interface Plan {
  readonly rounds: number
  /** Of one case in one round. */
  readonly caseMs: number
  readonly samplesMin: number
}

export interface Figure {
  readonly suite: string
  readonly name: string
  readonly operation: string
  /** Median of the rounds' medians, for one operation. */
  readonly nanoseconds: number
  /** The best call there was: what nobody has disturbed. */
  readonly bestNanoseconds: number
  /** Beside the baseline of the same round, median of the rounds; undefined: there is none. */
  readonly ratio: number | undefined
}

interface Sample {
  readonly median: number
  readonly best: number
}

/** All cases of a suite in each round: what disturbs the machine disturbs all, and ratios hold. */
export async function figuresOf(suite: Suite, plan: Plan): Promise<Figure[]> {
  const rounds: Sample[][] = []
  for (let round = 0; round < plan.rounds; round++) rounds.push(await roundOf(suite, plan))
  const baseline = suite.cases.findIndex((each) => each.baseline === true)
  return suite.cases.map(({ name }, at) => {
    const samples = rounds.flatMap((round) => round[at] ?? [])
    const ratios = rounds.flatMap((round) => {
      const [own, plain] = [round[at], round[baseline]]
      return own === undefined || plain === undefined ? [] : own.median / plain.median
    })
    return {
      suite: suite.name,
      name,
      operation: suite.operation,
      nanoseconds: medianOf(samples.map(({ median }) => median)),
      bestNanoseconds: Math.min(...samples.map(({ best }) => best)),
      ratio: ratios.length === 0 ? undefined : medianOf(ratios),
    }
  })
}

async function roundOf({ cases, operations }: Suite, plan: Plan): Promise<Sample[]> {
  const samples: Sample[] = []
  for (const each of cases) samples.push(await sampleOf(each, operations, plan))
  return samples
}

async function sampleOf({ run }: Case, operations: number, plan: Plan): Promise<Sample> {
  const { p50, min } = await measure(run, {
    min_cpu_time: plan.caseMs * 1e6,
    min_samples: plan.samplesMin,
    // A call is many operations already.
    batch_threshold: 0,
    // Without `--expose-gc` mitata would take a GiB of memory to make the collector run.
    gc: globalThis.gc !== undefined && collect,
  })
  return { median: p50 / operations, best: min / operations }
}

function collect(): void {
  globalThis.gc?.()
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}
