import { describeValue } from '../text/describe-value.js'
import type { Random } from '../contracts/random.js'
import type { ReconnectStrategy } from '../contracts/reconnect-strategy.js'
import { CommloopError } from '../contracts/errors.js'
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

  /** @throws CommloopError CML_ERR_CONFIG_INVALID naming the option. */
  constructor(options: ExponentialBackoffOptions = {}) {
    for (const name of Object.keys(options)) {
      if (!OPTION_NAMES.includes(name)) unknown(name)
    }
    this.delayMsMin = duration('min', options.min, 100)
    this.delayMsInitial = duration('initial', options.initial, 500)
    this.delayMsMax = duration('max', options.max, 30_000)
    this.factor = options.factor ?? 2
    this.jitter = options.jitter ?? 'full'
    this.attemptsMax = options.maxAttempts ?? 10
    this.#check()
  }

  #check(): void {
    if (!(this.factor >= 1 && this.factor <= 1000)) invalid('factor', '1 to 1000', this.factor)
    if (!['full', 'none'].includes(this.jitter)) invalid('jitter', '"full" or "none"', this.jitter)
    if (!Number.isSafeInteger(this.attemptsMax) || this.attemptsMax < 0) {
      invalid('maxAttempts', 'a whole number, 0 for no end', this.attemptsMax)
    }
    if (this.delayMsMin > this.delayMsMax) invalid('min', 'at most "max"', this.delayMsMin)
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

function duration(name: string, value: Duration | undefined, defaultMs: number): number {
  if (value === undefined) return defaultMs
  return durationMs(value) ?? invalid(name, `a duration up to ${String(DURATION_MS_MAX)} ms`, value)
}

function invalid(option: string, expected: string, found: unknown): never {
  const problem = `expected ${expected}, found ${describeValue(found)}`
  const details = { option, problem }
  throw new CommloopError('CML_ERR_CONFIG_INVALID', `reconnect.${option}: ${problem}`, { details })
}

function unknown(option: string): never {
  const problem = `expected one of ${OPTION_NAMES.join(', ')}, found ${describeValue(option)}`
  const details = { option, problem, unknownOption: true as const }
  throw new CommloopError('CML_ERR_CONFIG_INVALID', `reconnect.${option}: ${problem}`, { details })
}
