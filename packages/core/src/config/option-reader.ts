import { type Duration, durationMs } from '../units/duration.js'
import { type Size, sizeBytes } from '../units/size.js'
import type { ConfigProblem } from './config-problem.js'

/** Reads single options with their defaults, and collects every mistake instead of stopping at the first. */
export class OptionReader {
  readonly problems: ConfigProblem[] = []

  problem(path: ConfigProblem['path'], message: string): void {
    this.problems.push({ path, message })
  }

  duration(path: ConfigProblem['path'], value: Duration | undefined, defaultMs: number): number {
    if (value === undefined) return defaultMs
    const ms = durationMs(value)
    if (ms !== undefined) return ms
    this.problem(path, `expected a duration such as 250ms, 30s or 5m, found ${found(value)}`)
    return defaultMs
  }

  size(path: ConfigProblem['path'], value: Size | undefined, defaultBytes: number): number {
    if (value === undefined) return defaultBytes
    const bytes = sizeBytes(value)
    if (bytes !== undefined && bytes > 0) return bytes
    this.problem(path, `expected a size such as 64KiB or 16MiB, found ${found(value)}`)
    return defaultBytes
  }

  integer(
    path: ConfigProblem['path'],
    value: number | undefined,
    range: { readonly min: number; readonly max: number; readonly default: number },
  ): number {
    if (value === undefined) return range.default
    if (Number.isInteger(value) && value >= range.min && value <= range.max) return value
    this.problem(path, `expected ${String(range.min)}–${String(range.max)}, found ${found(value)}`)
    return range.default
  }
}

/** A value as a user would recognise it. */
export function found(value: unknown): string {
  if (value === undefined) return 'nothing'
  const text: unknown = JSON.stringify(value)
  return typeof text === 'string' ? text : typeof value
}
