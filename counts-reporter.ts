import type { Reporter, TestModule } from 'vitest/node'

/** Ends the output with one plain line: how many tests passed, failed and were skipped. */
export default class CountsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const counts = { passed: 0, failed: 0, skipped: 0 }
    for (const module of modules) {
      // A file that cannot be loaded has no tests to count, and must not look like a success.
      if (module.errors().length > 0) counts.failed++
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        counts[state === 'pending' ? 'skipped' : state]++
      }
    }
    const { passed, failed, skipped } = counts
    // The default reporter writes its summary first, in the same turn.
    process.once('exit', () => {
      const line = `${String(passed)} passed, ${String(failed)} failed, ${String(skipped)} skipped`
      process.stdout.write(`${line}\n`)
    })
  }
}
