import { foreignText, type Logger, type Throttle } from '@commloop/core'
import { lineThrottle } from '../logging/line-throttle.js'

/**
 * Errors that no code has caught. Nearly all of them come from a plugin, which runs in this process.
 *
 * An unhandled rejection is only logged, and the node continues to run. An uncaught exception may have left
 * inconsistent state, so the node stops gracefully, and the command fails.
 */
export class UncaughtErrors {
  readonly #logger: Logger
  readonly #thrown: (error: unknown) => void
  readonly #rejections: Throttle<unknown>
  #anyThrown = false

  /** @param thrown called once, with the first exception: it must stop the node */
  constructor(logger: Logger, thrown: (error: unknown) => void) {
    this.#logger = logger
    this.#thrown = thrown
    this.#rejections = lineThrottle((error, count) => {
      const text = `unhandled promise rejection, probably in a plugin: ${foreignText(error)}`
      logger.error({ err: error, count }, text)
    })
    process.on('unhandledRejection', this.#rejected)
    process.on('uncaughtException', this.#caught)
    // Node would write its warnings to stderr, between the log lines.
    process.removeAllListeners('warning')
    process.on('warning', this.#warned)
  }

  readonly #rejected = (reason: unknown): void => {
    this.#rejections.occurred(foreignText(reason), reason)
  }

  readonly #caught = (error: unknown): void => {
    const what = `uncaught exception, perhaps in a plugin: ${foreignText(error)}`
    this.#logger.error({ err: error }, this.#anyThrown ? what : `${what}; stopping`)
    if (this.#anyThrown) return
    this.#anyThrown = true
    this.#thrown(error)
  }

  readonly #warned = (warning: Error): void => {
    this.#logger.warn({ err: warning }, foreignText(warning))
  }

  /** Writes pending counts. The handlers stay until the process ends. */
  close(): void {
    this.#rejections.close()
  }
}
