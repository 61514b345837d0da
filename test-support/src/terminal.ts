import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { afterEach } from 'vitest'
import { COMMLOOP_BIN, DEADLINE_MS, requireBuild, runtimeFolder } from './cli-process.js'

const open = new Set<Terminal>()

/** Each terminal has a server of its own: a shared one goes away with its last terminal, while the next is made. */
function tmux(server: string, ...args: readonly string[]): string {
  return execFileSync('tmux', ['-L', server, '-f', '/dev/null', ...args], { encoding: 'utf8' })
}

/** Whether there is a tmux; where there is none, says which tests are left out. */
export function hasTerminal(tests: string): boolean {
  if (spawnSync('tmux', ['-V']).status === 0) return true
  process.stderr.write(`SKIPPED: ${tests} need tmux, which is not installed\n`)
  return false
}

export interface TerminalOptions {
  readonly columns?: number
  readonly rows?: number
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

/** commloop on a terminal of its own, which stays when the command has ended, and then shows `ended with N`. */
export class Terminal {
  readonly #server = `commloop-test-${randomBytes(4).toString('hex')}`

  private constructor(args: readonly string[], options: TerminalOptions) {
    const { columns = 100, rows = 30, cwd = '/', env = {} } = options
    const variables = { TERM: 'xterm-256color', XDG_RUNTIME_DIR: runtimeFolder(), ...env }
    const words = [
      'env',
      ...['NO_COLOR', 'FORCE_COLOR', 'COMMLOOP_LOG', 'COMMLOOP_CONFIG'].flatMap((name) => [
        '-u',
        name,
      ]),
      ...Object.entries(variables).map(([name, value]) => `${name}=${value}`),
      process.execPath,
      COMMLOOP_BIN,
      ...args,
    ]
    const command = words.map((word) => `'${word}'`).join(' ')
    const size = ['-x', String(columns), '-y', String(rows)]
    const shell = `${command}; echo "ended with $?"; exec cat`
    tmux(this.#server, 'new-session', '-d', '-c', cwd, ...size, shell)
    open.add(this)
  }

  static start(args: readonly string[], options: TerminalOptions = {}): Terminal {
    requireBuild()
    return new Terminal(args, options)
  }

  /** What can be read on the screen. */
  get screen(): string {
    return tmux(this.#server, 'capture-pane', '-p')
  }

  /** The same with the escape sequences that make it look as it does. */
  get coloredScreen(): string {
    return tmux(this.#server, 'capture-pane', '-pe')
  }

  /** Whether anything on the screen is coloured, bold or dim. */
  get hasStyles(): boolean {
    return this.coloredScreen.split('\x1b[').some((part, at) => at > 0 && /^[1-9]\d*m/.test(part))
  }

  get cursorIsShown(): boolean {
    return this.#flag('cursor_flag')
  }

  /** The second screen, which programs use that draw, and leave. */
  get isOnSecondScreen(): boolean {
    return this.#flag('alternate_on')
  }

  #flag(name: string): boolean {
    return tmux(this.#server, 'display-message', '-p', `#{${name}}`).trim() === '1'
  }

  press(key: string): void {
    tmux(this.#server, 'send-keys', key)
  }

  /** What can be read when the condition holds. */
  async until(matches: (screen: string) => boolean): Promise<string> {
    const deadline = performance.now() + DEADLINE_MS
    for (;;) {
      const { screen } = this
      if (matches(screen)) return screen
      if (performance.now() > deadline) throw new Error(`not seen on the terminal:\n${screen}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  /** What can be read when the command has ended. */
  ended(): Promise<string> {
    return this.until((screen) => screen.includes('ended with '))
  }

  close(): void {
    open.delete(this)
    tmux(this.#server, 'kill-server')
  }
}

/** Once at the top of a test file: no terminal outlives its test. */
export function closeTerminalsAfterEach(): void {
  afterEach(() => {
    for (const terminal of [...open]) terminal.close()
  })
}
