import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { toolPath } from './debian-tool.js'

const DEADLINE_MS = 20_000
const KILL_MS = 5_000

interface LineWaiter {
  readonly pattern: RegExp
  readonly resolve: (match: RegExpExecArray) => void
}

/** A running foreign program: its output line by line, and its end. */
export class ForeignProcess {
  readonly #name: string
  readonly #child: ChildProcess
  readonly #ended: Promise<number | null>
  readonly #stdout: string[] = []
  readonly #stderr: string[] = []
  #waiter: LineWaiter | undefined
  #readLines = 0

  constructor(command: string, args: readonly string[]) {
    const path = toolPath(command)
    if (path === undefined) throw new Error(`${command} is not installed`)
    this.#name = command
    this.#child = spawn(path, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ERL_CRASH_DUMP_SECONDS: '0' },
    })
    this.#ended = once(this.#child, 'close').then(([code]: (number | null)[]) => code ?? null)
    this.#collect('stdout', this.#stdout)
    this.#collect('stderr', this.#stderr)
  }

  #collect(stream: 'stdout' | 'stderr', lines: string[]): void {
    const input = this.#child[stream]
    if (input === null) throw new Error(`${this.#name}: no ${stream}`)
    createInterface({ input }).on('line', (line) => {
      lines.push(line)
      this.#look()
    })
  }

  /** Its whole standard output. */
  get output(): string {
    return this.#stdout.join('\n')
  }

  get errors(): string {
    return this.#stderr.join('\n')
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  /** The next line, among those not waited for yet, that the pattern matches; lines before it are passed over. */
  async line(pattern: RegExp): Promise<RegExpExecArray> {
    const found = new Promise<RegExpExecArray>((resolve) => {
      this.#waiter = { pattern, resolve }
      this.#look()
    })
    const ended = this.#ended.then((code) => `it ended with ${String(code)}`)
    return this.#within(Promise.race([found, ended]), String(pattern))
  }

  #look(): void {
    while (this.#waiter !== undefined && this.#readLines < this.#stdout.length) {
      const match = this.#waiter.pattern.exec(this.#stdout[this.#readLines++] ?? '')
      if (match === null) continue
      this.#waiter.resolve(match)
      this.#waiter = undefined
    }
  }

  /** Waits until it ends. @returns its exit code */
  async ended(deadlineMs = DEADLINE_MS): Promise<number | null> {
    return this.#within(
      this.#ended.then((code) => ({ code })),
      'its end',
      deadlineMs,
    ).then(({ code }) => code)
  }

  async #within<Value>(
    wanted: Promise<Value | string>,
    what: string,
    deadlineMs = DEADLINE_MS,
  ): Promise<Value> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<string>((resolve) => {
      timer = setTimeout(resolve, deadlineMs, 'too late')
    })
    const result = await Promise.race([wanted, late])
    clearTimeout(timer)
    if (typeof result !== 'string') return result
    const said = [...this.#stdout.slice(-20), ...this.#stderr.slice(-20)].join('\n')
    throw new Error(`${this.#name}: waited for ${what}: ${result}. It said:\n${said}`)
  }

  /** Ends it, if need be by force. */
  async stop(): Promise<void> {
    if (!this.hasEnded) this.#child.kill()
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), KILL_MS)
    await this.#ended
    clearTimeout(timer)
  }
}
