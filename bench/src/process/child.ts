import { type ChildProcess, fork } from 'node:child_process'

export interface Request {
  readonly id: number
  readonly method: string
  readonly parameters: readonly unknown[]
}

export interface Answer {
  readonly id: number
  readonly value?: unknown
  readonly error?: string
}

type Method = (...parameters: never[]) => unknown
type Methods<Role> = {
  [Name in keyof Role]: Role[Name] extends Method ? Name : never
}[keyof Role]

interface Waiting {
  resolve(value: unknown): void
  reject(error: Error): void
}

const STOP_MS_MAX = 3_000
const WORKER = new URL('worker.js', import.meta.url)
/** As `commloop run` sets it for itself. All contenders get it, the raw socket too: docs/performance.md says why. */
const V8_FLAGS = ['--no-concurrent-array-buffer-sweeping']

/** A child process that plays one role of a benchmark. Its methods are called from this process. */
export class Child<Role> {
  readonly #process: ChildProcess
  readonly #waiting = new Map<number, Waiting>()
  readonly #gone: Promise<void>
  #calls = 0

  private constructor(execArgv: readonly string[]) {
    this.#process = fork(WORKER, {
      execArgv: [...V8_FLAGS, ...execArgv],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    this.#process.on('message', (answer: Answer) => {
      this.#answered(answer)
    })
    this.#gone = new Promise((resolve) => {
      this.#process.once('exit', (code, signal) => {
        this.#failAll(new Error(`a child process ended: ${signal ?? String(code)}`))
        resolve()
      })
    })
  }

  /**
   * Starts a process and creates its role with the function `factory` of `module`. Parameters and results are sent as
   * JSON.
   */
  static async start<Role>(
    module: string,
    factory: string,
    parameters: readonly unknown[] = [],
    execArgv: readonly string[] = [],
  ): Promise<Child<Role>> {
    const child = new Child<Role>(execArgv)
    await child.#request('open', [module, factory, ...parameters])
    return child
  }

  get pid(): number {
    const { pid } = this.#process
    if (pid === undefined) throw new Error('child: it was not started')
    return pid
  }

  async call<Name extends Methods<Role>>(
    name: Name,
    ...parameters: Role[Name] extends (...parameters: infer Given) => unknown ? Given : never
  ): Promise<
    Role[Name] extends (...parameters: never[]) => infer Result ? Awaited<Result> : never
  > {
    const value = await this.#request(String(name), parameters)
    return value as Role[Name] extends (...parameters: never[]) => infer Result
      ? Awaited<Result>
      : never
  }

  #request(method: string, parameters: readonly unknown[]): Promise<unknown> {
    const id = ++this.#calls
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#process.send({ id, method, parameters } satisfies Request)
    })
  }

  #answered({ id, value, error }: Answer): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (error === undefined) waiting?.resolve(value)
    else waiting?.reject(new Error(error))
  }

  #failAll(error: Error): void {
    for (const waiting of this.#waiting.values()) waiting.reject(error)
    this.#waiting.clear()
  }

  /** Kills the process, as in a crash. */
  async kill(): Promise<void> {
    this.#process.kill('SIGKILL')
    await this.#gone
  }

  /** Ends the process and everything that it has started. */
  async stop(): Promise<void> {
    if (this.#process.connected) this.#process.disconnect()
    // A busy or stuck process does not notice the disconnect.
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), STOP_MS_MAX)
    await this.#gone
    clearTimeout(timer)
  }
}
