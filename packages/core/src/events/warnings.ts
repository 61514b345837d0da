import type { Clock } from '../contracts/clock.js'
import type { Logger } from '../contracts/logger.js'
import type { NodeEvents } from '../contracts/node-events.js'
import type { WarningCode, WarningEvent } from '../contracts/warning.js'
import { foreignText } from '../text/safe-text.js'
import { Throttle } from './throttle.js'

/** Warnings of one code: a plugin that fails with every message must not fill the log. */
const LIMITS = { perWindow: 10, windowMs: 10_000, kindsMax: 64 } as const
/** Warnings that the logger fails: one for each window, because it probably fails for every line. */
const LOGGER_LIMITS = { perWindow: 1, windowMs: 10_000, kindsMax: 1 } as const

type Warning = Omit<WarningEvent, 'count'>

/** Logs and emits the problems that do not end a connection or stop the node. */
export class Warnings {
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #emit: (warning: WarningEvent) => void
  readonly #throttle: Throttle<Warning>
  readonly #loggerThrottle: Throttle<Warning>
  #ownListenerThrew = false

  /** @param emit never called inside the user's own call */
  constructor(clock: Clock, logger: Logger, emit: (warning: WarningEvent) => void) {
    this.#clock = clock
    this.#logger = logger
    this.#emit = emit
    this.#throttle = new Throttle(clock, LIMITS, (warning, count) => {
      this.#report(warning, count)
    })
    this.#loggerThrottle = new Throttle(clock, LOGGER_LIMITS, (warning, count) => {
      this.#emitSoon(warning, count)
    })
  }

  warn(code: WarningCode, message: string, cause?: unknown): void {
    this.#throttle.occurred(code, { code, message, ...(cause === undefined ? {} : { cause }) })
  }

  #report(warning: Warning, count: number): void {
    const { code, message, cause } = warning
    const fields = cause === undefined ? { code, count } : { code, count, err: cause }
    this.#logger.warn(fields, count === 1 ? message : `${message} (${String(count)} times)`)
    this.#emitSoon(warning, count)
  }

  #emitSoon(warning: Warning, count: number): void {
    this.#clock.soon(() => {
      this.#emit({ ...warning, count })
    })
  }

  /** The logger threw. This is emitted and not logged, because the log line would fail too. */
  loggerThrew(cause: unknown): void {
    const message = `the logger threw, and a log line is lost: ${foreignText(cause)}`
    this.#loggerThrottle.occurred('', { code: 'LOGGER_THREW', message, cause })
  }

  listenerThrew(name: keyof NodeEvents, cause: unknown): void {
    const message = `a listener of "${name}" threw: ${foreignText(cause)}`
    // A listener of `warning` that throws gets no warning about itself: that would never end.
    if (name !== 'warning') this.warn('LISTENER_THREW', message, cause)
    else if (!this.#ownListenerThrew) {
      this.#ownListenerThrew = true
      this.#logger.warn({ event: name, err: cause }, `${message}; the log omits further ones`)
    }
  }

  /** Reports what the throttle still holds back. */
  close(): void {
    this.#throttle.close()
    this.#loggerThrottle.close()
  }
}
