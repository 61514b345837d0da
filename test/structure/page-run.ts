import { spawnSync } from 'node:child_process'
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect } from 'vitest'
import { testFolder } from '@commloop/test-support/test-folder'
import { pathOf } from './source-tree.js'

/** For programs that hang; the longest takes ten seconds on an idle machine. */
const DEADLINE_MS = 100_000

/** A folder with these files, in which the packages of this repository are installed. */
export function pageFolder(files: Readonly<Record<string, string>>): string {
  const folder = testFolder(files)
  symlinkSync(pathOf('node_modules'), join(folder, 'node_modules'))
  return folder
}

/** Replaces the machines of a page by loopback addresses of this machine: 192.168.0.2 becomes 127.168.0.2. */
export function onLoopback(text: string): string {
  return text.replaceAll('192.168.', '127.168.')
}

/** Runs a program, which must succeed. @returns what it wrote to stdout */
export function runProgram(folder: string, file: string): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [file], {
    cwd: folder,
    encoding: 'utf8',
    timeout: DEADLINE_MS,
  })
  expect({ status, stderr }, file).toEqual({ status: 0, stderr: '' })
  return stdout
}

/** The results of the tests of a page: the names of those that fail, and how many pass. */
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

/** Runs test files of the folder with vitest, as a user would. */
export function runTests(folder: string, files: readonly string[]): TestsEnd {
  const vitest = [join('node_modules', 'vitest', 'vitest.mjs'), 'run', '--reporter=json']
  // This run is within another run of vitest, whose settings it must not use.
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
    // A file that could not be loaded has no tests.
    if (assertionResults.length === 0) return [`${name}: ${message}`]
    return tests.map(({ fullName }) => fullName)
  })
  return { failed, passed: numPassedTests }
}

/** Loads a module of the folder into the test, in which the packages are sources. */
export async function importFrom<Module>(folder: string, file: string): Promise<Module> {
  return (await import(pathToFileURL(join(folder, file)).href)) as Module
}
