import { nowMs } from '../process/now-ms.js'
import { PayloadCycle } from './payload-cycle.js'

/** One run of traffic. */
export interface Traffic {
  readonly payloadBytes: number
  readonly messages: number
  /** Every byte is compared; not while time is taken. */
  readonly thorough: boolean
}

export interface Arrival {
  /** When the last message came, by the machine's clock. */
  readonly lastMs: number
  /** What was wrong; empty: count, order and checksum are right. */
  readonly problem: string
}

const NO_CYCLE = new PayloadCycle(1)

/**
 * Where the messages of every contender end: counts them, looks at their order and adds up a checksum. The same few
 * instructions for all, inside the time that is taken; every byte is compared in a run of its own.
 */
export class Sink {
  #cycle = NO_CYCLE
  #traffic: Traffic = { payloadBytes: 1, messages: 0, thorough: false }
  #done: ((arrival: Arrival) => void) | undefined
  #payloadBytes = 0
  #length = 0
  #thorough = false
  #left = 0
  #place = 0
  #checksum = 0
  #misplaced = 0

  /** Begins a run. Resolves when its last message has come. */
  expect(traffic: Traffic): Promise<Arrival> {
    if (traffic.payloadBytes !== this.#payloadBytes) {
      this.#cycle = new PayloadCycle(traffic.payloadBytes)
    }
    this.#traffic = traffic
    this.#payloadBytes = traffic.payloadBytes
    this.#length = this.#cycle.length
    this.#thorough = traffic.thorough
    this.#left = traffic.messages
    this.#place = this.#checksum = this.#misplaced = 0
    return new Promise((resolve) => {
      this.#done = resolve
    })
  }

  take(payload: Uint8Array): void {
    const place = this.#place
    this.#place = place + 1 === this.#length ? 0 : place + 1
    const found = (payload[0] ?? 0) | ((payload[1] ?? 0) << 8)
    if (found !== place || payload.length !== this.#payloadBytes) this.#misplaced++
    this.#checksum = (this.#checksum + (payload[payload.length - 1] ?? 0)) | 0
    if (this.#thorough) this.#compare(payload, place)
    if (--this.#left === 0) this.#end()
  }

  #compare(payload: Uint8Array, place: number): void {
    if (Buffer.compare(payload, this.#cycle.at(place)) !== 0) this.#misplaced++
  }

  #end(): void {
    const lastMs = nowMs()
    const problems = []
    if (this.#misplaced > 0) problems.push(`${String(this.#misplaced)} messages out of place`)
    const expected = this.#cycle.checksum(this.#traffic.messages)
    if (this.#checksum !== expected) problems.push('another checksum')
    this.#done?.({ lastMs, problem: problems.join(', ') })
  }
}
