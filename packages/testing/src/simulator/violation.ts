/** An invariant that does not hold. */
export interface Violation {
  readonly seed: string
  readonly atMs: number
  /** `node` or `node link`. */
  readonly where: string
  readonly what: string
}

/** A violation on one line, for people. */
export function violationText({ seed, atMs, where, what }: Violation): string {
  return `seed ${seed}, at ${atMs.toFixed(2)} ms, ${where}: ${what}`
}
