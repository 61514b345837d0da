/** One message that was passed to `send` of a simulated node. */
export interface SentMessage {
  readonly number: number
  /** Names of nodes. */
  readonly origin: string
  readonly destination: string
  readonly payload: Uint8Array
  readonly id: string | undefined
  readonly expiresAtMs: number
  /** The codec throws when it encodes this message. */
  readonly poisoned: boolean
  /** The number of the request that this message answers; undefined: it answers none. */
  readonly answerTo: number | undefined
  /** Its receiver should answer it. */
  readonly isRequest: boolean
  /** `send` threw, so the message must never be delivered. */
  refused: boolean
  /** Copies that the first node made of it. */
  copies: number
  outcomesOfCopies: number
  outcomesOfMessage: number
}

/** Number, sender, link and serial at the beginning of a payload. */
export const STAMP_BYTES = 12

/**
 * All messages of a simulation. A payload contains its number, so that a received payload can be compared, byte by
 * byte, with the one that was sent.
 *
 *     │ number: 4 │ sender: 2 │ link: 2 │ serial of the sender: 4 │ filling, derived from the number │
 */
export class MessageBook {
  readonly #messages: SentMessage[] = []

  get size(): number {
    return this.#messages.length
  }

  /** All of them, in the order of sending. */
  get messages(): readonly SentMessage[] {
    return this.#messages
  }

  add(
    stamp: { readonly sender: number; readonly link: number; readonly serial: number },
    bytes: number,
    facts: Pick<SentMessage, 'origin' | 'destination' | 'id' | 'expiresAtMs' | 'poisoned'> &
      Partial<Pick<SentMessage, 'answerTo' | 'isRequest'>>,
  ): SentMessage {
    const number = this.#messages.length
    const payload = new Uint8Array(Math.max(STAMP_BYTES, bytes)).fill((number * 31 + 7) & 0xff)
    stampNumber(payload, 0, 4, number)
    stampNumber(payload, 4, 2, stamp.sender)
    stampNumber(payload, 6, 2, stamp.link)
    stampNumber(payload, 8, 4, stamp.serial)
    const message = {
      answerTo: undefined,
      isRequest: false,
      ...facts,
      number,
      payload,
      refused: false,
      copies: 0,
      outcomesOfCopies: 0,
      outcomesOfMessage: 0,
    }
    this.#messages.push(message)
    return message
  }

  /** The message whose number this payload contains; the payload may be wrong. */
  claimed(payload: Uint8Array): SentMessage | undefined {
    if (payload.byteLength < STAMP_BYTES) return undefined
    let number = 0
    for (let at = 0; at < 4; at++) number = number * 256 + (payload[at] ?? 0)
    return this.#messages[number]
  }

  /** The message with exactly this payload; undefined if no node has sent it. */
  find(payload: Uint8Array): SentMessage | undefined {
    const message = this.claimed(payload)
    if (message === undefined || Buffer.compare(payload, message.payload) !== 0) return undefined
    return message
  }
}

/** Big endian. Creating a `DataView` for each payload would cost more than the payload. */
function stampNumber(payload: Uint8Array, at: number, bytes: number, value: number): void {
  for (let left = bytes; left > 0; left--) payload[at + bytes - left] = value >>> (8 * (left - 1))
}
