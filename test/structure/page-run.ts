import { spawnSync } from 'node:child_process'
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect } from 'vitest'
import { testFolder } from '../../packages/cli/test/test-folder.js'
import { pathOf } from './source-tree.js'

const DEADLINE_MS = 30_000

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

/** Loads a module of the folder into the test itself, where the packages are their sources. */
export async function importFrom<Module>(folder: string, file: string): Promise<Module> {
  return (await import(pathToFileURL(join(folder, file)).href)) as Module
}
