import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { afterEach } from 'vitest'
import { COMMLOOP_BIN, DEADLINE_MS, requireBuild, runtimeFolder } from './cli-process.js'

const open = new Set<Terminal>()

/** Each terminal has a separate tmux server: a shared one would end with its last terminal while the next one starts. */
function tmux(server: string, ...args: readonly string[]): string {
  return execFileSync('tmux', ['-L', server, '-f', '/dev/null', ...args], { encoding: 'utf8' })
}

/** Whether tmux is installed; if not, prints which tests are skipped. */
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

/** commloop in a separate terminal, which stays open when the command has ended, and then shows `ended with N`. */
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

  /** The text on the screen. */
  get screen(): string {
    return tmux(this.#server, 'capture-pane', '-p')
  }

  /** The text on the screen with its escape sequences. */
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

  /** Whether the alternate screen is on, which programs use to draw. */
  get isOnSecondScreen(): boolean {
    return this.#flag('alternate_on')
  }

  #flag(name: string): boolean {
    return tmux(this.#server, 'display-message', '-p', `#{${name}}`).trim() === '1'
  }

  press(key: string): void {
    tmux(this.#server, 'send-keys', key)
  }

  /** The text on the screen when the condition holds. */
  async until(matches: (screen: string) => boolean): Promise<string> {
    const deadline = performance.now() + DEADLINE_MS
    for (;;) {
      const { screen } = this
      if (matches(screen)) return screen
      if (performance.now() > deadline) throw new Error(`not seen on the terminal:\n${screen}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  /** The text on the screen when the command has ended. */
  ended(): Promise<string> {
    return this.until((screen) => screen.includes('ended with '))
  }

  close(): void {
    open.delete(this)
    tmux(this.#server, 'kill-server')
  }
}

/** Call this once at the top of a test file: it closes all terminals after each test. */
export function closeTerminalsAfterEach(): void {
  afterEach(() => {
    for (const terminal of [...open]) terminal.close()
  })
}
