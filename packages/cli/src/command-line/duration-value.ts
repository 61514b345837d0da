import { durationMs } from '@commloop/core'
import { UsageError } from './usage-error.js'

export interface DurationRange {
  /** Default: 0. */
  readonly minMs?: number
  /** The largest value, as written: `60s`. Default: no limit. */
  readonly max?: string
}

/** The milliseconds of an option's value such as `5s`. @throws UsageError naming the option */
export function durationValue(option: string, text: string, range: DurationRange = {}): number {
  const { minMs = 0, max } = range
  const maxMs = max === undefined ? undefined : durationMs(max)
  const ms = durationMs(text)
  if (ms !== undefined && ms >= minMs && ms <= (maxMs ?? ms)) return ms
  const limit = max === undefined ? '' : `, up to ${max}`
  throw new UsageError(
    `${option}: expected a duration such as 500ms or 5s${limit}, found "${text}"`,
  )
}
