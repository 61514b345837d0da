import type { Logger, Throttle } from '@commloop/core'
import { lineThrottle } from '../logging/line-throttle.js'

/**
 * Errors that no code caught, nearly always those of a plugin, which runs in this process.
 *
 * An unhandled rejection affects nothing else: it is logged, and the node keeps running. An uncaught exception may have
 * left state half changed: the node stops in order, and the command fails.
 */
export class UncaughtErrors {
  readonly #logger: Logger
  readonly #thrown: (error: unknown) => void
  readonly #rejections: Throttle<unknown>
  #anyThrown = false

  /** @param thrown called once, on the first exception: the node has to stop */
  constructor(logger: Logger, thrown: (error: unknown) => void) {
    this.#logger = logger
    this.#thrown = thrown
    this.#rejections = lineThrottle((error, count) => {
      const text = `unhandled promise rejection, probably in a plugin: ${String(error)}`
      logger.error({ err: error, count }, text)
    })
    process.on('unhandledRejection', this.#rejected)
    process.on('uncaughtException', this.#caught)
    // Node would write its warnings to stderr, between the log lines.
    process.removeAllListeners('warning')
    process.on('warning', this.#warned)
  }

  readonly #rejected = (reason: unknown): void => {
    this.#rejections.occurred(String(reason), reason)
  }

  readonly #caught = (error: unknown): void => {
    const what = `uncaught exception, perhaps in a plugin: ${String(error)}`
    this.#logger.error({ err: error }, this.#anyThrown ? what : `${what}; stopping`)
    if (this.#anyThrown) return
    this.#anyThrown = true
    this.#thrown(error)
  }

  readonly #warned = (warning: Error): void => {
    this.#logger.warn({ err: warning }, `${warning.name}: ${warning.message}`)
  }

  /** Writes pending counts. The handlers stay until the process ends. */
  close(): void {
    this.#rejections.close()
  }
}
