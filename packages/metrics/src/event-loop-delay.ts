import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks'

/** A timer of the kernel's own resolution would be woken a thousand times a second. */
const RESOLUTION_MS = 20
/** What is told is of one window of this length, so that an old stall does not look like a present one. */
const WINDOW_MS = 15_000
const NS = 1e9

/** How late timers are: whether something, a router perhaps, keeps the node from its work. */
export class EventLoopDelay {
  readonly #histogram: IntervalHistogram
  readonly #timer: NodeJS.Timeout
  /** Of the last whole window; undefined: the first one is not over. */
  #last: Record<string, number> | undefined

  constructor() {
    this.#histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
    this.#histogram.enable()
    this.#timer = setInterval(() => {
      this.#last = this.#present()
      this.#histogram.reset()
    }, WINDOW_MS).unref()
  }

  /** Seconds, by quantile. */
  quantiles(): Readonly<Record<string, number>> {
    return this.#last ?? this.#present()
  }

  #present(): Record<string, number> {
    const histogram = this.#histogram
    if (histogram.count === 0) return { '0.5': 0, '0.99': 0, '1': 0 }
    return {
      '0.5': lateness(histogram.percentile(50)),
      '0.99': lateness(histogram.percentile(99)),
      '1': lateness(histogram.max),
    }
  }

  close(): void {
    clearInterval(this.#timer)
    this.#histogram.disable()
  }
}

/** The histogram counts the whole interval, of which the resolution is no delay. */
function lateness(intervalNs: number): number {
  return Math.max(0, intervalNs / NS - RESOLUTION_MS / 1000)
}
