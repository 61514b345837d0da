import type { Clock } from '../contracts/clock.js'
import type { Logger } from '../contracts/logger.js'
import type { NodeEvents } from '../contracts/node-events.js'
import { foreignText } from '../text/safe-text.js'
import { Throttle } from './throttle.js'

/** Warnings of one code: a plugin that fails with every message must not fill the log. */
const LIMITS = { perWindow: 10, windowMs: 10_000, kindsMax: 64 } as const

type Warning = Omit<NodeEvents['warning'], 'count'>

/** What goes wrong and costs no link and no node: to the log, and to whoever listens. */
export class Warnings {
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #emit: (warning: NodeEvents['warning']) => void
  readonly #throttle: Throttle<Warning>
  #ownListenerThrew = false

  /** `emit`: never called inside the user's own call. */
  constructor(clock: Clock, logger: Logger, emit: (warning: NodeEvents['warning']) => void) {
    this.#clock = clock
    this.#logger = logger
    this.#emit = emit
    this.#throttle = new Throttle(clock, LIMITS, (warning, count) => {
      this.#tell(warning, count)
    })
  }

  warn(code: string, message: string, cause?: unknown): void {
    this.#throttle.occurred(code, { code, message, ...(cause === undefined ? {} : { cause }) })
  }

  #tell(warning: Warning, count: number): void {
    const { code, message, cause } = warning
    const fields = cause === undefined ? { code, count } : { code, count, err: cause }
    this.#logger.warn(fields, count === 1 ? message : `${message} (${String(count)} times)`)
    this.#clock.soon(() => {
      this.#emit({ ...warning, count })
    })
  }

  listenerThrew(name: keyof NodeEvents, cause: unknown): void {
    const message = `a listener of "${name}" threw: ${foreignText(cause)}`
    // A listener of warnings that throws must not be warned about its own throwing: it would never end.
    if (name !== 'warning') this.warn('LISTENER_THREW', message, cause)
    else if (!this.#ownListenerThrew) {
      this.#ownListenerThrew = true
      this.#logger.warn({ event: name, err: cause }, `${message}; further ones are not told`)
    }
  }

  /** Tells what is untold. */
  close(): void {
    this.#throttle.close()
  }
}
