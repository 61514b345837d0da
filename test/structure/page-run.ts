import { spawnSync } from 'node:child_process'
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect } from 'vitest'
import { testFolder } from '@commloop/test-support/test-folder'
import { pathOf } from './source-tree.js'

/** For what hangs; the longest of them takes ten seconds on a machine that does nothing else. */
const DEADLINE_MS = 100_000

/** A folder with these files, in which the packages of this repository are installed. */
export function pageFolder(files: Readonly<Record<string, string>>): string {
  const folder = testFolder(files)
  symlinkSync(pathOf('node_modules'), join(folder, 'node_modules'))
  return folder
}

/** Machines of the pages are machines of this one's loopback network: 192.168.0.2 is 127.168.0.2. */
export function onLoopback(text: string): string {
  return text.replaceAll('192.168.', '127.168.')
}

/** Runs a program to its end, which has to be a good one. @returns what it wrote to stdout */
export function runProgram(folder: string, file: string): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [file], {
    cwd: folder,
    encoding: 'utf8',
    timeout: DEADLINE_MS,
  })
  expect({ status, stderr }, file).toEqual({ status: 0, stderr: '' })
  return stdout
}

/** How the tests of a user end: names of those that fail, and how many pass. */
export interface TestsEnd {
  readonly failed: readonly string[]
  readonly passed: number
}

interface TestReport {
  readonly numPassedTests: number
  readonly testResults: readonly {
    readonly name: string
    readonly message: string
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[]
  }[]
}

/** Runs test files of the folder with vitest, as whoever wrote them would. */
export function runTests(folder: string, files: readonly string[]): TestsEnd {
  const vitest = [join('node_modules', 'vitest', 'vitest.mjs'), 'run', '--reporter=json']
  // A run of tests within a run of tests: it must not take the outer one's settings for its own.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('VITEST') && name !== 'TEST'),
  )
  const { stdout, stderr } = spawnSync(process.execPath, [...vitest, ...files], {
    cwd: folder,
    encoding: 'utf8',
    env,
    timeout: DEADLINE_MS,
    maxBuffer: 64 * 2 ** 20,
  })
  expect(stdout, stderr).toMatch(/^{/)
  const { numPassedTests, testResults } = JSON.parse(stdout) as TestReport
  expect(testResults).toHaveLength(files.length)
  const failed = testResults.flatMap(({ name, message, assertionResults }) => {
    const tests = assertionResults.filter(({ status }) => status === 'failed')
    // A file that could not be loaded has no tests to tell of.
    if (assertionResults.length === 0) return [`${name}: ${message}`]
    return tests.map(({ fullName }) => fullName)
  })
  return { failed, passed: numPassedTests }
}

/** Loads a module of the folder into the test itself, where the packages are their sources. */
export async function importFrom<Module>(folder: string, file: string): Promise<Module> {
  return (await import(pathToFileURL(join(folder, file)).href)) as Module
}
