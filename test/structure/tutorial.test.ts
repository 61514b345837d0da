import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { freePort } from '@commloop/test-support/free-port'
import { removeTestFoldersAfterEach } from '@commloop/test-support/test-folder'
import { cleanUpAfterEach } from '../e2e/clean-up.js'
import { eventually } from '../peer/eventually.js'
import { type CodeBlock, codeBlocks } from './page.js'
import { pageFolder } from './page-run.js'
import { textOf } from './source-tree.js'

cleanUpAfterEach()
removeTestFoldersAfterEach()

/** Long enough for a dial that an outage has put off, on a machine on which it took long. */
const BLOCK_MS_MAX = 60_000
const LOOKS = /^npx commloop (status|check|doctor)\b|^grep /
const terminals: Terminal[] = []
afterEach(async () => {
  for (const terminal of terminals.splice(0)) await terminal.close()
})

/** An interactive shell with job control. */
class Terminal {
  readonly #shell: ChildProcessByStdio<Writable, Readable, Readable>
  readonly #exit: Promise<unknown>
  #output = ''
  #commands = 0

  constructor(cwd: string, runtime: string) {
    const env = { ...process.env, XDG_RUNTIME_DIR: runtime, NO_COLOR: '1' }
    this.#shell = spawn('bash', ['--norc', '--noprofile'], { cwd, env, stdio: 'pipe' })
    this.#exit = new Promise((resolve) => this.#shell.once('exit', resolve))
    for (const stream of [this.#shell.stdout, this.#shell.stderr]) {
      stream.on('data', (chunk: Buffer) => (this.#output += chunk.toString()))
    }
    this.#shell.stdin.write('exec 2>&1; set -m\n')
    terminals.push(this)
  }

  /** Types a block and waits for its end. @returns what it has shown */
  async run(code: string): Promise<string> {
    this.#output = ''
    const mark = `end of block ${String(++this.#commands)}`
    // What is typed next is for the shell, not for a program that the block has started.
    this.#shell.stdin.write(`{\n${code}\n} < /dev/null\necho; echo '${mark}'\n`)
    const shown = (): string => `${code}\n${this.#output}`
    await eventually('a block to end', () => this.#output.includes(mark), shown, BLOCK_MS_MAX)
    return this.#output.slice(0, this.#output.indexOf(mark)).trim()
  }

  /** Ends what the shell has in the background, each with all that it has started, then the shell. */
  async close(): Promise<void> {
    this.#shell.stdin.end('for job in $(jobs -p); do kill -- -$job; done 2>/dev/null; wait; exit\n')
    await this.#exit
  }
}

/** The widths of columns do not matter. `…` matches anything; as a whole line, any number of lines. */
function patternOf(text: string): RegExp {
  const lines = text
    .trim()
    .split('\n')
    .map((line) =>
      line.trim() === '…'
        ? '[\\s\\S]*'
        : narrow(line)
            .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
            .replaceAll('…', '.*'),
    )
  return new RegExp(`^${lines.join('\\n')}$`)
}

function narrow(text: string): string {
  return text.replace(/ +/g, ' ').replace(/ $/gm, '')
}

function blocksOf(page: string, port: number): readonly CodeBlock[] {
  return codeBlocks(page).map(({ language, code }) => ({
    language,
    code: code.replaceAll('8000', String(port)).trim(),
  }))
}

describe('docs/tutorial.md', () => {
  it('shows what happens, block by block', async () => {
    vi.setConfig({ testTimeout: 240_000 })
    const folder = pageFolder({})
    const runtime = join(folder, 'runtime')
    mkdirSync(runtime, { mode: 0o700 })
    const shells = new Map(
      ['north', 'south'].map((name) => [name, new Terminal(folder, runtime)] as const),
    )
    const blocks = blocksOf(textOf('docs/tutorial.md'), await freePort())
    let compared = 0
    for (const [at, { language, code }] of blocks.entries()) {
      if (language !== 'sh') continue
      const shell = shells.get(/^# (\w+)\n/.exec(code)?.[1] ?? '')
      if (shell === undefined) throw new Error(`for which terminal? ${code}`)
      let shown = await shell.run(code)
      const next = blocks[at + 1]
      if (next?.language !== 'text') continue
      const pattern = patternOf(next.code)
      const lookAgain = code.split('\n').at(-1) ?? ''
      const deadlineMs = Date.now() + BLOCK_MS_MAX
      while (!pattern.test(narrow(shown)) && LOOKS.test(lookAgain) && Date.now() < deadlineMs) {
        shown = await shell.run(lookAgain)
      }
      expect(narrow(shown), code).toMatch(pattern)
      compared++
    }
    expect(compared).toBeGreaterThan(12)
  }, 240_000)
})
