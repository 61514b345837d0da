import type { ReceivedMessage } from '../contracts/node-events.js'
import { MessageStream, type StreamLimits } from './message-stream.js'

/** A link, as far as a full stream stops it. */
export interface ReadSource {
  /** Stops the reading of the link. @returns what releases it */
  hold(): () => void
}

/** Gives received messages to every stream of `messages()`, and holds the links while one of the streams is full. */
export class Inbox {
  #limits: StreamLimits
  readonly #streams = new Set<MessageStream>()
  readonly #held = new Map<ReadSource, () => void>()

  constructor(limits: StreamLimits) {
    this.#limits = limits
  }

  /** New limits, for present streams too. */
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
