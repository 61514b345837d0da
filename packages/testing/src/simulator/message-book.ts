import type { MessageStamp, Stamp } from './message-stamp.js'

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
  /** Its first node has encoded it. */
  encoded: boolean
  /** `send` threw, so the message must never be delivered. */
  refused: boolean
  /** Copies that the first node made of it. */
  copies: number
  outcomesOfCopies: number
  outcomesOfMessage: number
}

/**
 * All messages of a simulation. A payload contains its number, so that a received payload can be compared, byte by
 * byte, with the one that was sent.
 */
export class MessageBook {
  readonly #messages: SentMessage[] = []
  readonly #stamp: MessageStamp

  constructor(stamp: MessageStamp) {
    this.#stamp = stamp
  }

  /** The size of the smallest message. */
  get bytesMin(): number {
    return this.#stamp.bytes
  }

  get size(): number {
    return this.#messages.length
  }

  /** All of them, in the order of sending. */
  get messages(): readonly SentMessage[] {
    return this.#messages
  }

  add(
    stamp: Omit<Stamp, 'number'>,
    bytes: number,
    facts: Pick<SentMessage, 'origin' | 'destination' | 'id' | 'expiresAtMs' | 'poisoned'> &
      Partial<Pick<SentMessage, 'answerTo' | 'isRequest'>>,
  ): SentMessage {
    const number = this.#messages.length
    const payload = this.#stamp.stamped(bytes, { number, ...stamp })
    const message = {
      answerTo: undefined,
      isRequest: false,
      encoded: false,
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
    const number = this.#stamp.numberOf(payload)
    return number === undefined ? undefined : this.#messages[number]
  }

  /** The message with exactly this payload; undefined if no node has sent it. */
  find(payload: Uint8Array): SentMessage | undefined {
    const message = this.claimed(payload)
    if (message === undefined || Buffer.compare(payload, message.payload) !== 0) return undefined
    return message
  }
}
