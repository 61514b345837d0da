import type { ReceivedMessage } from '../contracts/node-events.js'
import { MessageStream, type StreamLimits } from './message-stream.js'

/** A link as the inbox sees it. */
export interface ReadSource {
  /** Stops reading from the link. @returns a function that releases this hold */
  hold(): () => void
}

/** Passes received messages to every stream of `messages()`, and holds the links while one of the streams is full. */
export class Inbox {
  #limits: StreamLimits
  readonly #streams = new Set<MessageStream>()
  readonly #held = new Map<ReadSource, () => void>()

  constructor(limits: StreamLimits) {
    this.#limits = limits
  }

  /** Sets the limits of all streams, including present ones. */
  limit(limits: StreamLimits): void {
    this.#limits = limits
    for (const stream of this.#streams) stream.limit(limits)
  }

  get hasStreams(): boolean {
    return this.#streams.size > 0
  }

  open(): MessageStream {
    const stream = new MessageStream(this.#limits, (emptier) => {
      if (emptier.ended) this.#streams.delete(emptier)
      this.#releaseIfRoom()
    })
    this.#streams.add(stream)
    return stream
  }

  /** Each stream gets every message, so the slowest one decides when the links are read. */
  push(message: ReceivedMessage, link: ReadSource): void {
    for (const stream of this.#streams) {
      stream.push(message)
      if (stream.full && !this.#held.has(link)) this.#held.set(link, link.hold())
    }
  }

  #releaseIfRoom(): void {
    for (const stream of this.#streams) if (stream.full) return
    const releases = [...this.#held.values()]
    this.#held.clear()
    for (const release of releases) release()
  }

  close(): void {
    for (const stream of [...this.#streams]) stream.end()
  }
}
