/** One way to do something, measured alone. */
export interface Case {
  readonly name: string
  /** The plain way without limits or promises, beside which the others of its suite are shown. At most one. */
  readonly baseline?: boolean
  /** Does it `operations` times, in 10 to 500 µs; throws where the outcome is wrong. */
  readonly run: () => void
}

/** Ways to do the same, of which one may be the baseline. */
export interface Suite {
  readonly name: string
  /** What is done once in an operation. */
  readonly operation: string
  /** In one call of `run`; the figures are for one operation. */
  readonly operations: number
  readonly cases: readonly Case[]
}

/** @throws Error where a case did something else than it should: a figure of it would mean nothing. */
export function check(right: boolean, what: string): void {
  if (!right) throw new Error(`micro: ${what} went wrong`)
}
