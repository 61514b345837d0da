import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { removeTestFoldersAfterEach, testFolder } from '@commloop/test-support/test-folder'
import { someToolIsMissing } from '../interop/debian-tool.js'
import { AppenderRounds } from './appender-rounds.js'

removeTestFoldersAfterEach()

const SUITE = 'a journal whose system calls fail'

function cannotTrace(): boolean {
  if (someToolIsMissing(SUITE, [{ command: 'strace', package: 'strace' }])) return true
  const tried = spawnSync('strace', ['-f', 'true'], { encoding: 'utf8' })
  if (tried.status === 0) return false
  console.warn(`SKIPPED: ${SUITE}. Tracing is not permitted: ${tried.stderr.slice(-200).trim()}`)
  return true
}

describe.skipIf(cannotTrace())(SUITE, () => {
  it.each([
    ['a write', 'pwrite64:error=EIO:when=40+'],
    ['the sync of a spare', 'fdatasync:error=EIO:when=2+'],
    ['the sync of a name', 'fsync:error=EIO:when=3+'],
    ['a rename', 'rename:error=EIO:when=2+'],
  ])('fails with %s, and has everything that it reported after a restart', async (_, fault) => {
    const folder = join(testFolder(), 'journal')
    let isFailing = false
    const rounds = new AppenderRounds(folder, (command) =>
      isFailing
        ? [
            'env',
            'UV_THREADPOOL_SIZE=1',
            'strace',
            '-f',
            '-qq',
            '-o',
            '/dev/null',
            '-e',
            `inject=${fault}`,
            ...command,
          ]
        : command,
    )
    await rounds.round(500, (child) => child.kill('SIGKILL'))
    isFailing = true
    expect(await rounds.failingRound()).toMatch(/^failed CML_ERR_JOURNAL_FAILED .*EIO/)
    isFailing = false
    await rounds.round(1, (child) => child.kill('SIGKILL'))
    const { lost, damaged, torn } = rounds.result
    expect({ lost, damaged, torn }).toEqual({ lost: 0, damaged: 0, torn: 0 })
  })
})
