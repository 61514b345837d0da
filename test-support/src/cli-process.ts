import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { afterEach, vi } from 'vitest'

const PACKAGE = fileURLToPath(new URL('../../packages/cli/', import.meta.url))

/** The path of the command. */
export const COMMLOOP_BIN = join(PACKAGE, 'bin', 'commloop.js')

/** How long a test waits for something that happens immediately on an idle machine. */
export const DEADLINE_MS = 15_000

const WRITE_BYTES = 4 * 1024
/** Up to this many parts are combined into one write, because a thousand small writes are slow. */
const FEED_PARTS = 64

export interface CliOptions {
  readonly cwd?: string
  /** The script to start; default: the one of this repository. */
  readonly bin?: string
  /** Added to the environment of the tests without the variables that configure commloop. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Options of Node, before the script. */
  readonly nodeOptions?: readonly string[]
  /** A command with arguments that executes the process, such as `prlimit --nofile=64:64`. */
  readonly within?: readonly string[]
  /** The stdin of the process: `pipe` (default) for `send` and `write`, `ignore` for an empty one. */
  readonly stdin?: 'pipe' | 'ignore'
}

/** One object of `run --stdio`. */
export type OutputLine = Readonly<Record<string, unknown>> & { readonly type: string }

/** One JSON line of the log. */
export type LogLine = Readonly<Record<string, unknown>> & {
  readonly level: string
  readonly msg: string
}

export interface ExitStatus {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

interface Waiter {
  look(): boolean
  fail(error: Error): void
}

const running = new Set<CliProcess>()

/**
 * A built commloop that runs in a separate process, as a user would start it. All waits have a deadline; if it passes,
 * the error contains the output of the process.
 *
 * `endCliProcesses` kills processes that a test has not ended, by their process ids.
 */
export class CliProcess {
  readonly args: readonly string[]
  readonly #child: ChildProcessByStdio<Writable | null, Readable, Readable>
  readonly #exit: Promise<ExitStatus>
  readonly #waiters = new Set<Waiter>()
  readonly #stdout = new LineReader()
  readonly #stderr = new LineReader()
  #status: ExitStatus | undefined
  #unwritten: Buffer[] = []
  #unwrittenBytes = 0
  #feeding = false
  #inputEnds = false

