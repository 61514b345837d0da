import type { ReadStream } from 'node:tty'
import { messageText } from '@commloop/core'
import type { NodeStatus } from '@commloop/control'
import type { ControlClient } from '@commloop/control/client'
import { EXIT } from '../command-line/exit-codes.js'
import type { NodeRequest } from '../command-line/node-command.js'
import { StopSignals } from '../command-line/stop-signals.js'
import { UsageError } from '../command-line/usage-error.js'
import { LiveScreen } from '../terminal/live-screen.js'
import type { TextOutput } from '../terminal/text-output.js'
import { RateTable } from './link-rates.js'
import { runningNode } from './running-node.js'
import { topLines } from './top-screen.js'

export interface TopIo {
  readonly stdin: ReadStream
  readonly stdout: TextOutput
}

const SAMPLE_MS = 500
/** The status of a large table takes time, and the node must spend at most a tenth of its time on it. */
const PAUSE_FACTOR = 10
const REDRAW_MS = 250
const CTRL_C = '\x03'

/** Shows a node live until the user ends it. @throws UsageError, CommloopError */
export async function runTop(request: NodeRequest, io: TopIo): Promise<number> {
  if (!io.stdout.raw.isTTY) {
    throw new UsageError(
      '--watch needs a terminal; programs use `commloop status --json` or GET /v1/events',
    )
  }
  const client = await runningNode(request)
  const status = (await client.ask({ method: 'GET', path: '/v1/status' })) as NodeStatus
  await new Top(request, io, client, status).run()
  return EXIT.OK
}

class Top {
  readonly #request: NodeRequest
  readonly #io: TopIo
  readonly #rates = new RateTable()
  readonly #over: Promise<void>
  #finish: () => void = () => undefined
  #client: ControlClient
  #status: NodeStatus
  #sampledMs = performance.now()
  #problem: string | undefined
  #timer: NodeJS.Timeout | undefined
  #isOver = false

  constructor(request: NodeRequest, io: TopIo, client: ControlClient, status: NodeStatus) {
    this.#request = request
    this.#io = io
    this.#client = client
    this.#status = status
    this.#rates.add(status, this.#sampledMs)
    this.#over = new Promise((resolve) => {
      this.#finish = resolve
    })
  }

  async run(): Promise<void> {
    const { stdin } = this.#io
    const stdout = this.#io.stdout.raw
    const signals = new StopSignals(this.#finish, this.#finish)
    const screen = new LiveScreen(stdout, REDRAW_MS, (columns) => this.#lines(columns))
    const redraw = (): void => {
      screen.redraw()
    }
    stdout.on('resize', redraw)
    if (stdin.isTTY) stdin.setRawMode(true).on('data', this.#pressed).resume()
    this.#sampleLater(SAMPLE_MS)
    try {
      await this.#over
    } finally {
      this.#isOver = true
      clearTimeout(this.#timer)
      stdout.off('resize', redraw)
      if (stdin.isTTY) stdin.off('data', this.#pressed).setRawMode(false).pause()
      screen.close()
      signals.close()
    }
  }

  readonly #pressed = (keys: Buffer): void => {
    const text = keys.toString()
    if (text.includes('q') || text.includes(CTRL_C)) this.#finish()
  }

  #sampleLater(delayMs: number): void {
    this.#timer = setTimeout(() => {
      void this.#sample()
    }, delayMs)
  }

  async #sample(): Promise<void> {
    const begunMs = performance.now()
    try {
      // A restarted node may have another socket.
      if (this.#problem !== undefined) this.#client = await runningNode(this.#request)
      this.#take((await this.#client.ask({ method: 'GET', path: '/v1/status' })) as NodeStatus)
      this.#problem = undefined
    } catch (error) {
      const [line = ''] = messageText(error).split('\n')
      this.#problem = line
    }
    const tookMs = performance.now() - begunMs
    if (!this.#isOver) this.#sampleLater(Math.max(SAMPLE_MS - tookMs, tookMs * PAUSE_FACTOR))
  }

  /** @throws Error if the answer cannot be shown, before it replaces the last one */
  #take(status: NodeStatus): void {
    const nowMs = performance.now()
    this.#rates.add(status, nowMs)
    topLines({ status, ageMs: 0, problem: undefined }, this.#rates, { columns: 1, rows: 1 }, true)
    this.#status = status
    this.#sampledMs = nowMs
  }

  #lines(columns: number): string[] {
    const ageMs = performance.now() - this.#sampledMs
    const sample = { status: this.#status, ageMs, problem: this.#problem }
    const { stdout } = this.#io
    return topLines(sample, this.#rates, { columns, rows: stdout.raw.rows }, stdout.hasColors)
  }
}
