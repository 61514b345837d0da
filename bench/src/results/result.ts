/** One number of a report, with the rounds that it comes from. */
export interface Figure {
  /** What was done, such as the size of the payload. */
  readonly workload: string
  /** The program that was measured. */
  readonly contender: string
  readonly unit: string
  readonly median: number
  readonly min: number
  readonly max: number
  readonly rounds: number
  /** Median of the ratios to the baseline, taken round by round. */
  readonly ratio?: number
}

/** A target, and the figure that was measured. */
export interface Target {
  readonly what: string
  readonly limit: string
  readonly measured: string
  readonly held: boolean
}

export interface WorkloadResult {
  readonly name: string
  readonly title: string
  /** How it was measured, so that readers can judge the figures. */
  readonly about: string
  /** The contender with which the ratios compare. */
  readonly baseline: string | undefined
  readonly figures: readonly Figure[]
  readonly targets: readonly Target[]
  /** Remarks, such as which contender could not take part. */
  readonly notes: readonly string[]
  readonly load: Load
}

/** The activity of other processes during the run. */
export interface Load {
  /** CPUs that other processes kept busy, on average. */
  readonly foreignProcessors: number
  /** Rounds that were repeated because of it, and rounds that stayed disturbed. */
  readonly roundsRepeated: number
  readonly roundsDisturbed: number
}
