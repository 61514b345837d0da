import { nowMs } from '../process/now-ms.js'
import { PayloadCycle, placeOf } from './payload-cycle.js'

/** One run of traffic. */
export interface Traffic {
  readonly payloadBytes: number
  readonly messages: number
  /** The number of links. Each carries, in order, the messages whose position in the cycle has the same remainder. */
  readonly lanes: number
  /** Whether every byte is compared; not in measured runs. */
  readonly thorough: boolean
}

export interface Arrival {
  /** When the last message arrived, by the clock of the machine. */
  readonly lastMs: number
  /** What was wrong; empty if count, order and checksum are correct. */
  readonly problem: string
}

const NO_CYCLE = new PayloadCycle(1)

/**
 * Receives the messages of every contender: counts them, checks their order and adds up a checksum. These few
 * instructions are the same for all contenders and part of the measured time. A separate run compares every byte.
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
  /** The next position, by lane. */
  #places = [0]
  #checksum = 0
  #misplaced = 0

  /** Starts a run. Resolves when its last message has arrived. */
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
    const found = placeOf(payload)
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
