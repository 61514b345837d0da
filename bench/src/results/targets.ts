import type { Figure, Target } from './result.js'

/** A target that a share must reach. */
export function atLeast(what: string, limit: number, measured: number, of: string): Target {
  return {
    what,
    limit: `≥ ${String(limit)} of the ${of}`,
    measured: measured.toFixed(2),
    held: measured >= limit,
  }
}

/** A target that a share or a value must not exceed. */
export function atMost(what: string, limit: number, measured: number, unit: string): Target {
  return {
    what,
    limit: `≤ ${String(limit)} ${unit}`,
    measured: measured.toFixed(2),
    held: measured <= limit,
  }
}

/** NaN if it was not measured, which meets no target. */
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
