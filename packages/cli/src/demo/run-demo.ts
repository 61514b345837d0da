import type { WriteStream } from 'node:tty'
import { CommloopError, type LinkChange } from '@commloop/core'
import { EXIT } from '../command-line/exit-codes.js'
import { failureText } from '../command-line/failure.js'
import { StopSignals } from '../command-line/stop-signals.js'
import { UsageError } from '../command-line/usage-error.js'
import { closingAccount } from '../demo/closing-account.js'
import { DemoNetwork, LoopbackMissing } from '../demo/demo-network.js'
import { type DemoView, LiveView, PlainView } from '../demo/demo-view.js'
import type { Member } from '../demo/member.js'

export interface DemoRequest {
  /** As written on the command line. */
  readonly seconds: string
}

export interface DemoStreams {
  readonly stdout: WriteStream
  readonly stderr: WriteStream
}

/** Less is not enough for a link to come back, more is not a demonstration. */
const SECONDS_MIN = 4
const SECONDS_MAX = 3_600
/** When B is killed, comes back, and the last message is sent, as parts of the whole. */
const KILL_AT = 0.33
const RETURN_AT = 0.55
const QUIET_AT = 0.9
const SETTLE_MS_MAX = 5_000
/** How often a port may be taken by somebody else between its choice and its use. */
const START_TRIES = 3

/** `commloop demo`: three nodes on this machine, traffic both ways, one of them cut and coming back. */
export async function demoCommand(request: DemoRequest, streams: DemoStreams): Promise<number> {
  const totalMs = secondsOf(request.seconds) * 1000
  try {
    return await new Demo(streams, totalMs).run()
  } catch (error) {
    if (!(error instanceof LoopbackMissing)) throw error
    streams.stderr.write(
      `commloop: ${error.message}\n` +
        'The demonstration gives each node an address of its own: 127.0.0.1, 127.0.0.2 and 127.0.0.3.\n' +
        'On macOS and BSD add them first: sudo ifconfig lo0 alias 127.0.0.2; sudo ifconfig lo0 alias 127.0.0.3\n',
    )
    return EXIT.FAILED
  }
}

/** @throws UsageError */
function secondsOf(text: string): number {
  const seconds = Number(text)
  if (seconds >= SECONDS_MIN && seconds <= SECONDS_MAX) return seconds
  const range = `${String(SECONDS_MIN)} to ${String(SECONDS_MAX)}`
  throw new UsageError(`--seconds: expected ${range}, found "${text}"`)
}

class Demo {
  readonly #streams: DemoStreams
  readonly #totalMs: number
  readonly #asked: Promise<void>
  #ask: () => void = () => undefined
  #early = false
  #startedMs = 0
  #waitedForB: number | undefined
  #allUp = false
  #view: DemoView | undefined

  constructor(streams: DemoStreams, totalMs: number) {
    this.#streams = streams
    this.#totalMs = totalMs
    this.#asked = new Promise((resolve) => {
      this.#ask = resolve
    })
  }

  async run(): Promise<number> {
    const signals = new StopSignals(
      () => {
        this.#early = true
        this.#ask()
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
    if (stdout.isTTY) return new LiveView(stdout, () => network, elapsedMs)
    return new PlainView(
      (line) => stdout.write(line),
      () => network,
      elapsedMs,
    )
  }

  readonly #linkChanged = (member: Member, change: LinkChange): void => {
    this.#view?.linkChanged(member, change)
  }

  // ── the play ────────────────────────────────────────────────────────────────────────────────────────────────

  async #play(network: DemoNetwork): Promise<number> {
    const { traffic } = network
    this.#view?.said('A, B and C dial each other; messages flow both ways')
    traffic.start()
    await this.#until(KILL_AT, () => this.#killB(network))
    await this.#until(RETURN_AT, () => this.#returnB(network))
    await this.#until(QUIET_AT, () => this.#quiet(network))
    await this.#until(1, () => Promise.resolve())
    traffic.stop()
    this.#view?.said(this.#early ? 'ended early' : 'the end')
    await network.stop()
    this.#view?.close()
    const facts = { waitedForB: this.#waitedForB, allUp: this.#allUp, early: this.#early }
    const { lines, holds } = closingAccount(network, facts)
    this.#streams.stdout.write(`${lines.join('\n')}\n`)
    return holds ? EXIT.OK : EXIT.FAILED
  }

  /** Does the next thing when its time has come; nothing more once somebody has asked for the end. */
  async #until(part: number, next: () => Promise<void>): Promise<void> {
    if (this.#early) return
    const dueMs = this.#startedMs + part * this.#totalMs
    let timer: NodeJS.Timeout | undefined
    const due = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, Math.max(0, dueMs - performance.now()))
    })
    await Promise.race([due, this.#asked])
    clearTimeout(timer)
    if (!this.#isEarly()) await next()
  }

  /** Asked anew after a wait. */
  #isEarly(): boolean {
    return this.#early
  }

  async #killB(network: DemoNetwork): Promise<void> {
    this.#view?.said(
      'B is killed: its connections are reset, A queues what is for B and dials again',
    )
    await network.b.kill()
  }

  async #returnB(network: DemoNetwork): Promise<void> {
    const links = network.a.node?.links() ?? []
    this.#waitedForB = links
      .filter(({ id }) => id.startsWith(network.b.name))
      .reduce((sum, { queuedMessages }) => sum + queuedMessages, 0)
    this.#view?.said(`B comes back; ${String(this.#waitedForB)} messages wait for it`)
    await network.b.start()
  }

  async #quiet(network: DemoNetwork): Promise<void> {
    network.traffic.stop()
    this.#view?.said('nothing more is sent; what is on its way arrives')
    await network.settled(SETTLE_MS_MAX)
    const links = network.members.flatMap(({ node }) => node?.links() ?? [])
    this.#allUp = links.length > 0 && links.every(({ state }) => state === 'up')
  }
}