  private constructor(args: readonly string[], options: CliOptions) {
    this.args = args
    const script = [...(options.nodeOptions ?? []), options.bin ?? COMMLOOP_BIN, ...args]
    const [command, ...before] = [...(options.within ?? []), process.execPath]
    this.#child = spawn(command, [...before, ...script], {
      cwd: options.cwd,
      env: { ...cleanEnvironment(), XDG_RUNTIME_DIR: runtimeFolder(), ...options.env },
      stdio: [options.stdin ?? 'pipe', 'pipe', 'pipe'],
    }) as ChildProcessByStdio<Writable | null, Readable, Readable>
    this.#follow(this.#child.stdout, this.#stdout)
    this.#follow(this.#child.stderr, this.#stderr)
    // The process may end before it has read everything; its output shows why.
    this.#child.stdin?.on('error', () => undefined)
    this.#exit = new Promise((resolve, reject) => {
      this.#child.once('error', reject)
      this.#child.once('close', (code, signal) => {
        running.delete(this)
        this.#status = { code, signal }
        this.#look()
        resolve(this.#status)
      })
    })
    this.#exit.catch(() => undefined)
    running.add(this)
  }

  static start(args: readonly string[], options: CliOptions = {}): CliProcess {
    requireBuild()
    return new CliProcess(args, options)
  }

  #follow(stream: Readable, reader: LineReader): void {
    stream.on('data', (chunk: Buffer) => {
      reader.push(chunk)
      this.#look()
    })
    stream.on('end', () => {
      reader.end()
      this.#look()
    })
  }

  #look(): void {
    for (const waiter of [...this.#waiters]) {
      if (waiter.look()) this.#waiters.delete(waiter)
      else if (this.#status !== undefined) {
        this.#waiters.delete(waiter)
        waiter.fail(new Error(`the process has ended\n${this.transcript()}`))
      }
    }
  }

  get pid(): number {
    const { pid } = this.#child
    if (pid === undefined) throw new Error('the process was not started')
    return pid
  }

  get hasEnded(): boolean {
    return this.#status !== undefined
  }

  // ── writing ─────────────────────────────────────────────────────────────────────────────────────────────────

  /** Writes one object as a line to stdin. @returns whether the pipe took everything immediately */
  send(line: unknown): boolean {
    return this.write(`${JSON.stringify(line)}\n`)
  }

  /** Writes text or bytes to stdin, as fast as the process reads them. */
  write(data: string | Uint8Array): boolean {
    const bytes = Buffer.from(data)
    for (let at = 0; at < bytes.length; at += WRITE_BYTES) {
      this.#unwritten.push(bytes.subarray(at, at + WRITE_BYTES))
    }
    this.#unwrittenBytes += bytes.length
    this.#feed()
    return this.unreadInputBytes === 0
  }

  /** One write at a time, because Node reports several waiting writes as finished only together. */
  #feed(): void {
    if (this.#feeding) return
    const bytes = Buffer.concat(this.#unwritten.splice(0, FEED_PARTS))
    if (bytes.length === 0) {
      if (this.#inputEnds) this.#stdin.end()
      return
    }
    this.#feeding = true
    this.#unwrittenBytes -= bytes.length
    this.#stdin.write(bytes, (error) => {
      this.#feeding = false
      if (error instanceof Error) {
        this.#unwritten = []
        this.#unwrittenBytes = 0
      } else {
        this.#feed()
      }
    })
  }

  /** Bytes that were written to stdin and that the process has not read yet. */
  get unreadInputBytes(): number {
    return this.#unwrittenBytes + this.#stdin.writableLength
  }

  /** Closes stdin after everything that was written. */
  endInput(): void {
    this.#inputEnds = true
    this.#feed()
  }

  get #stdin(): Writable {
    const { stdin } = this.#child
    if (stdin === null) throw new Error('started with stdin: ignore')
    return stdin
  }

  // ── reading ────────────────────────────────────────────────────────────────────────────────────────────────

  /** The complete lines of stdout so far. */
  get stdoutLines(): readonly string[] {
    return this.#stdout.lines
  }

  /** The complete lines of stderr so far. */
  get stderrLines(): readonly string[] {
    return this.#stderr.lines
  }

  get stdoutText(): string {
    return this.#stdout.text
  }

  get stderrText(): string {
    return this.#stderr.text
  }

  /** All objects that `run --stdio` has written so far. @throws Error for a line that is not JSON */
  get events(): readonly OutputLine[] {
    return this.#stdout.lines.map((line) => JSON.parse(line) as OutputLine)
  }

  /** The first line of stdout that matches, among existing and future lines. */
  event(matches: (event: OutputLine) => boolean, deadlineMs = DEADLINE_MS): Promise<OutputLine> {
    return this.#first(this.#stdout, (line) => parsed(line, matches), deadlineMs)
  }

  /** The same, for `type` and some of the fields. */
  eventOf(
    type: string,
    fields: Readonly<Record<string, unknown>> = {},
    deadlineMs = DEADLINE_MS,
  ): Promise<OutputLine> {
    const wanted = Object.entries(fields)
    return this.event(
      (event) => event.type === type && wanted.every(([key, value]) => event[key] === value),
      deadlineMs,
    )
  }

  /** The first `count` lines of stdout that match. */
  eventsOf(type: string, count: number, deadlineMs = DEADLINE_MS): Promise<OutputLine[]> {
    const found: OutputLine[] = []
    const collect = (event: OutputLine): boolean => {
      if (event.type === type) found.push(event)
      return found.length === count
    }
    return this.#first(this.#stdout, (line) => parsed(line, collect), deadlineMs).then(() => found)
  }

  /** The first JSON line of the log that matches. */
  log(matches: (line: LogLine) => boolean, deadlineMs = DEADLINE_MS): Promise<LogLine> {
    return this.#first(this.#stderr, (line) => parsed(line, matches), deadlineMs)
  }

  stdoutLine(matches: (line: string) => boolean, deadlineMs = DEADLINE_MS): Promise<string> {
    return this.#first(this.#stdout, (line) => (matches(line) ? line : undefined), deadlineMs)
  }

  stderrLine(matches: (line: string) => boolean, deadlineMs = DEADLINE_MS): Promise<string> {
    return this.#first(this.#stderr, (line) => (matches(line) ? line : undefined), deadlineMs)
  }

  /** Calls `pick` once for each line, in order, and returns its first result that is not undefined. */
  #first<Found>(
    reader: LineReader,
    pick: (line: string) => Found | undefined,
    deadlineMs: number,
  ): Promise<Found> {
    let at = 0
    return this.#until(() => {
      for (; at < reader.lines.length; at++) {
        const found = pick(reader.lines[at] ?? '')
        if (found !== undefined) return found
      }
      return undefined
    }, deadlineMs)
  }

  #until<Found>(look: () => Found | undefined, deadlineMs: number): Promise<Found> {
    return new Promise((resolve, reject) => {
      const expired = (): void => {
        this.#waiters.delete(waiter)
        reject(new Error(`not seen in ${String(deadlineMs)} ms\n${this.transcript()}`))
      }
      const timer = setTimeout(expired, deadlineMs)
      const waiter: Waiter = {
        look: () => {
          const found = look()
          if (found === undefined) return false
          clearTimeout(timer)
          resolve(found)
          return true
        },
        fail: (error) => {
          clearTimeout(timer)
          reject(error)
        },
      }
      this.#waiters.add(waiter)
      this.#look()
    })
  }

  /** The output of the process, for error messages. */
  transcript(): string {
    const status =
      this.#status === undefined
        ? 'running'
        : `ended with ${String(this.#status.code ?? this.#status.signal)}`
    return [
      `commloop ${this.args.join(' ')} (${status})`,
      ...lastLines('stdout', this.#stdout.lines),
      ...lastLines('stderr', this.#stderr.lines),
    ].join('\n')
  }

  // ── ending ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** Resolves when the process has ended and all its output was read. */
  async exit(deadlineMs = DEADLINE_MS): Promise<ExitStatus> {
    let timer: NodeJS.Timeout | undefined
    const expired = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`did not end in ${String(deadlineMs)} ms\n${this.transcript()}`))
      }, deadlineMs)
    })
    try {
      return await Promise.race([this.#exit, expired])
    } finally {
      clearTimeout(timer)
    }
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Stops reading the output of the process, so that its pipe fills and it has to wait. */
  pauseOutput(): void {
    this.#child.stdout.pause()
  }

  resumeOutput(): void {
    this.#child.stdout.resume()
  }

  /** Closes the reading end of stdout, so that the next write of the process fails. */
  closeOutput(): void {
    this.#child.stdout.destroy()
  }

  /** The same for stderr. */
  closeLog(): void {
    this.#child.stderr.destroy()
  }
}

/** Kills the processes that are still running. */
export async function endCliProcesses(): Promise<void> {
  const left = [...running]
  for (const process of left) process.kill('SIGKILL')
  await Promise.all(left.map((process) => process.exit()))
  if (runtime !== undefined) rmSync(runtime, { recursive: true, force: true })
  runtime = undefined
}

/**
 * Call this once at the top of a test file: it ends all processes after each test, and gives tests the time that
 * processes need on a busy machine.
 */
export function endCliProcessesAfterEach(): void {
  vi.setConfig({ testTimeout: 4 * DEADLINE_MS })
  afterEach(endCliProcesses)
}

/** Runs a command and waits for its end. */
export async function runCli(
  args: readonly string[],
  options: CliOptions = {},
): Promise<ExitStatus & { readonly stdout: string; readonly stderr: string }> {
  const process = CliProcess.start(args, { stdin: 'ignore', ...options })
  const status = await process.exit()
  return { ...status, stdout: process.stdoutText, stderr: process.stderrText }
}

/** @throws Error if the command was not built, because the tests run what users run */
export function requireBuild(): void {
  const main = join(PACKAGE, 'dist', 'main.js')
  if (existsSync(main)) return
  throw new Error(`${main} is missing. Build first: npx tsc -b packages/cli`)
}

let runtime: string | undefined

/** The folder for control sockets. A killed process leaves its socket behind, so the folder is removed with them. */
export function runtimeFolder(): string {
  runtime ??= mkdtempSync(join(tmpdir(), 'commloop-run-'))
  return runtime
}

/** The environment without settings of the developer that would change the results. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const foreign = /^(COMMLOOP_|NODE_OPTIONS$|NODE_DEBUG$|NO_COLOR$|FORCE_COLOR$|VITEST|NODE_ENV$)/
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)))
}

function parsed<Line>(line: string, matches: (value: Line) => boolean): Line | undefined {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return undefined
  }
  return matches(value as Line) ? (value as Line) : undefined
}

function lastLines(name: string, lines: readonly string[]): string[] {
  const shown = lines.slice(-20).map((line) => `  ${name}: ${line.slice(0, 400)}`)
  return lines.length > 20 ? [`  ${name}: … ${String(lines.length - 20)} lines`, ...shown] : shown
}

/** Splits bytes into lines. A line ends with `\n`, or with the end of the stream. */
class LineReader {
  readonly lines: string[] = []
  #chunks: Buffer[] = []
  #all = ''

  get text(): string {
    return this.#all
  }

  push(chunk: Buffer): void {
    let from = 0
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, from)) {
      this.#chunks.push(chunk.subarray(from, at + 1))
      this.#take()
      from = at + 1
    }
    if (from < chunk.length) this.#chunks.push(chunk.subarray(from))
  }

  end(): void {
    if (this.#chunks.length > 0) this.#take()
  }

  #take(): void {
    const line = Buffer.concat(this.#chunks).toString()
    this.#chunks = []
    this.#all += line
    this.lines.push(line.endsWith('\n') ? line.slice(0, -1) : line)
  }
}
