import { type ChildProcess, fork } from 'node:child_process'
import type { Ports, Report } from './receiving-process.js'
import type { Traffic } from './traffic.js'

/** A machine that takes this long for one run is not to be measured. */
const ANSWER_MS_MAX = 60_000

/** The process that receives, as the one that sends has it. */
export class Receiver {
  readonly ports: Ports
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, ports: Ports) {
    this.#child = child
    this.ports = ports
  }

  static async start(): Promise<Receiver> {
    const child = fork(new URL('receiving-process.js', import.meta.url), {
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    return new Receiver(child, (await nextReport(child)) as Ports)
  }

  /** Does one run. @returns how long it took, in milliseconds. @throws Error where messages were lost or changed */
  async run(traffic: Traffic, begin: () => Promise<void>): Promise<number> {
    const ready = nextReport(this.#child)
    this.#child.send(traffic)
    await ready
    const end = nextReport(this.#child)
    const startedMs = performance.now()
    const [report] = await Promise.all([end, begin()])
    const tookMs = performance.now() - startedMs
    const { misplaced } = report as Extract<Report, { readonly misplaced: number }>
    if (misplaced > 0) throw new Error(`${String(misplaced)} messages did not come in their order`)
    return tookMs
  }

  close(): void {
    if (this.#child.connected) this.#child.disconnect()
  }
}

function nextReport(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const failed = (why: string) => () => {
      settle()
      reject(new Error(`the receiving process ${why}`))
    }
    const ended = failed('has ended')
    const timer = setTimeout(
      failed(`says nothing for ${String(ANSWER_MS_MAX / 1000)} s`),
      ANSWER_MS_MAX,
    )
    const told = (report: unknown): void => {
      settle()
      resolve(report)
    }
    function settle(): void {
      clearTimeout(timer)
      child.off('message', told)
      child.off('exit', ended)
    }
    child.once('message', told)
    child.once('exit', ended)
  })
}
