import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { removeTestFoldersAfterEach, testFolder } from '@commloop/test-support/test-folder'
import { noMountsOfOurOwn } from './mounts.js'

removeTestFoldersAfterEach()

const SCRIPT = fileURLToPath(new URL('full-disk.mjs', import.meta.url))

describe.skipIf(noMountsOfOurOwn('a journal on a full disk'))('a journal on a full disk', () => {
  it('stores what it has accepted, refuses more, and has room when messages leave', () => {
    const command = ['-m', process.execPath, SCRIPT, testFolder()]
    const output = execFileSync('unshare', command, { encoding: 'utf8', timeout: 50_000 })
    const result = JSON.parse(output) as {
      readonly changes: readonly boolean[]
      readonly entered: number
      readonly freeBytes: number
      readonly numbers: readonly number[]
    }
    expect(result.changes).toEqual([true, false])
    expect(result.entered).toBeGreaterThan(1_500)
    expect(result.freeBytes).toBeLessThan(1024 * 1024)
    expect(result.numbers).toEqual([-4, -3, -2, -1, 0, 1])
  })
})
