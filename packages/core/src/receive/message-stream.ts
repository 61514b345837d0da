import type { ReceivedMessage } from '../contracts/node-events.js'
import { STREAM_MESSAGE_BYTES } from '../units/message-overhead.js'

/** The bounds of a stream. */
export interface StreamLimits {
  readonly messagesMax: number
  readonly bytesMax: number
}

/**
 * Received messages for one `for await` loop. When the stream is full, the node does not read its links until the loop
 * has taken half of the messages. So a slow loop slows the peers down instead of filling the memory.
 */
export class MessageStream implements AsyncIterableIterator<ReceivedMessage> {
  #limits: StreamLimits
  readonly #emptier: (stream: MessageStream) => void
  #waiting: ReceivedMessage[] = []
  /** Index of the oldest message, so that the array need not be shifted for each one. */
  #at = 0
  #bytes = 0
  /** Of the newest message that waits. */
  #newestChunk: ArrayBufferLike | undefined
  #full = false
  #ended = false
  #reader: ((result: IteratorResult<ReceivedMessage>) => void) | undefined

  constructor(limits: StreamLimits, emptier: (stream: MessageStream) => void) {
    this.#limits = limits
    this.#emptier = emptier
  }

  /** Sets the limits. They apply when the next message arrives or is taken; waiting messages stay. */
  limit(limits: StreamLimits): void {
    this.#limits = limits
  }

  /** What waits, as it is counted. */
  get bytes(): number {
    return this.#bytes
  }

  get full(): boolean {
    return this.#full
  }

  push(message: ReceivedMessage): void {
    if (this.#ended) return
    const reader = this.#reader
    if (reader !== undefined) {
      this.#reader = undefined
      reader({ done: false, value: message })
      return
    }
    this.#waiting.push(message)
    this.#count(message.payload)
    const messages = this.#waiting.length - this.#at
    if (messages >= this.#limits.messagesMax || this.#bytes >= this.#limits.bytesMax)
      this.#full = true
  }

  next(): Promise<IteratorResult<ReceivedMessage>> {
    const message = this.#take()
    if (message !== undefined) return Promise.resolve({ done: false, value: message })
    if (this.#ended) return Promise.resolve({ done: true, value: undefined })
    if (this.#reader !== undefined) {
      return Promise.reject(new Error('messages(): one next() at a time'))
    }
    return new Promise((resolve) => {
      this.#reader = resolve
    })
  }

  #take(): ReceivedMessage | undefined {
    const message = this.#waiting[this.#at]
    if (message === undefined) return undefined
    this.#at++
    this.#discount(message.payload)
    // The array is shifted when half of it was taken, so each message moves at most once.
    if (this.#at * 2 >= this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#at)
      this.#at = 0
    }
    const messages = this.#waiting.length - this.#at
    const halfTaken =
      messages <= this.#limits.messagesMax / 2 && this.#bytes <= this.#limits.bytesMax / 2
    if (this.#full && halfTaken) {
      this.#full = false
      this.#emptier(this)
    }
    return message
  }

  /**
   * A payload is a view of the chunk in which it was received, and keeps the whole chunk in memory. So the chunk is counted
   * instead, once for the messages in a row that lie in it.
   */
  #count({ buffer }: Uint8Array): void {
    this.#bytes += STREAM_MESSAGE_BYTES
    if (buffer === this.#newestChunk) return
    this.#newestChunk = buffer
    this.#bytes += buffer.byteLength
  }

  /** `#at` is past the message already. */
  #discount({ buffer }: Uint8Array): void {
    this.#bytes -= STREAM_MESSAGE_BYTES
    const next = this.#waiting[this.#at]
    if (next?.payload.buffer === buffer) return
    this.#bytes -= buffer.byteLength
    if (next === undefined) this.#newestChunk = undefined
  }

  /** The loop has ended: waiting messages are discarded. */
  return(): Promise<IteratorResult<ReceivedMessage>> {
    this.#waiting = []
    this.#at = this.#bytes = 0
    this.#newestChunk = undefined
    this.end()
    return Promise.resolve({ done: true, value: undefined })
  }

  /** No further messages follow. Waiting ones can still be taken. */
  end(): void {
    this.#ended = true
    this.#full = false
    this.#reader?.({ done: true, value: undefined })
    this.#reader = undefined
    this.#emptier(this)
  }

  get ended(): boolean {
    return this.#ended
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}
