import { nowMs } from '../process/now-ms.js'
import { PayloadCycle } from './payload-cycle.js'

/** One run of traffic. */
export interface Traffic {
  readonly payloadBytes: number
  readonly messages: number
  /** Over how many links, each with the messages whose place in the cycle has one remainder; their order holds. */
  readonly lanes: number
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
  #traffic: Traffic = { payloadBytes: 1, messages: 0, lanes: 1, thorough: false }
  #done: ((arrival: Arrival) => void) | undefined
  #payloadBytes = 0
  #length = 0
  #thorough = false
  #left = 0
  #lanes = 1
  /** The place that comes next, by lane. */
  #places = [0]
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
    this.#lanes = traffic.lanes
    this.#places = Array.from({ length: traffic.lanes }, (_, lane) => lane)
    this.#checksum = this.#misplaced = 0
    return new Promise((resolve) => {
      this.#done = resolve
    })
  }

  take(payload: Uint8Array): void {
    const found = (payload[0] ?? 0) | ((payload[1] ?? 0) << 8)
    const lane = this.#lanes === 1 ? 0 : found % this.#lanes
    const place = this.#places[lane] ?? 0
    const next = place + this.#lanes
    this.#places[lane] = next >= this.#length ? lane : next
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
