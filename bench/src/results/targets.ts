import type { Figure, Target } from './result.js'

/** A share that is to be reached. */
export function atLeast(what: string, limit: number, measured: number, of: string): Target {
  return {
    what,
    limit: `≥ ${String(limit)} of the ${of}`,
    measured: measured.toFixed(2),
    held: measured >= limit,
  }
}

/** A share, or a value, that is not to be exceeded. */
export function atMost(what: string, limit: number, measured: number, unit: string): Target {
  return {
    what,
    limit: `≤ ${String(limit)} ${unit}`,
    measured: measured.toFixed(2),
    held: measured <= limit,
  }
}

/** NaN where it was not measured, which holds no target. */
export function ratioOf(figures: readonly Figure[], workload: string, contender: string): number {
  return found(figures, workload, contender)?.ratio ?? Number.NaN
}

export function medianOf(figures: readonly Figure[], workload: string, contender: string): number {
  return found(figures, workload, contender)?.median ?? Number.NaN
}

function found(
  figures: readonly Figure[],
  workload: string,
  contender: string,
): Figure | undefined {
  return figures.find((each) => each.workload === workload && each.contender === contender)
}
