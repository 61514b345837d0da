import { durationText, type Logger, type Node } from '@commloop/core'
import { EXIT } from '../command-line/exit-codes.js'
import type { StdioSession } from '../stdio/stdio-session.js'
import { undeliveredBy, undeliveredCount, undeliveredText } from './undelivered.js'
import { OutcomeLog } from './outcome-log.js'
import { type StopSignalName, StopSignals } from '../command-line/stop-signals.js'
import type { Service } from './service.js'
import { UncaughtErrors } from './uncaught-errors.js'

/** Added to the node's own stop deadline after an exception, which may keep the node from stopping. */
const STOP_GRACE_MS = 2_000
/** The longest delay of a timer. */
const IDLE_MS = 2 ** 31 - 1

type Ending = 'requested' | 'input over' | 'exception'

/** Runs a node until a signal arrives, its input ends, or code in the process throws. */
export class NodeProcess {
  readonly #node: Node
  readonly #logger: Logger
  readonly #session: StdioSession | undefined
  readonly #services: readonly Service[]
  readonly #flushLog: () => Promise<void>
  readonly #ending: Promise<Ending>
  #end: (ending: Ending) => void = () => undefined

  constructor(
    node: Node,
    session: StdioSession | undefined,
    services: readonly Service[],
    logger: Logger,
    flushLog: () => Promise<void>,
  ) {
    this.#node = node
    this.#session = session
    this.#services = services
    this.#logger = logger
    this.#flushLog = flushLog
    this.#ending = new Promise((resolve) => {
      this.#end = resolve
    })
  }

  /**
   * @param running called once the node runs
   * @returns the exit code
   * @throws CommloopError CML_ERR_LISTEN
   */
  async run(running: () => void): Promise<number> {
    const outcomes = new OutcomeLog(this.#node, this.#logger)
    const uncaught = new UncaughtErrors(this.#logger, () => {
      this.#thrown()
    })
    const signals = new StopSignals(this.#signalled, this.#signalledAgain)
    // Without a listener and a planned dial, the process would end.
    const alive = setInterval(() => undefined, IDLE_MS)
    try {
      const ending = await this.#untilEnding(running)
      await this.#stop()
      return this.#exitCode(ending)
    } finally {
      clearInterval(alive)
      signals.close()
      uncaught.close()
      outcomes.close()
    }
  }

  /** Stops the node gracefully. */
  stop(why: string): void {
    const deadline = durationText(this.#node.config.stopDeadlineMs)
    this.#logger.info({}, `${why}: stopping, within ${deadline}`)
    this.#end('requested')
  }

  async #untilEnding(running: () => void): Promise<Ending> {
    const session = this.#session
    void session?.over.then(() => {
      this.#end('input over')
    })
    const started = this.#node.start().then(() => {
      session?.begin()
      for (const service of this.#services) service.begin()
      running()
      return this.#ending
    })
    // A signal during the start makes `start` reject, which is not a failure.
    started.catch(() => undefined)
    return await Promise.race([started, this.#ending])
  }

  async #stop(): Promise<void> {
    this.#session?.end()
    await this.#node.stop()
    await this.#session?.close(this.#node.config.stopDeadlineMs)
    await Promise.all(this.#services.map((service) => service.close()))
  }

  readonly #signalled = (signal: StopSignalName): void => {
    const deadline = durationText(this.#node.config.stopDeadlineMs)
    const text = `${signal}: stopping, within ${deadline}; a second signal exits immediately`
    this.#logger.info({ signal }, text)
    this.#end('requested')
  }

  readonly #signalledAgain = (signal: StopSignalName): void => {
    this.#logger.warn({ signal }, `${signal} again: exiting immediately`)
    void this.#flushLog().then(() => process.exit(EXIT.FAILED))
  }

  #thrown(): void {
    this.#end('exception')
    setTimeout(() => {
      this.#logger.error({}, 'the node does not stop: exiting immediately')
      void this.#flushLog().then(() => process.exit(EXIT.FAILED))
    }, this.#node.config.stopDeadlineMs + STOP_GRACE_MS).unref()
  }

  #exitCode(ending: Ending): number {
    const undelivered = undeliveredBy(this.#node)
    const count = undeliveredCount(undelivered)
    if (count > 0) this.#logger.warn({ ...undelivered }, undeliveredText(undelivered))
    const refused = this.#session?.refusedLines ?? 0
    if (refused > 0) {
      const lines = refused === 1 ? 'line of input was' : 'lines of input were'
      this.#logger.warn({ refused }, `${String(refused)} ${lines} invalid or refused`)
    }
    if (ending === 'exception') return EXIT.FAILED
    // A supervisor must know whether the node has stopped gracefully, and a script whether its messages were written.
    if (this.#session === undefined) return EXIT.OK
    const allWritten =
      count === 0 && refused === 0 && this.#node.counters.refused === 0 && !this.#session.failed
    return allWritten ? EXIT.OK : EXIT.FAILED
  }
}
