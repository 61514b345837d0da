import type { LinkStatus, NodeStatus } from '@commloop/control'

/** The largest number of samples in a graph. */
export const SAMPLES_MAX = 60

/** Messages and bytes per second in one direction. */
export interface Rate {
  readonly messages: number
  readonly bytes: number
}

export interface LinkRates {
  readonly sent: Rate
  readonly received: Rate
  /** Messages per second, the latest last. */
  readonly sentHistory: readonly number[]
  readonly receivedHistory: readonly number[]
}

interface Track {
  last: LinkStatus['counters']
  rates: LinkRates
}

const NOTHING: Rate = { messages: 0, bytes: 0 }
export const NO_RATES: LinkRates = {
  sent: NOTHING,
  received: NOTHING,
  sentHistory: [],
  receivedHistory: [],
}

/** Computes rates from counters that only grow. */
export class RateTable {
  readonly #tracks = new Map<string, Track>()
  #lastMs: number | undefined
  #pid: number | undefined

  add({ pid, links }: NodeStatus, nowMs: number): void {
    // The counters of another process start at zero.
    if (pid !== this.#pid) this.#tracks.clear()
    const seconds = this.#lastMs === undefined ? 0 : (nowMs - this.#lastMs) / 1000
    this.#lastMs = nowMs
    this.#pid = pid
    const gone = new Set(this.#tracks.keys())
    for (const { id, counters } of links) {
      gone.delete(id)
      const track = this.#tracks.get(id)
      if (track === undefined) this.#tracks.set(id, { last: counters, rates: NO_RATES })
      else if (seconds > 0) {
        track.rates = ratesBetween(track, counters, seconds)
        track.last = counters
      }
    }
    for (const id of gone) this.#tracks.delete(id)
  }

  of(link: string): LinkRates {
    return this.#tracks.get(link)?.rates ?? NO_RATES
  }
}

function ratesBetween({ last, rates }: Track, now: Track['last'], seconds: number): LinkRates {
  const sent = {
    messages: Math.max(0, now.written - last.written) / seconds,
    bytes: Math.max(0, now.writtenBytes - last.writtenBytes) / seconds,
  }
  const received = {
    messages: Math.max(0, now.received - last.received) / seconds,
    bytes: Math.max(0, now.receivedBytes - last.receivedBytes) / seconds,
  }
  return {
    sent,
    received,
    sentHistory: [...rates.sentHistory, sent.messages].slice(-SAMPLES_MAX),
    receivedHistory: [...rates.receivedHistory, received.messages].slice(-SAMPLES_MAX),
  }
}
