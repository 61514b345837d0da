import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'

// Servers are installed in folders that only the PATH of the administrator contains.
const FOLDERS = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin']

/** The full path of an installed program; undefined if it is not installed. */
export function programPath(name: string): string | undefined {
  return FOLDERS.map((folder) => join(folder, name)).find((path) => {
    try {
      accessSync(path, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/** A running program, which ends with this process at the latest. */
export class ForeignProgram {
  readonly #process: ChildProcess
  readonly #lines: string[] = []
  readonly #ended: Promise<number | null>
  #lineCame: () => void = () => undefined

  /** @throws Error if the program is not installed */
  constructor(name: string, parameters: readonly string[]) {
    const path = programPath(name)
    if (path === undefined) throw new Error(`${name} is not installed`)
    this.#process = spawn(path, parameters, { stdio: ['pipe', 'pipe', 'pipe'] })
    const kill = (): void => {
      this.#process.kill('SIGKILL')
    }
    process.once('exit', kill)
    this.#ended = once(this.#process, 'close').then(() => {
      process.off('exit', kill)
      this.#lineCame()
      return this.#process.exitCode
    })
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      if (stream === null) continue
      createInterface({ input: stream }).on('line', (line) => {
        this.#lines.push(line)
        this.#lineCame()
      })
    }
  }

  writeLine(line: string): void {
    this.#process.stdin?.write(`${line}\n`)
  }

  /** Removes and returns the next output line that matches, and removes all lines before it. @throws Error if none comes */
  async line(pattern: RegExp): Promise<string> {
    for (;;) {
      const at = this.#lines.findIndex((line) => pattern.test(line))
      const found = this.#lines[at]
      if (found !== undefined) {
        this.#lines.splice(0, at + 1)
        return found
      }
      if (this.#process.exitCode !== null || this.#process.signalCode !== null) {
        throw new Error(`a program ended before "${String(pattern)}":\n${this.#lines.join('\n')}`)
      }
      await new Promise<void>((resolve) => {
        this.#lineCame = resolve
      })
    }
  }

  /** Its whole output, when it has ended. */
  async output(): Promise<string> {
    await this.#ended
    return this.#lines.join('\n')
  }

  async stop(): Promise<void> {
    this.#process.kill('SIGKILL')
    await this.#ended
  }
}
