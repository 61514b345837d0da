import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Measurement, Size } from './figure.js'
import { ROOT, runProgram } from './node-script.js'

interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numTotalTests: number
}

/**
 * A figure that is not a number: a promise that holds in every case. The full size runs these test files. The short size
 * only checks that the files exist, because the same test run runs them anyway.
 */
export function provenByTests(files: readonly string[]): (size: Size) => Promise<Measurement> {
  return async (size) => {
    const missing = files.filter((file) => !existsSync(join(ROOT, file)))
    if (missing.length > 0) return { measured: `missing: ${missing.join(' ')}`, held: false }
    if (size === 'short') return { measured: `${String(files.length)} test files`, held: true }
    const report = await runTests(files)
    const { numPassedTests: passed, numTotalTests: total, numPendingTests: skipped } = report
    const measured = `${String(passed)} of ${String(total)} tests pass`
    // Suites of a contract skip what an implementation does not offer; a file of which nothing ran proves nothing.
    const held = passed > 0 && passed + skipped === total
    return { measured: skipped === 0 ? measured : `${measured}, ${String(skipped)} skipped`, held }
  }
}

async function runTests(files: readonly string[]): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), 'commloop-bar-'))
  const outputFile = join(folder, 'report.json')
  try {
    const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--reporter=json']
    const args = [...vitest, `--outputFile=${outputFile}`, ...files]
    const { stderr } = await runProgram(process.execPath, args)
    if (!existsSync(outputFile)) throw new Error(`no report of the tests: ${stderr.slice(-2_000)}`)
    return JSON.parse(readFileSync(outputFile, 'utf8')) as Report
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
