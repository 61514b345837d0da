import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks'

/** With 1 ms, the shortest interval of the system, the timer would wake the process a thousand times a second. */
const RESOLUTION_MS = 20
const WINDOW_MS = 15_000
const NS_PER_MS = 1e6
const MS_PER_S = 1000

/**
 * Measures how late timers are, which shows whether something, for example a router, keeps the node from its work. The
 * figures are those of the last complete window of 15 s, so that an old stall does not look like a current one. Until the
 * first window is complete, they are those of the time since the start.
 */
export class EventLoopDelay {
  readonly #histogram: IntervalHistogram
  readonly #timer: NodeJS.Timeout
  #first: FirstInterval
  /** The figures of the last complete window. */
  #last: Record<string, number> | undefined

  /** @param windowMs length of a window; default: 15 s */
  constructor(windowMs = WINDOW_MS) {
    this.#histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
    this.#histogram.enable()
    this.#first = new FirstInterval()
    this.#timer = setInterval(() => {
      this.#last = this.#current()
      this.#histogram.reset()
      this.#first.close()
      this.#first = new FirstInterval()
    }, windowMs).unref()
  }

  /** Seconds by quantile: 0.5 (median), 0.99, and 1 (maximum). */
  quantiles(): Readonly<Record<string, number>> {
    return this.#last ?? this.#current()
  }

  #current(): Record<string, number> {
    const histogram = this.#histogram
    const first = lateness(this.#first.ms)
    if (histogram.count === 0) return { '0.5': first, '0.99': first, '1': first }
    return {
      '0.5': lateness(histogram.percentile(50) / NS_PER_MS),
      '0.99': lateness(histogram.percentile(99) / NS_PER_MS),
      '1': Math.max(first, lateness(histogram.max / NS_PER_MS)),
    }
  }

  /** Stops measuring. */
  close(): void {
    clearInterval(this.#timer)
    this.#first.close()
    this.#histogram.disable()
  }
}

/**
 * Measures the interval up to the first tick of a window. Node's histogram uses that tick only as its starting point, both
 * after `enable` and after `reset`, so it would miss a stall that delays the tick.
 */
class FirstInterval {
  readonly #startMs = performance.now()
  readonly #timer: NodeJS.Timeout
  #ms: number | undefined

  constructor() {
    this.#timer = setTimeout(() => {
      this.#ms = this.#elapsedMs()
    }, RESOLUTION_MS).unref()
  }

  /** Its length; before the tick, the time since the start. */
  get ms(): number {
    return this.#ms ?? this.#elapsedMs()
  }

  #elapsedMs(): number {
    return performance.now() - this.#startMs
  }

  close(): void {
    clearTimeout(this.#timer)
  }
}

/** How late a timer was, in seconds: the length of its interval without the resolution. */
function lateness(intervalMs: number): number {
  return Math.max(0, (intervalMs - RESOLUTION_MS) / MS_PER_S)
}
