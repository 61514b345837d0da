import { spawnSync } from 'node:child_process'
import { closeSync, existsSync, openSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  COMMLOOP_BIN,
  endCliProcessesAfterEach,
  requireBuild,
} from '@commloop/test-support/cli-process'
import { removeTestFoldersAfterEach, testFolder } from '@commloop/test-support/test-folder'

endCliProcessesAfterEach()
removeTestFoldersAfterEach()

/** Every write fails as on a full disk. */
const FULL = '/dev/full'
const CONFIG = {
  listen: { host: '127.0.0.1', port: 0 },
  links: [{ id: 'in', role: 'passive', ip: '127.0.0.1' }],
}

const hasFull = existsSync(FULL)
if (!hasFull) process.stderr.write(`SKIPPED: tests of a full disk need ${FULL}\n`)

describe.skipIf(!hasFull)('output that cannot be written', () => {
  function run(args: readonly string[], full: 'stdout' | 'stderr') {
    requireBuild()
    const cwd = testFolder({ '.commlooprc': CONFIG })
    const device = openSync(FULL, 'w')
    try {
      const stdio = full === 'stdout' ? ['ignore', device, 'pipe'] : ['ignore', 'pipe', device]
      return spawnSync(process.execPath, [COMMLOOP_BIN, ...args], {
        cwd,
        stdio: stdio as ('ignore' | 'pipe' | number)[],
        encoding: 'utf8',
      })
    } finally {
      closeSync(device)
    }
  }

  it.each([[['--version']], [['--help']], [['check']], [['run', '--stdio']]])(
    '%j fails with the reason',
    (args) => {
      const { status, stderr } = run(args, 'stdout')
      expect(stderr).toContain('ENOSPC')
      expect(status).toBe(1)
    },
  )

  it('is not a failure of the log', () => {
    const { status, stdout } = run(['run', '--stdio'], 'stderr')
    expect(stdout).toContain('"type":"ready"')
    expect(status).toBe(0)
  })
})
