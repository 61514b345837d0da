/** One number of a report, with the rounds that it comes from. */
export interface Figure {
  /** What was done, such as the size of the payload. */
  readonly workload: string
  /** Who did it. */
  readonly contender: string
  readonly unit: string
  readonly median: number
  readonly min: number
  readonly max: number
  readonly rounds: number
  /** Median of the ratios to the baseline, taken round by round. */
  readonly ratio?: number
}

/** What was promised, and what came. */
export interface Target {
  readonly what: string
  readonly limit: string
  readonly measured: string
  readonly held: boolean
}

export interface WorkloadResult {
  readonly name: string
  readonly title: string
  /** How it was done, for somebody who wants to judge the figures. */
  readonly about: string
  /** Whose figures the ratios compare with. */
  readonly baseline: string | undefined
  readonly figures: readonly Figure[]
  readonly targets: readonly Target[]
  /** What else has to be known, such as who could not take part. */
  readonly notes: readonly string[]
  readonly load: Load
}

/** How much else went on meanwhile. */
export interface Load {
  /** Processors that were busy with something else, as a mean. */
  readonly foreignProcessors: number
  /** Rounds measured again because of it, and those that stayed disturbed. */
  readonly roundsRepeated: number
  readonly roundsDisturbed: number
}
