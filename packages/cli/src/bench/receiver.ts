import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { withinMs } from '../command-line/within-ms.js'
import type { Ports, Report } from './receiving-process.js'
import type { Traffic } from './traffic.js'

/** A machine that needs this long for one run is too slow to be measured. */
const ANSWER_MS_MAX = 60_000

/** The sending process's handle of the receiving process. */
export class Receiver {
  readonly #child: ChildProcess
  /** Never resolves; rejects if the process cannot be started, cannot be reached, or has ended. */
  readonly #gone: Promise<never>

  private constructor(child: ChildProcess) {
    this.#child = child
    this.#gone = new Promise((_, reject) => {
      child.on('error', reject)
      child.on('exit', () => {
        reject(new Error('the receiving process has ended'))
      })
    })
    this.#gone.catch(() => undefined)
  }

  static start(): Receiver {
    return new Receiver(
      fork(new URL('receiving-process.js', import.meta.url), {
        execArgv: [],
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      }),
    )
  }

  /** The first message of the process. Called once, right after the start. @throws Error */
  async ports(): Promise<Ports> {
    return (await this.inTime(this.#report())) as Ports
  }

  /** Does one run. @returns its duration in milliseconds @throws Error if messages were lost or changed */
  async run(traffic: Traffic, begin: () => Promise<void>): Promise<number> {
    const ready = this.#report()
    this.#child.send(traffic)
    await this.inTime(ready)
    const end = this.#report()
    const startedMs = performance.now()
    const [report] = await this.inTime(Promise.all([end, begin()]))
    const tookMs = performance.now() - startedMs
    const { misplaced } = report as Extract<Report, { readonly misplaced: number }>
    if (misplaced > 0) throw new Error(`${String(misplaced)} messages arrived out of order`)
    return tookMs
  }

  /** Waits for a result that depends on the process. @throws Error if the process ends before, or after a minute */
  async inTime<Value>(awaited: Promise<Value>): Promise<Value> {
    return await withinMs(Promise.race([awaited, this.#gone]), ANSWER_MS_MAX, () => {
      const seconds = String(ANSWER_MS_MAX / 1000)
      throw new Error(`the receiving process has not answered for ${seconds} s`)
    })
  }

  close(): void {
    if (this.#child.connected) this.#child.disconnect()
  }

  async #report(): Promise<unknown> {
    const [report] = (await once(this.#child, 'message')) as unknown[]
    return report
  }
}
