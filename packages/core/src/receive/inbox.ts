import type { ReceivedMessage } from '../contracts/node-events.js'
import { MessageStream, type StreamLimits } from './message-stream.js'

/** What a full stream stops: the reading of one link. */
export interface ReadSource {
  hold(holder: 'iterator'): void
  unhold(holder: 'iterator'): void
}

/** Hands received messages to the streams that `messages()` gave out, and holds the links while one is full. */
export class Inbox {
  #limits: StreamLimits
  readonly #streams = new Set<MessageStream>()
  readonly #held = new Set<ReadSource>()

  constructor(limits: StreamLimits) {
    this.#limits = limits
  }

  /** Other limits, for the streams that there are too. */
  limit(limits: StreamLimits): void {
    this.#limits = limits
    for (const stream of this.#streams) stream.limit(limits)
  }

  get heard(): boolean {
    return this.#streams.size > 0
  }

  open(): MessageStream {
    const stream = new MessageStream(this.#limits, (relieved) => {
      if (relieved.ended) this.#streams.delete(relieved)
      this.#relieved()
    })
    this.#streams.add(stream)
    return stream
  }

  /** Several streams: each gets all, the slowest rules. */
  push(message: ReceivedMessage, link: ReadSource): void {
    for (const stream of this.#streams) {
      stream.push(message)
      if (!stream.full) continue
      this.#held.add(link)
      link.hold('iterator')
    }
  }

  #relieved(): void {
    for (const stream of this.#streams) if (stream.full) return
    const links = [...this.#held]
    this.#held.clear()
    for (const link of links) link.unhold('iterator')
  }

  close(): void {
    for (const stream of [...this.#streams]) stream.end()
  }
}
