/** What one run sends. */
export interface Traffic {
  readonly messages: number
  readonly payloadBytes: number
  /** Each message is answered with itself, and the next one waits for that. */
  readonly echoed: boolean
}

/** A prime, so that no cycle falls into step with a batch; its places fit into the two bytes that say them. */
const CYCLE = 997

/**
 * The payloads of a run: the n-th message carries the one at n modulo their number, and begins with its place, so that
 * whoever receives it sees whether it is the next.
 */
export class PayloadCycle {
  readonly #payloads: readonly Uint8Array[]
  #next = 0

  constructor(payloadBytes: number) {
    this.#payloads = Array.from({ length: CYCLE }, (_, place) => {
      const payload = new Uint8Array(payloadBytes).fill(place)
      payload[0] = place
      payload[1] = place >>> 8
      return payload
    })
  }

  next(): Uint8Array {
    const payload = this.#payloads[this.#next]
    if (payload === undefined) throw new Error('bench: the cycle of payloads is broken')
    this.#next = this.#next + 1 === CYCLE ? 0 : this.#next + 1
    return payload
  }
}

/** Counts what arrives, and looks whether it is what comes next: the same few instructions for every contender. */
export class Arrivals {
  #traffic: Traffic = { messages: 0, payloadBytes: 0, echoed: false }
  #left = 0
  #place = 0
  #misplaced = 0
  #complete: (misplaced: number) => void = () => undefined

  /** Begins a run. Resolves with the number of messages that were not what should have come, when the last is there. */
  expect(traffic: Traffic): Promise<number> {
    this.#traffic = traffic
    this.#left = traffic.messages
    this.#place = this.#misplaced = 0
    return new Promise((resolve) => {
      this.#complete = resolve
    })
  }

  /** @returns whether the message is to be answered with itself. */
  take(payload: Uint8Array): boolean {
    const place = (payload[0] ?? 0) | ((payload[1] ?? 0) << 8)
    if (place !== this.#place || payload.length !== this.#traffic.payloadBytes) this.#misplaced++
    this.#place = this.#place + 1 === CYCLE ? 0 : this.#place + 1
    if (--this.#left === 0) this.#complete(this.#misplaced)
    return this.#traffic.echoed
  }
}
