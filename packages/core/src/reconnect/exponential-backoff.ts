import type { Random } from '../contracts/random.js'
import type { ReconnectStrategy } from '../contracts/reconnect-strategy.js'
import { optionsError, type RejectedOption } from '../contracts/option-error.js'
import { describeValue } from '../text/describe-value.js'
import { unknownOptionText } from '../text/suggestion.js'
import { type Duration, DURATION_MS_MAX, durationMs } from '../units/duration.js'

/** Options of `ExponentialBackoff`. */
export interface ExponentialBackoffOptions {
  /**
   * The shortest delay; default 100 ms. Prevents a busy loop if a peer accepts connections and closes them immediately.
   */
  readonly min?: Duration
  /** The ceiling of the first delay; default 500 ms. */
  readonly initial?: Duration
  /** The ceiling of every delay; default 30 s. */
  readonly max?: Duration
  /** The ceiling is multiplied by this number after each attempt; at least 1, default 2. */
  readonly factor?: number
  /**
   * `full` (default): a random delay from `min` to the ceiling, so that nodes that lost the same peer spread their
   * dials.
   */
  readonly jitter?: 'full' | 'none'
  /** Dials since the last proof of life before the link is `exhausted`; 0: never; default 10. */
  readonly maxAttempts?: number
}

const PLUGIN = 'reconnect exponential'
const OPTION_NAMES = ['min', 'initial', 'max', 'factor', 'jitter', 'maxAttempts']

/**
 * The default strategy: the ceiling grows with each attempt, and the delay is random between `min` and the ceiling
 * ("full jitter", M. Brooker, "Exponential Backoff And Jitter", 2015).
 */
export class ExponentialBackoff implements ReconnectStrategy {
  readonly delayMsMin: number
  readonly delayMsInitial: number
  readonly delayMsMax: number
  readonly factor: number
  readonly jitter: 'full' | 'none'
  readonly attemptsMax: number

  /** @throws CommloopError CML_ERR_CONFIG_INVALID naming every wrong option. */
  constructor(options: ExponentialBackoffOptions = {}) {
    const reader = new BackoffReader({ ...options })
    this.delayMsMin = reader.durationMs('min', 100)
    this.delayMsInitial = reader.durationMs('initial', 500)
    this.delayMsMax = reader.durationMs('max', 30_000)
    this.factor = reader.number('factor', 2, '1 to 1000', (value) => value >= 1 && value <= 1000)
    this.jitter = reader.jitter()
    this.attemptsMax = reader.number(
      'maxAttempts',
      10,
      'a whole number, 0 for no end',
      (value) => Number.isSafeInteger(value) && value >= 0,
    )
    if (this.delayMsMin > this.delayMsMax) {
      reader.reject('min', 'at most "max"', this.delayMsMin)
    }
    reader.throwRejected()
  }

  delayMs(attempt: number, random: Random): number | undefined {
    if (this.attemptsMax > 0 && attempt > this.attemptsMax) return undefined
    // The power overflows after some thousand attempts, and 0 times infinity would be NaN.
    const power = Math.min(Number.MAX_VALUE, this.factor ** (attempt - 1))
    const grown = this.delayMsInitial * power
    const ceilingMs = Math.max(this.delayMsMin, Math.min(this.delayMsMax, grown))
    if (this.jitter === 'none') return ceilingMs
    return this.delayMsMin + random.next() * (ceilingMs - this.delayMsMin)
  }
}

/** Reads the options, which may have any type because they may come from a file, and collects every mistake. */
class BackoffReader {
  readonly #options: Readonly<Record<string, unknown>>
  readonly #rejected: RejectedOption[] = []

  constructor(options: Readonly<Record<string, unknown>>) {
    this.#options = options
    for (const option of Object.keys(options)) {
      if (OPTION_NAMES.includes(option)) continue
      const problem = unknownOptionText(option, OPTION_NAMES)
      this.#rejected.push({ plugin: PLUGIN, option, problem, unknown: true })
    }
  }

  durationMs(option: string, byDefault: number): number {
    const value = this.#options[option]
    if (value === undefined) return byDefault
    const ms =
      typeof value === 'number' || typeof value === 'string' ? durationMs(value) : undefined
    if (ms !== undefined) return ms
    this.reject(option, `a duration up to ${String(DURATION_MS_MAX)} ms`, value)
    return byDefault
  }

  number(
    option: string,
    byDefault: number,
    expected: string,
    isUsable: (value: number) => boolean,
  ): number {
    const value = this.#options[option]
    if (value === undefined) return byDefault
    if (typeof value === 'number' && isUsable(value)) return value
    this.reject(option, expected, value)
    return byDefault
  }

  jitter(): 'full' | 'none' {
    const { jitter = 'full' } = this.#options
    if (jitter === 'full' || jitter === 'none') return jitter
    this.reject('jitter', '"full" or "none"', jitter)
    return 'full'
  }

  reject(option: string, expected: string, found: unknown): void {
    const problem = `expected ${expected}, found ${describeValue(found)}`
    this.#rejected.push({ plugin: PLUGIN, option, problem })
  }

  throwRejected(): void {
    if (this.#rejected.length > 0) throw optionsError(this.#rejected)
  }
}
