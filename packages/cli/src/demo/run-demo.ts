import { CommloopError, type LinkChange } from '@commloop/core'
import { EXIT } from '../command-line/exit-codes.js'
import { failureText } from '../command-line/failure.js'
import { StopSignals } from '../command-line/stop-signals.js'
import { withinMs } from '../command-line/within-ms.js'
import type { TextOutput } from '../terminal/text-output.js'
import { closingAccount } from './closing-account.js'
import { DemoNetwork, LoopbackMissing } from './demo-network.js'
import { type DemoView, LiveView, PlainView } from './demo-view.js'
import type { Member } from './member.js'

export interface DemoStreams {
  readonly stdout: TextOutput
  readonly stderr: TextOutput
}

/** When B is killed, comes back, and the last message is sent, as fractions of the whole time. */
const KILL_AT = 0.33
const RETURN_AT = 0.55
const QUIET_AT = 0.9
const SETTLE_MS_MAX = 5_000
/** Another process may take a port between its choice and its use. */
const START_TRIES = 3

/** Runs three nodes with traffic between them; one is killed and comes back. @returns the exit code */
export async function runDemo(totalMs: number, streams: DemoStreams): Promise<number> {
  try {
    return await new Demo(streams, totalMs).run()
  } catch (error) {
    if (!(error instanceof LoopbackMissing)) throw error
    streams.stderr.write(
      `commloop: ${error.message}\n` +
        'The demo needs one address for each node: 127.0.0.1, 127.0.0.2 and 127.0.0.3.\n' +
        'On macOS and BSD, add them first: sudo ifconfig lo0 alias 127.0.0.2; sudo ifconfig lo0 alias 127.0.0.3\n',
    )
    return EXIT.FAILED
  }
}

class Demo {
  readonly #streams: DemoStreams
  readonly #totalMs: number
  readonly #endRequested: Promise<void>
  #requestEnd: () => void = () => undefined
  #early = false
  #startedMs = 0
  #waitedForB: number | undefined
  #allUp = false
  #view: DemoView | undefined

  constructor(streams: DemoStreams, totalMs: number) {
    this.#streams = streams
    this.#totalMs = totalMs
    this.#endRequested = new Promise((resolve) => {
      this.#requestEnd = resolve
    })
  }

  async run(): Promise<number> {
    const signals = new StopSignals(
      () => {
        this.#early = true
        this.#requestEnd()
      },
      () => process.exit(EXIT.FAILED),
    )
    process.once('uncaughtException', this.#crashed)
    try {
      return await this.#play(await this.#started())
    } finally {
      this.#view?.close()
      signals.close()
      process.off('uncaughtException', this.#crashed)
    }
  }

  readonly #crashed = (error: unknown): void => {
    this.#view?.close()
    this.#streams.stderr.write(failureText(error, process.env))
    process.exit(EXIT.FAILED)
  }

  async #started(): Promise<DemoNetwork> {
    for (let tries = 1; ; tries++) {
      const network = await DemoNetwork.make(this.#linkChanged)
      this.#startedMs = performance.now()
      this.#view = this.#newView(network)
      try {
        await network.start()
        return network
      } catch (error) {
        this.#view.close()
        await network.stop()
        const taken = CommloopError.is(error) && error.code === 'CML_ERR_LISTEN'
        if (!taken || tries === START_TRIES) throw error
      }
    }
  }

  #newView(network: DemoNetwork): DemoView {
    const { stdout } = this.#streams
    const elapsedMs = (): number => performance.now() - this.#startedMs
    if (stdout.raw.isTTY) return new LiveView(stdout.raw, () => network, elapsedMs)
    return new PlainView(
      (line) => stdout.write(line),
      () => network,
      elapsedMs,
    )
  }

  readonly #linkChanged = (member: Member, change: LinkChange): void => {
    this.#view?.linkChanged(member, change)
  }

  // ── the phases ──────────────────────────────────────────────────────────────────────────────────────────────

  async #play(network: DemoNetwork): Promise<number> {
    const { traffic } = network
    this.#view?.announce('A, B and C dial each other; messages flow in both directions')
    traffic.start()
    await this.#until(KILL_AT, () => this.#killB(network))
    await this.#until(RETURN_AT, () => this.#returnB(network))
    await this.#until(QUIET_AT, () => this.#quiet(network))
    await this.#until(1, () => Promise.resolve())
    traffic.stop()
    this.#view?.announce(this.#early ? 'ended early' : 'finished')
    await network.stop()
    this.#view?.close()
    const facts = { waitedForB: this.#waitedForB, allUp: this.#allUp, early: this.#early }
    const { lines, holds } = closingAccount(network, facts)
    this.#streams.stdout.write(`${lines.join('\n')}\n`)
    return holds ? EXIT.OK : EXIT.FAILED
  }

  /** Runs the next phase when it is due, unless the user ends the demo before. */
  async #until(part: number, next: () => Promise<void>): Promise<void> {
    if (this.#early) return
    const dueMs = this.#startedMs + part * this.#totalMs
    const waitMs = Math.max(0, dueMs - performance.now())
    const isDue = await withinMs(
      this.#endRequested.then(() => false),
      waitMs,
      () => true,
    )
    if (isDue) await next()
  }

  async #killB(network: DemoNetwork): Promise<void> {
    this.#view?.announce(
      'B is killed: its connections are reset, A queues messages for B and dials again',
    )
    await network.b.kill()
  }

  async #returnB(network: DemoNetwork): Promise<void> {
    const links = network.a.node?.links() ?? []
    this.#waitedForB = links
      .filter(({ id }) => id.startsWith(network.b.name))
      .reduce((sum, { queuedMessages }) => sum + queuedMessages, 0)
    this.#view?.announce(`B comes back; ${String(this.#waitedForB)} messages are queued for it`)
    await network.b.start()
  }

  async #quiet(network: DemoNetwork): Promise<void> {
    network.traffic.stop()
    this.#view?.announce('no more messages are sent; those on their way arrive')
    await network.settled(SETTLE_MS_MAX)
    const links = network.members.flatMap(({ node }) => node?.links() ?? [])
    this.#allUp = links.length > 0 && links.every(({ state }) => state === 'up')
  }
}
