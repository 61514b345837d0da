/** Primes, so that a cycle does not align with a batch. */
const PAYLOADS_MAX = 1009
const PAYLOADS_OF_LARGE = [
  { bytesMin: 32 * 1024, payloads: 61 },
  { bytesMin: 4 * 1024, payloads: 251 },
] as const

/**
 * The payloads that every contender sends, created before the measurement: the n-th message of a run carries the payload
 * at n modulo `length`.
 *
 *     byte   0 … 1                2 …
 *            place in the cycle   follow from the place       little endian, five bits in a byte
 *
 * All bytes are from 30 to 6f, so that codecs that look for control characters can carry them too.
 */
export class PayloadCycle {
  readonly #payloads: readonly Uint8Array[]
  #next = 0

  constructor(payloadBytes: number) {
    const large = PAYLOADS_OF_LARGE.find(({ bytesMin }) => payloadBytes >= bytesMin)
    const length = large?.payloads ?? PAYLOADS_MAX
    // One buffer, because small separate arrays would be allocated within the heap, unlike payloads of other sources.
    const slab = new Uint8Array(length * payloadBytes)
    this.#payloads = Array.from({ length }, (_, place) => {
      const payload = slab.subarray(place * payloadBytes, (place + 1) * payloadBytes)
      fill(payload, place)
      return payload
    })
  }

  get length(): number {
    return this.#payloads.length
  }

  at(place: number): Uint8Array {
    const payload = this.#payloads[place]
    if (payload === undefined) throw new Error(`payload cycle: no place ${String(place)}`)
    return payload
  }

  /** The next call of `next` returns the first payload. */
  rewind(): void {
    this.#next = 0
  }

  next(): Uint8Array {
    const place = this.#next
    this.#next = place + 1 === this.#payloads.length ? 0 : place + 1
    return this.at(place)
  }

  /** The sum of the last bytes of the first `messages` payloads. */
  checksum(messages: number): number {
    const last = this.#payloads.map((payload) => payload.at(-1) ?? 0)
    const whole = last.reduce((sum, byte) => sum + byte, 0)
    const rest = last.slice(0, messages % last.length).reduce((sum, byte) => sum + byte, 0)
    return (Math.floor(messages / last.length) * whole + rest) | 0
  }
}

const TEXT_BYTE = 0x30
const PLACE_BITS = 5
const PLACE_MASK = 2 ** PLACE_BITS - 1
/** Of 32, the bits that give a byte of text. */
const TEXT_SHIFT = 26

function fill(payload: Uint8Array, place: number): void {
  let state = place + 1
  for (let at = 0; at < payload.length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    payload[at] = TEXT_BYTE + (state >>> TEXT_SHIFT)
  }
  if (payload.length < 2) return
  payload[0] = TEXT_BYTE + (place & PLACE_MASK)
  payload[1] = TEXT_BYTE + (place >>> PLACE_BITS)
}

/** The place in the cycle that a payload states. */
export function placeOf(payload: Uint8Array): number {
  const low = (payload[0] ?? TEXT_BYTE) - TEXT_BYTE
  return low | (((payload[1] ?? TEXT_BYTE) - TEXT_BYTE) << PLACE_BITS)
}
