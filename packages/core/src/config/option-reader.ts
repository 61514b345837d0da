import { describeValue } from '../text/describe-value.js'
import { type Duration, durationMs } from '../units/duration.js'
import { type Size, sizeBytes } from '../units/size.js'
import type { ConfigProblem } from './config-problem.js'

export const DURATION_WORDS = 'a duration such as 250ms, 30s or 5m'
export const SIZE_WORDS = 'a size such as 64KiB or 16MiB'

/** Reads single options, fills in their defaults, and collects every mistake instead of stopping at the first. */
export class OptionReader {
  readonly problems: ConfigProblem[] = []
  /** What is allowed and probably not meant. */
  readonly warnings: ConfigProblem[] = []

  problem(path: ConfigProblem['path'], message: string): void {
    this.problems.push({ path, message })
  }

  warning(path: ConfigProblem['path'], message: string): void {
    this.warnings.push({ path, message })
  }

  /** Reports that `value` is not what was expected. */
  unexpected(path: ConfigProblem['path'], expected: string, value: unknown): void {
    this.problem(path, `expected ${expected}, found ${describeValue(value)}`)
  }

  duration(path: ConfigProblem['path'], value: Duration | undefined, defaultMs: number): number {
    return this.optionalDuration(path, value) ?? defaultMs
  }

  /** undefined: the option is absent or wrong. */
  optionalDuration(
    path: ConfigProblem['path'],
    value: Duration | undefined,
    expected = DURATION_WORDS,
  ): number | undefined {
    if (value === undefined) return undefined
    const ms = durationMs(value)
    if (ms === undefined) this.unexpected(path, expected, value)
    return ms
  }

  size(path: ConfigProblem['path'], value: Size | undefined, defaultBytes: number): number {
    return this.optionalSize(path, value) ?? defaultBytes
  }

  /** undefined: the option is absent or wrong. */
  optionalSize(
    path: ConfigProblem['path'],
    value: Size | undefined,
    expected = SIZE_WORDS,
  ): number | undefined {
    if (value === undefined) return undefined
    const bytes = sizeBytes(value)
    if (bytes !== undefined && bytes > 0) return bytes
    this.unexpected(path, expected, value)
    return undefined
  }

  integer(
    path: ConfigProblem['path'],
    value: number | undefined,
    range: { readonly min: number; readonly max: number; readonly default: number },
  ): number {
    return this.optionalInteger(path, value, range) ?? range.default
  }

  /** undefined: the option is absent or wrong. */
  optionalInteger(
    path: ConfigProblem['path'],
    value: number | undefined,
    { min, max }: { readonly min: number; readonly max: number },
  ): number | undefined {
    if (value === undefined) return undefined
    if (Number.isInteger(value) && value >= min && value <= max) return value
    this.unexpected(path, `${String(min)}–${String(max)}`, value)
    return undefined
  }
}
