import type { PayloadCycle } from './payload-cycle.js'

/** The messages of one of several links: those whose position in the cycle has the same remainder. */
export class Lane {
  readonly #payloads: PayloadCycle
  readonly #lane: number
  readonly #lanes: number
  #place: number
  #left: number

  constructor(payloads: PayloadCycle, messages: number, lane: number, lanes: number) {
    this.#payloads = payloads
    this.#lane = this.#place = lane
    this.#lanes = lanes
    const { length } = payloads
    const rest = messages % length
    this.#left =
      Math.floor(messages / length) * positionsBelow(length, lane, lanes) +
      positionsBelow(rest, lane, lanes)
  }

  get left(): number {
    return this.#left
  }

  next(): Uint8Array {
    const payload = this.#payloads.at(this.#place)
    const next = this.#place + this.#lanes
    this.#place = next >= this.#payloads.length ? this.#lane : next
    this.#left--
    return payload
  }
}

/** How many positions below `limit` belong to a lane. */
function positionsBelow(limit: number, lane: number, lanes: number): number {
  return limit > lane ? Math.ceil((limit - lane) / lanes) : 0
}
