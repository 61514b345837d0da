import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach } from 'vitest'

const made: string[] = []

/** A separate folder for a test, with these files. Values that are not texts are written as JSON. */
export function testFolder(files: Readonly<Record<string, unknown>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'commloop-test-'))
  made.push(folder)
  for (const [name, content] of Object.entries(files)) {
    const file = join(folder, name)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content, null, 2))
  }
  return folder
}

/** A separate folder with a short path, because that of a socket may have at most 107 bytes. */
export function shortTestFolder(parent = tmpdir()): string {
  const folder = mkdtempSync(join(parent, 'cml-'))
  made.push(folder)
  return folder
}

/** Call this once at the top of a test file: it removes all folders after each test. */
export function removeTestFoldersAfterEach(): void {
  afterEach(() => {
    for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true })
  })
}
