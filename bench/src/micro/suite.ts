/** One implementation of a step, measured alone. */
export interface Case {
  readonly name: string
  /** The plain implementation without limits or promises, with which the others are compared. At most one in a suite. */
  readonly baseline?: boolean
  /** Runs the step `operations` times, in 10 to 500 µs. @throws Error if the result is wrong */
  readonly run: () => void
}

/** Implementations of the same step, of which one may be the baseline. */
export interface Suite {
  readonly name: string
  /** What one operation does. */
  readonly operation: string
  /** The number of operations in one call of `run`; the figures are for one operation. */
  readonly operations: number
  readonly cases: readonly Case[]
}

/** @throws Error if a case did not do what it should, because its figure would then mean nothing */
export function check(right: boolean, what: string): void {
  if (!right) throw new Error(`micro: ${what} went wrong`)
}
