import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { afterEach } from 'vitest'
import { COMMLOOP_BIN, DEADLINE_MS, runCli, runtimeFolder } from './cli-process.js'
import { testFolder } from './test-folder.js'

const open = new Set<Shell>()

export type ShellName = 'bash' | 'zsh' | 'fish'

/** How each shell starts without the files of the user, and how it loads a script of completions. */
const SHELLS: Readonly<Record<ShellName, { command: string; setUp: (script: string) => string }>> =
  {
    bash: {
      command: 'bash --noprofile --norc -i',
      setUp: (script) => `source ${script}; bind 'set enable-bracketed-paste off'`,
    },
    zsh: {
      command: 'zsh -f -i',
      setUp: (script) => `autoload -U compinit; compinit -u -D; source ${script}`,
    },
    fish: {
      command: 'fish --no-config -i',
      setUp: (script) => `source ${script}; function fish_prompt; echo '> '; end`,
    },
  }

/** After the set-up, the command itself prints its arguments, so that a test sees what Enter would run. */
const SHOWN: Readonly<Record<ShellName, string>> = {
  bash: `commloop() { printf 'GOT<%s>\\n' "$@"; }`,
  zsh: `commloop() { printf 'GOT<%s>\\n' "$@"; }`,
  fish: `function commloop; printf 'GOT<%s>\\n' $argv; end`,
}

/** Whether the shell and `script`, which gives it a terminal, are installed; if not, prints which tests are skipped. */
export function hasShell(name: ShellName): boolean {
  const missing = [name, 'script'].find((tool) => spawnSync(tool, ['--version']).status !== 0)
  if (missing === undefined) return true
  process.stderr.write(
    `SKIPPED: tests of completion in ${name} need ${missing}, which is not installed\n`,
  )
  return false
}

/** An interactive shell on a terminal of its own, with the completion of commloop. Its folder is `cwd`. */
export class Shell {
  readonly #child: ChildProcessWithoutNullStreams
  #output = ''
  #look: () => void = () => undefined
  #count = 0

  private constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child
    child.stdin.on('error', () => undefined)
    child.stdout.on('data', (part: Buffer) => {
      this.#output += part.toString()
      this.#look()
    })
    open.add(this)
  }

  /** @param script the completion script; default: what `commloop completion` prints */
  static async start(name: ShellName, cwd: string, script?: string): Promise<Shell> {
    const bin = join(testFolder(), 'bin')
    mkdirSync(bin)
    symlinkSync(COMMLOOP_BIN, join(bin, 'commloop'))
    const file = join(bin, 'completion')
    writeFileSync(file, script ?? (await runCli(['completion', name])).stdout)
    const path = [bin, dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter)
    const { command, setUp } = SHELLS[name]
    const child = spawn('script', ['-qfec', command, '/dev/null'], {
      cwd,
      env: {
        PATH: path,
        HOME: cwd,
        TERM: 'vt100',
        LANG: 'C.UTF-8',
        XDG_RUNTIME_DIR: runtimeFolder(),
      },
    })
    const shell = new Shell(child)
    await shell.run(setUp(file))
    await shell.run(SHOWN[name])
    return shell
  }

  /** Types keys, such as `\t` for Tab, and then a command that marks the end. @returns what the terminal got for them */
  async type(keys: string): Promise<string> {
    const from = this.#output.length
    this.#child.stdin.write(keys)
    return (await this.#settled(from)).slice(from)
  }

  /** Runs a line, and waits for its end. */
  async run(line: string): Promise<string> {
    return await this.type(`${line}\r`)
  }

  /** The shell reads its input in order, so it has done everything before when it prints the mark. */
  async #settled(from: number): Promise<string> {
    const mark = `MARK-${String(++this.#count)}-`
    // Typed in two parts, so that the echo of the line is not taken for its output.
    this.#child.stdin.write(`echo ${mark.slice(0, -1)}''-\r`)
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`the shell did not answer: ${JSON.stringify(this.#output.slice(from))}`))
      }, DEADLINE_MS)
      this.#look = () => {
        if (!this.#output.slice(from).includes(mark)) return
        clearTimeout(timer)
        resolve(this.#output)
      }
      this.#look()
    })
  }

  close(): void {
    open.delete(this)
    // `script` ends the shell when its input ends.
    this.#child.kill('SIGKILL')
  }
}

/** Call this once at the top of a test file: it closes all shells after each test. */
export function closeShellsAfterEach(): void {
  afterEach(() => {
    for (const shell of [...open]) shell.close()
  })
}
