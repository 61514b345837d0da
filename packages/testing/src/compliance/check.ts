import { describe, it } from 'vitest'

/**
 * One requirement of a contract, and a function that checks it. A plain function, so that tests can run a suite on an
 * implementation with a known fault.
 */
export interface Check {
  /** A sentence about what the implementation does. */
  readonly name: string
  /** Throws or rejects if the requirement is not met. It does not depend on other checks, and cleans up. */
  readonly check: () => void | Promise<void>
  /** Why the requirement cannot be checked. The test is then reported as skipped, with this reason in its name. */
  readonly skipped?: string
}

/** Registers a test for each check, with this time limit. Call it while vitest collects tests. */
export function registerChecks(title: string, checks: readonly Check[], checkMsMax?: number): void {
  describe(title, () => {
    for (const { name, check, skipped } of checks) {
      if (skipped === undefined) it(name, check, checkMsMax)
      else it.skip(`${name} (skipped: ${skipped})`, check)
    }
  })
}
