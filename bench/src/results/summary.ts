import type { Figure } from './result.js'

/** @throws Error if there are no values */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** `part` is from 0 to 1. Between two values, the lower one is returned. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((left, right) => left - right)
  const found = sorted[Math.floor((sorted.length - 1) * part)]
  if (found === undefined) throw new Error('quantile: no values')
  return found
}

export function figure(
  workload: string,
  contender: string,
  unit: string,
  values: readonly number[],
  baseline?: readonly number[],
): Figure {
  const ratios = baseline && values.map((value, at) => value / (baseline[at] ?? Number.NaN))
  return {
    workload,
    contender,
    unit,
    median: median(values),
    min: Math.min(...values),
    max: Math.max(...values),
    rounds: values.length,
    ...(ratios === undefined ? {} : { ratio: median(ratios) }),
  }
}
