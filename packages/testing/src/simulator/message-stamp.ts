/** What identifies a message of a simulation. */
export interface Stamp {
  readonly number: number
  readonly sender: number
  readonly link: number
  readonly serial: number
}

/** A payload of exactly this size that the codec carries; undefined: it carries none of this size. */
export type PayloadOfSize = (bytes: number) => Uint8Array | undefined

/** How messages contain their stamp, so that a received payload can be compared with the one that was sent. */
export interface MessageStamp {
  readonly bytes: number
  /** A new payload of about this size with this stamp in it. */
  stamped(bytes: number, stamp: Stamp): Uint8Array
  /** The number in a payload, which may be any bytes; undefined: there is none. */
  numberOf(payload: Uint8Array): number | undefined
}

/**
 * For codecs that carry any bytes. All numbers are big endian.
 *
 *     │ number: 4 │ sender: 2 │ link: 2 │ serial of the sender: 4 │ filling, derived from the number │
 */
export class LeadingStamp implements MessageStamp {
  readonly bytes = 12

  stamped(bytes: number, { number, sender, link, serial }: Stamp): Uint8Array {
    const payload = new Uint8Array(Math.max(this.bytes, bytes)).fill((number * 31 + 7) & 0xff)
    writeNumber(payload, 0, 4, number)
    writeNumber(payload, 4, 2, sender)
    writeNumber(payload, 6, 2, link)
    writeNumber(payload, 8, 4, serial)
    return payload
  }

  numberOf(payload: Uint8Array): number | undefined {
    if (payload.byteLength < this.bytes) return undefined
    let number = 0
    for (let at = 0; at < 4; at++) number = number * 256 + (payload[at] ?? 0)
    return number
  }
}

/** The largest distance from the wanted size to one that the codec carries. */
const SIZES_TRIED = 4096

/**
 * For codecs that carry only some payloads: hexadecimal digits at the end, which hardly any codec gives a meaning.
 *
 *     │ payload of the given size │ number: 8 │ sender: 4 │ link: 4 │ serial of the sender: 8 │
 */
export class TrailingStamp implements MessageStamp {
  readonly bytes = 24
  readonly #payloadOf: PayloadOfSize

  constructor(payloadOf: PayloadOfSize) {
    this.#payloadOf = payloadOf
  }

  stamped(bytes: number, { number, sender, link, serial }: Stamp): Uint8Array {
    const payload = Uint8Array.from(this.#payload(Math.max(this.bytes, bytes)))
    const digits = hex(number, 8) + hex(sender, 4) + hex(link, 4) + hex(serial, 8)
    payload.set(Buffer.from(digits, 'latin1'), payload.length - this.bytes)
    return payload
  }

  numberOf(payload: Uint8Array): number | undefined {
    const at = payload.length - this.bytes
    if (at < 0) return undefined
    const digits = Buffer.from(payload.subarray(at, at + 8)).toString('latin1')
    return /^[0-9a-f]{8}$/.test(digits) ? Number.parseInt(digits, 16) : undefined
  }

  /** Of the nearest size from there on, else of the nearest smaller one. */
  #payload(bytes: number): Uint8Array {
    for (let more = 0; more < SIZES_TRIED; more++) {
      const payload = this.#payloadOf(bytes + more)
      if (payload !== undefined) return payload
    }
    for (let size = bytes - 1; size >= this.bytes; size--) {
      const payload = this.#payloadOf(size)
      if (payload !== undefined) return payload
    }
    throw new Error(`simulation: the codec carries no payload of ${String(this.bytes)} bytes`)
  }
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0').slice(-digits)
}

/** Big endian. Creating a `DataView` for each payload would cost more than the payload. */
function writeNumber(payload: Uint8Array, at: number, bytes: number, value: number): void {
  for (let left = bytes; left > 0; left--) payload[at + bytes - left] = value >>> (8 * (left - 1))
}
