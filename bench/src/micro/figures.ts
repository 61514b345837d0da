import { measure } from 'mitata'
import type { Case, Suite } from './suite.js'

/** How long each case is measured. */
export interface Plan {
  readonly rounds: number
  /** Milliseconds for one case in one round. */
  readonly caseMs: number
  readonly samplesMin: number
}

export interface Figure {
  readonly suite: string
  readonly name: string
  readonly operation: string
  /** Nanoseconds for one operation: the median of the medians of all rounds. */
  readonly nanoseconds: number
  /** The fastest call, which no other process has disturbed. */
  readonly bestNanoseconds: number
  /** The ratio to the baseline of the same round, as the median of all rounds; undefined without a baseline. */
  readonly ratio: number | undefined
}

interface Sample {
  readonly median: number
  readonly best: number
}

/** Runs all cases of a suite in each round, so that a disturbance affects all of them and the ratios stay correct. */
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
    // One call already runs many operations.
    batch_threshold: 0,
    // Without `--expose-gc`, mitata would allocate a GiB of memory to trigger the garbage collector.
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
