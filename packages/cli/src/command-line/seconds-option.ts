import { Option } from 'commander'
import { UsageError } from './usage-error.js'

export interface SecondsRange {
  readonly min: number
  readonly max: number
  readonly default: number
}

/** `--seconds <n>`. Parsing throws a UsageError if the value is not a number in the range. */
export function secondsOption(description: string, range: SecondsRange): Option {
  return new Option('--seconds <n>', description)
    .default(range.default)
    .argParser((text: string) => secondsOf(text, range))
}

/** @throws UsageError */
function secondsOf(text: string, { min, max }: SecondsRange): number {
  const seconds = Number(text)
  if (text.trim() !== '' && seconds >= min && seconds <= max) return seconds
  throw new UsageError(`--seconds: expected ${String(min)} to ${String(max)}, found "${text}"`)
}
