import { describe, it } from 'vitest'

/**
 * One promise of a contract, and how to see that it is kept. A plain function, so that a suite can be turned on an
 * implementation that is broken on purpose and be seen to notice.
 */
export interface Check {
  /** A sentence about what the implementation does. */
  readonly name: string
  /** Throws, or rejects, when the promise is broken. Has its own set-up and cleans up after itself. */
  readonly check: () => void | Promise<void>
  /** Why it cannot be checked here. The test is then reported as skipped, with this reason in its name. */
  readonly skipped?: string
}

/** Makes every check a test of its own, with so much time. Called while vitest collects tests. */
export function registerChecks(title: string, checks: readonly Check[], checkMsMax?: number): void {
  describe(title, () => {
    for (const { name, check, skipped } of checks) {
      if (skipped === undefined) it(name, check, checkMsMax)
      else it.skip(`${name} (skipped: ${skipped})`, check)
    }
  })
}
