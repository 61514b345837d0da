import type { Check } from '../src/compliance/index.js'

/** The names of the checks that an implementation does not pass, each with its error. */
export async function failedChecks(checks: readonly Check[]): Promise<Map<string, string>> {
  const failed = new Map<string, string>()
  for (const { name, check, skipped } of checks) {
    if (skipped !== undefined) continue
    try {
      await check()
    } catch (error) {
      failed.set(name, error instanceof Error ? error.message : String(error))
    }
  }
  return failed
}
