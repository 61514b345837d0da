import { type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'

const APPENDER = fileURLToPath(new URL('appender.mjs', import.meta.url))

export type Child = ChildProcessByStdio<null, Readable, null>
type Range = readonly [first: number, last: number, count: number]

/** What was wrong after the crashes of a process that appends to a journal, and how much it had reported. */
export interface RoundsResult {
  readonly rounds: number
  readonly stored: number
  readonly lost: number
  readonly damaged: number
  /** Starts at which two queues differed that get everything in one callback. */
  readonly torn: number
}

/**
 * Starts a process that appends to a journal, ends it after a few stored messages, and starts it again. After each start
 * it compares what was found with what was reported.
 */
export class AppenderRounds {
  readonly #folder: string
  readonly #wrap: (command: readonly string[]) => readonly string[]
  readonly #stored = new Map<string, number>()
  readonly #left = new Map<string, number>()
  #rounds = 0
  #reports = 0
  #lost = 0
  #damaged = 0
  #torn = 0
  #starts = 0
  #failure: string | undefined
  /** 1: the present process is ending, and its disk may have failed already. */
  #ends = 0

  /** `wrap` may turn the command of the process into another one, which becomes the process. */
  constructor(
    folder: string,
    wrap: (command: readonly string[]) => readonly string[] = (all) => all,
  ) {
    this.#folder = folder
    this.#wrap = wrap
  }

  get result(): RoundsResult {
    return {
      rounds: this.#rounds,
      stored: this.#reports,
      lost: this.#lost,
      damaged: this.#damaged,
      torn: this.#torn,
    }
  }

  /** One life: `end` is called after `reports` stored messages, and must end the process. */
  async round(reports: number, end: (child: Child) => void): Promise<void> {
    const starts = this.#starts
    await this.#live(reports, end)
    if (this.#starts === starts)
      throw new Error('the process has ended before it found its journal')
    if (this.#ends === 0) throw new Error(`the process has ended too early: ${this.#failure ?? ''}`)
  }

  /** One life whose disk fails. @returns what the journal has reported */
  async failingRound(): Promise<string | undefined> {
    await this.#live(Infinity, () => undefined)
    return this.#failure
  }

  async #live(reports: number, end: (child: Child) => void): Promise<void> {
    this.#rounds++
    this.#ends = 0
    this.#failure = undefined
    const [command = '', ...args] = this.#wrap([process.execPath, APPENDER, this.#folder])
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const until = this.#reports + reports
    let rest = ''
    child.stdout.setEncoding('utf8')
    child.stdout.on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) this.#read(line)
      if (this.#reports < until || this.#ends > 0) return
      this.#ends++
      end(child)
    })
    await new Promise((resolve) => child.once('close', resolve))
  }

  #read(line: string): void {
    const [what, name = '', number = '0'] = line.split(' ')
    if (what === 'stored') {
      this.#reports++
      this.#stored.set(name, Number(number))
    } else if (what === 'left') this.#left.set(name, Number(number))
    else if (what === 'damaged') this.#damaged += Number(name)
    else if (what === 'failed') this.#failure = line
    else if (what === 'found') {
      this.#starts++
      this.#compare(JSON.parse(line.slice(line.indexOf(' '))) as Record<string, Range>)
    }
  }

  #compare(found: Readonly<Record<string, Range>>): void {
    for (const [name, last] of this.#stored) {
      const firstKept = (this.#left.get(name) ?? 0) + 1
      if (last < firstKept) continue
      const [first, end, count] = found[name] ?? [Infinity, 0, 0]
      this.#lost += Math.max(0, Math.min(first, last + 1) - firstKept)
      this.#lost += Math.max(0, last - Math.max(end, firstKept - 1))
      if (count > 0) this.#lost += end - first + 1 - count
    }
    if ((found['left']?.[1] ?? 0) !== (found['right']?.[1] ?? 0)) this.#torn++
  }
}
