import type { Logger } from '@commloop/core'
import { RepeatedLine } from '../logging/repeated-line.js'

/**
 * Errors that nobody has caught: of a plugin, in nearly all cases, whose code runs in this process.
 *
 * A promise that was rejected and forgotten harms nobody else: it is logged and the node goes on. An exception that
 * ends a callback may have left something half done: the node stops in order, and the command has failed.
 */
export class StrayErrors {
  readonly #logger: Logger
  readonly #thrown: (error: unknown) => void
  readonly #rejections: RepeatedLine<unknown>
  #anyThrown = false

  /** @param thrown the node has to stop. Once. */
  constructor(logger: Logger, thrown: (error: unknown) => void) {
    this.#logger = logger
    this.#thrown = thrown
    this.#rejections = new RepeatedLine((error, count) => {
      const text = `a promise was rejected and nobody caught it, probably in a plugin: ${String(error)}`
      logger.error({ err: error, count }, text)
    })
    process.on('unhandledRejection', this.#rejected)
    process.on('uncaughtException', this.#caught)
    // Node would print its warnings between the lines of the log.
    process.removeAllListeners('warning')
    process.on('warning', this.#warned)
  }

  readonly #rejected = (reason: unknown): void => {
    this.#rejections.happened(String(reason), reason)
  }

  readonly #caught = (error: unknown): void => {
    const what = `uncaught, perhaps in a plugin: ${String(error)}`
    this.#logger.error({ err: error }, this.#anyThrown ? what : `${what}; stopping`)
    if (this.#anyThrown) return
    this.#anyThrown = true
    this.#thrown(error)
  }

  readonly #warned = (warning: Error): void => {
    this.#logger.warn({ err: warning }, `${warning.name}: ${warning.message}`)
  }

  /** Tells what is still untold. Errors are watched for until the process ends. */
  close(): void {
    this.#rejections.close()
  }
}
