import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { Ports, Report } from './receiving-process.js'
import type { Traffic } from './traffic.js'

/** A machine that takes this long for one run is not to be measured. */
const ANSWER_MS_MAX = 60_000

/** The process that receives, as the one that sends has it. */
export class Receiver {
  readonly #child: ChildProcess
  /** Never resolves; rejects when the process cannot be started, cannot be reached, or has ended. */
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

  /** The first thing that the process says. Called once, at once. @throws Error */
  async ports(): Promise<Ports> {
    return (await this.inTime(this.#report())) as Ports
  }

  /** Does one run. @returns how long it took, in milliseconds. @throws Error where messages were lost or changed */
  async run(traffic: Traffic, begin: () => Promise<void>): Promise<number> {
    const ready = this.#report()
    this.#child.send(traffic)
    await this.inTime(ready)
    const end = this.#report()
    const startedMs = performance.now()
    const [report] = await this.inTime(Promise.all([end, begin()]))
    const tookMs = performance.now() - startedMs
    const { misplaced } = report as Extract<Report, { readonly misplaced: number }>
    if (misplaced > 0) throw new Error(`${String(misplaced)} messages did not come in their order`)
    return tookMs
  }

  /** What depends on the process: nobody waits for it longer than the process lives, or than a deadline. @throws Error */
  async inTime<Value>(awaited: Promise<Value>): Promise<Value> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const seconds = String(ANSWER_MS_MAX / 1000)
        reject(new Error(`the receiving process says nothing for ${seconds} s`))
      }, ANSWER_MS_MAX)
    })
    try {
      return await Promise.race([awaited, this.#gone, late])
    } finally {
      clearTimeout(timer)
    }
  }

  close(): void {
    if (this.#child.connected) this.#child.disconnect()
  }

  async #report(): Promise<unknown> {
    const [report] = (await once(this.#child, 'message')) as unknown[]
    return report
  }
}
