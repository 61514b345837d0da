import type { Reporter, TestModule } from 'vitest/node'

/** Closes the output with one plain line that a log reader finds: how many tests passed, failed, were skipped. */
export default class CountsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const counts = { passed: 0, failed: 0, skipped: 0 }
    for (const module of modules) {
      // A file that does not even load has no tests to count, and must not look like success.
      if (module.errors().length > 0) counts.failed++
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        counts[state === 'pending' ? 'skipped' : state]++
      }
    }
    const { passed, failed, skipped } = counts
    // After the summary that the default reporter writes in the same turn.
    process.once('exit', () => {
      const line = `${String(passed)} passed, ${String(failed)} failed, ${String(skipped)} skipped`
      process.stdout.write(`${line}\n`)
    })
  }
}
