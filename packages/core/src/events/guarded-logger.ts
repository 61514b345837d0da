import type { LogFields, Logger } from '../contracts/logger.js'
import { foreignFields } from '../text/foreign-copy.js'
import { shortened } from '../text/short-text.js'

/** Characters of the text of one log line. A list of the mistakes in a file is longer than other texts. */
const LINE_LENGTH_MAX = 16_000

/** What an application may pass as its logger. */
type LooseLogger = Record<keyof Logger, (fields: LogFields, text: string) => unknown>

/**
 * Makes any logger safe to call. A call does not throw, and what the logger gets is plain data of bounded size: no
 * secrets, no getters, no errors with endless causes. A logger that throws, or whose promise is rejected, costs the line.
 */
export class GuardedLogger implements Logger {
  readonly #logger: LooseLogger
  readonly #failed: (cause: unknown) => void

  /** @param failed called for each line that the logger failed to write. It must not log. */
  constructor(logger: Logger, failed: (cause: unknown) => void = () => undefined) {
    this.#logger = logger
    this.#failed = failed
  }

  debug(fields: LogFields, text: string): void {
    this.#write('debug', fields, text)
  }

  info(fields: LogFields, text: string): void {
    this.#write('info', fields, text)
  }

  warn(fields: LogFields, text: string): void {
    this.#write('warn', fields, text)
  }

  error(fields: LogFields, text: string): void {
    this.#write('error', fields, text)
  }

  #write(level: keyof Logger, fields: LogFields, text: string): void {
    try {
      const line = shortened(text, LINE_LENGTH_MAX)
      const answer = this.#logger[level](foreignFields(fields), line)
      // The log does not wait for a logger that is asynchronous.
      if (isThenable(answer)) answer.then(undefined, this.#failed)
    } catch (error) {
      this.#failed(error)
    }
  }
}

function isThenable(answer: unknown): answer is PromiseLike<unknown> {
  return (
    typeof answer === 'object' &&
    answer !== null &&
    'then' in answer &&
    typeof answer.then === 'function'
  )
}
