import { durationText, type Logger, type Node } from '@commloop/core'
import { EXIT } from '../command-line/exit-codes.js'
import type { StdioSession } from '../stdio/stdio-session.js'
import { lossCount, lossesOf, lossText } from './undelivered.js'
import { OutcomeLog } from './outcome-log.js'
import { type StopSignalName, StopSignals } from '../command-line/stop-signals.js'
import type { RunPart } from './service.js'
import { StrayErrors } from './uncaught-errors.js'

/** Beyond the deadline of the node itself: what has thrown may not let it stop. */
const STOP_GRACE_MS = 2_000
/** The longest that a timer can take. */
const IDLE_MS = 2 ** 31 - 1

type Ending = 'asked' | 'input over' | 'exception'

/**
 * A node from its start to its end: until a signal, until the end of its input, or until code that runs in it has
 * thrown.
 */
export class NodeRun {
  readonly #node: Node
  readonly #logger: Logger
  readonly #session: StdioSession | undefined
  readonly #parts: readonly RunPart[]
  readonly #flushLog: () => Promise<void>
  readonly #ending: Promise<Ending>
  #end: (ending: Ending) => void = () => undefined

  constructor(
    node: Node,
    session: StdioSession | undefined,
    parts: readonly RunPart[],
    logger: Logger,
    flushLog: () => Promise<void>,
  ) {
    this.#node = node
    this.#session = session
    this.#parts = parts
    this.#logger = logger
    this.#flushLog = flushLog
    this.#ending = new Promise((resolve) => {
      this.#end = resolve
    })
  }

  /**
   * @param running the node runs
   * @returns the exit code
   * @throws CommloopError CML_ERR_LISTEN
   */
  async run(running: () => void): Promise<number> {
    const outcomes = new OutcomeLog(this.#node, this.#logger)
    const strays = new StrayErrors(this.#logger, () => {
      this.#thrown()
    })
    const signals = new StopSignals(this.#asked, this.#askedAgain)
    // A node that has neither a listener nor a dial to come would let the process end.
    const alive = setInterval(() => undefined, IDLE_MS)
    try {
      const ending = await this.#untilEnding(running)
      await this.#stop()
      return this.#exitCode(ending)
    } finally {
      clearInterval(alive)
      signals.close()
      strays.close()
      outcomes.close()
    }
  }

  /** Ends the run in order. */
  stop(why: string): void {
    const deadline = durationText(this.#node.config.stopDeadlineMs)
    this.#logger.info({}, `${why}: stopping, within ${deadline}`)
    this.#end('asked')
  }

  async #untilEnding(running: () => void): Promise<Ending> {
    const session = this.#session
    void session?.over.then(() => {
      this.#end('input over')
    })
    const started = this.#node.start().then(() => {
      session?.begin()
      for (const part of this.#parts) part.begin()
      running()
      return this.#ending
    })
    // A signal before it listens ends the start too, which is no failure then.
    started.catch(() => undefined)
    return await Promise.race([started, this.#ending])
  }

  async #stop(): Promise<void> {
    this.#session?.end()
    await this.#node.stop()
    await this.#session?.close(this.#node.config.stopDeadlineMs)
    await Promise.all(this.#parts.map((part) => part.close()))
  }

  readonly #asked = (signal: StopSignalName): void => {
    const deadline = durationText(this.#node.config.stopDeadlineMs)
    const text = `${signal}: stopping, within ${deadline}; once more ends at once`
    this.#logger.info({ signal }, text)
    this.#end('asked')
  }

  readonly #askedAgain = (signal: StopSignalName): void => {
    this.#logger.warn({ signal }, `${signal} again: ending at once`)
    void this.#flushLog().then(() => process.exit(EXIT.FAILED))
  }

  #thrown(): void {
    this.#end('exception')
    setTimeout(() => {
      this.#logger.error({}, 'the node does not stop: ending at once')
      void this.#flushLog().then(() => process.exit(EXIT.FAILED))
    }, this.#node.config.stopDeadlineMs + STOP_GRACE_MS).unref()
  }

  #exitCode(ending: Ending): number {
    const losses = lossesOf(this.#node)
    const lost = lossCount(losses)
    if (lost > 0) this.#logger.warn({ ...losses }, lossText(losses))
    const refused = this.#session?.refusedLines ?? 0
    if (refused > 0) {
      const lines = refused === 1 ? 'line of input was' : 'lines of input were'
      this.#logger.warn({ refused }, `${String(refused)} ${lines} unusable or refused`)
    }
    if (ending === 'exception') return EXIT.FAILED
    // A supervisor wants to know whether the node stopped in order; a script, whether its messages went out.
    if (this.#session === undefined) return EXIT.OK
    const allWritten =
      lost === 0 && refused === 0 && this.#node.counters.refused === 0 && !this.#session.failed
    return allWritten ? EXIT.OK : EXIT.FAILED
  }
}
