import { fileURLToPath } from 'node:url'
import { CliProcess } from '@commloop/test-support/cli-process'
import { eventually } from '../peer/eventually.js'
import { EXAMPLE } from './dns-relay-modules.js'

const CONFIG = fileURLToPath(new URL('.commlooprc', EXAMPLE))

/** A line of its stdout. */
interface Told {
  readonly type: string
  readonly link?: string
  readonly state?: string
  readonly epoch?: number
  readonly outcome?: string
  readonly reason?: string
  readonly listen?: { readonly port: number }
}

/**
 * `examples/dns-relay` as a user runs it: the file as it is, and two ports from the environment. What happens is read from
 * its JSON lines, which report every change; the log summarises many changes.
 */
export class RelayProcess {
  readonly #cli: CliProcess
  readonly #heard: Told[] = []
  #parsedLines = 0
  #port: number | undefined

  private constructor(cli: CliProcess) {
    this.#cli = cli
  }

  static async start(upstreamPort: number): Promise<RelayProcess> {
    const cli = CliProcess.start(['run', '--stdio', '--keep-open', '--config', CONFIG], {
      env: { DNS_RELAY_PORT: '0', DNS_UPSTREAM_PORT: String(upstreamPort) },
    })
    const relay = new RelayProcess(cli)
    const ready = await relay.#told('ready', ({ type }) => type === 'ready')
    relay.#port = ready.listen?.port
    await relay.link('upstream', 'up')
    return relay
  }

  get port(): number {
    if (this.#port === undefined) throw new Error('the relay does not listen')
    return this.#port
  }

  /** Its events so far, without messages. */
  get #events(): readonly Told[] {
    const lines = this.#cli.stdoutLines
    for (; this.#parsedLines < lines.length; this.#parsedLines++) {
      const line = lines[this.#parsedLines] ?? ''
      if (!line.startsWith('{"type":"message"')) this.#heard.push(JSON.parse(line) as Told)
    }
    return this.#heard
  }

  #told(what: string, matches: (event: Told) => boolean): Promise<Told> {
    return eventually(
      what,
      () => this.#events.find(matches),
      () => this.#cli.transcript(),
    )
  }

  /** Waits until a link has been in a state; if `epoch` is given, in that epoch. */
  async link(link: string, state: string, epoch?: number): Promise<void> {
    await this.#told(
      `${link} ${state}`,
      (event) =>
        event.link === link &&
        event.state === state &&
        (epoch === undefined || event.epoch === epoch),
    )
  }

  /** Waits until messages have ended so. */
  async outcome(outcome: string, reason: RegExp): Promise<void> {
    await this.#told(
      outcome,
      (event) => event.outcome === outcome && reason.test(event.reason ?? ''),
    )
  }

  /** How many clients it has had. */
  clients(): number {
    return this.#changes('up')
  }

  /** How many of its slots are taken. */
  occupied(): number {
    // Each slot starts without a connection.
    return this.#changes('up') - this.#changes('awaiting', 1)
  }

  /** How often a slot was in this state, from its connection number `epoch` on. */
  #changes(state: string, epoch = 0): number {
    return this.#events.filter(
      (event) =>
        event.link?.startsWith('clients/') === true &&
        event.state === state &&
        (event.epoch ?? 0) >= epoch,
    ).length
  }

  /** Asks it to stop, as a supervisor does. @returns its exit code. */
  async stop(): Promise<number | null> {
    this.#cli.kill('SIGTERM')
    return (await this.#cli.exit()).code
  }
}
