import type { Random } from '../contracts/random.js'
import type { ReconnectStrategy } from '../contracts/reconnect-strategy.js'
import { PluginOptionReader } from '../text/plugin-option-reader.js'
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

  /** @throws CommloopError CML_ERR_CONFIG_INVALID naming every wrong option. */
  constructor(options: ExponentialBackoffOptions = {}) {
    const reader = new PluginOptionReader('reconnect exponential', { ...options }, OPTION_NAMES)
    const delay = `a duration up to ${String(DURATION_MS_MAX)} ms`
    this.delayMsMin = reader.read('min', 100, delay, asDelayMs)
    this.delayMsInitial = reader.read('initial', 500, delay, asDelayMs)
    this.delayMsMax = reader.read('max', 30_000, delay, asDelayMs)
    const isFactor = numberIf((value) => value >= 1 && value <= 1000)
    this.factor = reader.read('factor', 2, '1 to 1000', isFactor)
    this.jitter = reader.read<'full' | 'none'>('jitter', 'full', '"full" or "none"', asJitter)
    const isCount = numberIf((value) => Number.isSafeInteger(value) && value >= 0)
    this.attemptsMax = reader.read('maxAttempts', 10, 'a whole number, 0 for no end', isCount)
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

function asDelayMs(value: unknown): number | undefined {
  return typeof value === 'number' || typeof value === 'string' ? durationMs(value) : undefined
}

function numberIf(isUsable: (value: number) => boolean): (value: unknown) => number | undefined {
  return (value) => (typeof value === 'number' && isUsable(value) ? value : undefined)
}

function asJitter(value: unknown): 'full' | 'none' | undefined {
  return value === 'full' || value === 'none' ? value : undefined
}
