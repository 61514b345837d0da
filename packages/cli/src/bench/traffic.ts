/** The traffic of one run. */
export interface Traffic {
  readonly messages: number
  readonly payloadBytes: number
  /** Each message is echoed, and the next one waits for the echo. */
  readonly echoed: boolean
}

/** A prime, so that the cycle does not align with batches. Positions fit into two bytes. */
const CYCLE = 997

/**
 * The payloads of a run. Message n carries payload n modulo the length of the cycle. A payload begins with its position, so
 * that the receiver can check the order.
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
    if (payload === undefined) throw new Error('bench: position outside the payload cycle')
    this.#next = this.#next + 1 === CYCLE ? 0 : this.#next + 1
    return payload
  }
}

/** Counts received messages and checks their order, with the same few instructions for each contender. */
export class Arrivals {
  #traffic: Traffic = { messages: 0, payloadBytes: 0, echoed: false }
  #left = 0
  #place = 0
  #misplaced = 0
  #complete: (misplaced: number) => void = () => undefined

  /** Begins a run. Resolves with the last message, with the number of messages that were out of order. */
  expect(traffic: Traffic): Promise<number> {
    this.#traffic = traffic
    this.#left = traffic.messages
    this.#place = this.#misplaced = 0
    return new Promise((resolve) => {
      this.#complete = resolve
    })
  }

  /** @returns true: the message has to be echoed */
  take(payload: Uint8Array): boolean {
    const place = (payload[0] ?? 0) | ((payload[1] ?? 0) << 8)
    if (place !== this.#place || payload.length !== this.#traffic.payloadBytes) this.#misplaced++
    this.#place = this.#place + 1 === CYCLE ? 0 : this.#place + 1
    if (--this.#left === 0) this.#complete(this.#misplaced)
    return this.#traffic.echoed
  }
}
