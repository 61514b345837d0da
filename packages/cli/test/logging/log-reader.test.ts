import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { describe, expect, it, vi } from 'vitest'
import {
  CliProcess,
  DEADLINE_MS,
  endCliProcessesAfterEach,
  runCli,
} from '@commloop/test-support/cli-process'
import { removeTestFoldersAfterEach, testFolder } from '@commloop/test-support/test-folder'

endCliProcessesAfterEach()
removeTestFoldersAfterEach()

/** A program that reads the log from a named pipe. */
class PipeReader {
  text = ''
  readonly #program: ChildProcessByStdio<null, Readable, null>

  constructor(path: string) {
    this.#program = spawn('cat', [path], { stdio: ['ignore', 'pipe', 'ignore'] })
    this.#program.stdout.on('data', (chunk: Buffer) => (this.text += chunk.toString()))
  }

  until(text: string): Promise<void> {
    return vi.waitFor(
      () => {
        expect(this.text).toContain(text)
      },
      { timeout: DEADLINE_MS },
    )
  }

  end(): Promise<void> {
    return new Promise((resolve) => {
      this.#program.once('close', () => {
        resolve()
      })
      this.#program.kill()
    })
  }
}

describe('a log whose reader went away and came back', () => {
  it('continues, and says how many lines are missing', async () => {
    const folder = testFolder({ '.commlooprc': { links: [] } })
    const pipe = join(folder, 'log')
    execFileSync('mkfifo', [pipe])
    const first = new PipeReader(pipe)
    const within = ['sh', '-c', 'exec "$@" 2>"$LOG_PIPE"', 'sh']
    const env = { LOG_PIPE: pipe, XDG_RUNTIME_DIR: folder }
    const node = CliProcess.start(['run', '--stdio', '--keep-open'], { cwd: folder, within, env })
    await first.until('control socket')
    await first.end()
    const reload = () => runCli(['reload'], { cwd: folder, env })
    expect((await reload()).code).toBe(0)
    const status = await runCli(['status', '--json'], { cwd: folder, env })
    const { lostLogLines } = JSON.parse(status.stdout) as { lostLogLines: number }
    expect(lostLogLines).toBeGreaterThan(0)
    const second = new PipeReader(pipe)
    await reload()
    await second.until(`${String(lostLogLines)} log lines lost`)
    await second.end()
    node.kill('SIGTERM')
    expect((await node.exit()).code).toBe(0)
  })
})
