import { spawnSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  COMMLOOP_BIN,
  endCliProcessesAfterEach,
  runCli,
  runtimeFolder,
} from '@commloop/test-support/cli-process'
import { ControlNode } from '@commloop/test-support/control-node'
import { removeTestFoldersAfterEach, testFolder } from '@commloop/test-support/test-folder'

endCliProcessesAfterEach()
removeTestFoldersAfterEach()

const CONFIG = {
  listen: { host: '127.0.0.1', port: 0 },
  links: [
    { id: 'furnace-in', role: 'passive', ip: '127.0.0.1' },
    { id: 'cell', role: 'passive', ip: '127.0.1.0/24', slots: 2 },
  ],
}

/** The completions of the last word. */
async function offered(cwd: string, ...words: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await runCli(['complete', '--', ...words], { cwd })
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return stdout
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith(':'))
    .map((line) => line.split('\t')[0] ?? '')
}

describe('completion', () => {
  it('offers commands and options', async () => {
    const cwd = testFolder()
    expect(await offered(cwd, 'st')).toEqual(['status'])
    expect(await offered(cwd, 'di')).toEqual(['dial', 'disable'])
    expect(await offered(cwd, 'send', '--ti')).toEqual(['--timeout'])
    expect(await offered(cwd, 'doctor', '--con')).toEqual(['--control', '--config'])
    expect(await offered(cwd, 'graph', '--con')).toEqual(['--control', '--config'])
    expect(await offered(cwd, 'run', '--log-level', 'w')).toEqual(['warn'])
    expect(await offered(cwd, '')).not.toContain('complete')
  })

  it('offers the links of the running node, and nothing without one', async () => {
    const node = await ControlNode.start(CONFIG)
    expect(await offered(node.folder, 'close', '')).toEqual(['furnace-in', 'cell/1', 'cell/2'])
    expect(await offered(node.folder, 'send', '--to', 'f')).toEqual(['furnace-in'])
    expect(await offered(testFolder(), 'close', '')).toEqual([])
  })

  it.each(['bash', 'zsh', 'fish', 'powershell'])('prints a script for %s', async (shell) => {
    const { code, stdout } = await runCli(['completion', shell])
    expect(stdout).toMatch(/commloop completion-words /)
    // What would evaluate a word.
    expect(stdout).not.toMatch(/\beval\b|compgen|_describe|Invoke-Expression|iex\b/)
    expect(code).toBe(0)
    const byVariable = await runCli(['completion'], { env: { SHELL: `/usr/bin/${shell}` } })
    expect(byVariable.stdout).toBe(stdout)
  })

  it.each([
    [['completion', 'csh'], {}],
    [['completion'], { SHELL: '' }],
  ])('%j is a usage error', async (args, env) => {
    const { code, stderr } = await runCli(args, { env })
    expect(stderr).toContain('expected one of bash, zsh, fish, powershell')
    expect(code).toBe(2)
  })

  const hasBash = spawnSync('bash', ['--version']).status === 0
  it.skipIf(!hasBash)('works in a bash', async () => {
    const node = await ControlNode.start(CONFIG)
    const bin = join(testFolder(), 'bin')
    mkdirSync(bin)
    symlinkSync(COMMLOOP_BIN, join(bin, 'commloop'))
    const { stdout: script } = await runCli(['completion', 'bash'])
    writeFileSync(join(bin, 'complete.sh'), script)
    const path = [bin, dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter)
    const type = (line: string): string => {
      const words = line.split(' ')
      const setUp = `source ${bin}/complete.sh; f=$(complete -p commloop | sed 's/.*-F \\([^ ]*\\).*/\\1/')`
      const state = `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${String(words.length - 1)}; COMP_LINE='${line}'; COMP_POINT=${String(line.length)}`
      const command = `${setUp}; ${state}; $f; printf '%s ' "\${COMPREPLY[@]}"`
      const env = { PATH: path, XDG_RUNTIME_DIR: runtimeFolder() }
      return spawnSync('bash', ['-c', command], { cwd: node.folder, env, encoding: 'utf8' }).stdout
    }
    expect(type('commloop stat')).toContain('status')
    expect(type('commloop tail furn')).toContain('furnace-in')
  })
})
