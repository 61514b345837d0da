import { fileURLToPath } from 'node:url'
import { CliProcess, type LogLine } from '../../packages/cli/test/cli-process.js'
import { EXAMPLE } from './dns-relay-modules.js'

const CONFIG = fileURLToPath(new URL('.commlooprc', EXAMPLE))

/** `examples/dns-relay` as a user runs it: the command, the file as it is, and two ports from the environment. */
export class RelayProcess {
  readonly port: number
  readonly #cli: CliProcess

  private constructor(cli: CliProcess, port: number) {
    this.#cli = cli
    this.port = port
  }

  static async start(upstreamPort: number): Promise<RelayProcess> {
    const cli = CliProcess.start(['run', '--config', CONFIG], {
      stdin: 'ignore',
      env: { DNS_RELAY_PORT: '0', DNS_UPSTREAM_PORT: String(upstreamPort) },
    })
    const { listen } = await cli.log((line) => 'listen' in line)
    const { port } = listen as { readonly port: number }
    const relay = new RelayProcess(cli, port)
    await relay.link('upstream', 'up')
    return relay
  }

  /** Waits until a link has been in a state, in its connection number `epoch` where that is given. */
  async link(link: string, state: string, epoch?: number): Promise<void> {
    await this.#cli.log(
      (line) =>
        line['link'] === link &&
        line['state'] === state &&
        (epoch === undefined || line['epoch'] === epoch),
    )
  }

  /** Waits for a log line that says that messages ended so. */
  async outcome(outcome: string, reason: RegExp): Promise<LogLine> {
    return this.#cli.log(
      (line) => line['outcome'] === outcome && reason.test(String(line['reason'])),
    )
  }

  /** How many clients it has had. */
  clients(): number {
    return this.#changes('up')
  }

  /** How many of its slots are taken. */
  occupied(): number {
    // Each slot begins with nobody in it.
    return this.#changes('up') - this.#changes('awaiting', 1)
  }

  /** How often a slot was in this state, from its connection number `epoch` on. */
  #changes(state: string, epoch = 0): number {
    const changes = this.#cli.stderrLines
      .map((line) => JSON.parse(line) as LogLine)
      .filter((line) => String(line['link']).startsWith('clients/') && line['state'] === state)
    return changes.filter((line) => Number(line['epoch']) >= epoch).length
  }

  /** Asks it to stop, as a supervisor does. @returns its exit code. */
  async stop(): Promise<number | null> {
    this.#cli.kill('SIGTERM')
    return (await this.#cli.exit()).code
  }
}
