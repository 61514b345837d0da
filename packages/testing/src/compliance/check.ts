import { describe, it } from 'vitest'

/**
 * One promise of a contract, and a function that checks it. It is a plain function, so that tests can run a suite on an
 * implementation with a known fault.
 */
export interface Check {
  /** A sentence about what the implementation does. */
  readonly name: string
  /** Throws or rejects if the promise is broken. It needs no other check and leaves nothing behind. */
  readonly check: () => void | Promise<void>
  /** Why the promise cannot be checked. The test is then reported as skipped, with this reason in its name. */
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
