import { CONTROL_LIMITS } from './control-limits.js'

/** A read takes about this much at once. */
const CHUNK_LENGTH = 64 * 1024
/** Shows the reader that the node is there, and the node that the reader is. */
const BEAT_MS = 15_000
const BEAT = ': beat\n\n'

/**
 * Server-sent events for one reader. What a slow reader does not take waits, within a bound; beyond it events are
 * counted, and the reader is told how many are missing:
 *
 *     push ──▶ waiting, at most 1 MiB ──▶ reader
 *               full: counted            `gap` where they would have stood
 */
export class EventFeed {
  readonly stream: ReadableStream<Uint8Array>
  readonly #encoder = new TextEncoder()
  readonly #closed: () => void
  readonly #beat: NodeJS.Timeout
  #waiting: string[] = []
  #length = 0
  #missed = 0
  #wake: (() => void) | undefined
  #ended = false
  #isClosed = false

  /** @param closed the reader is gone, or has everything. Once. */
  constructor(closed: () => void) {
    this.#closed = closed
    this.#beat = setInterval(() => {
      if (this.#length === 0) this.#add(BEAT)
    }, BEAT_MS).unref()
    this.stream = new ReadableStream<Uint8Array>(
      {
        pull: (controller) => this.#pull(controller),
        cancel: () => {
          this.#close()
        },
      },
      // Nothing is made ready ahead of the reader: what waits, waits here, where it is counted.
      { highWaterMark: 0 },
    )
  }

  /** There is no room: whoever would have to make a text of an event can save that. */
  get full(): boolean {
    return this.#length >= CONTROL_LIMITS.eventBytes
  }

  /** `data` is JSON on one line. */
  push(type: string, data: string): void {
    if (this.#ended) return
    if (this.full) {
      this.#missed++
      return
    }
    this.#tellGap()
    this.#add(eventText(type, data))
  }

  /** Events that nobody has made a text of, because they would not have been shown. */
  missed(count: number): void {
    this.#missed += count
  }

  /** Nothing more comes; what waits can still be read. */
  end(type: string, data: string): void {
    this.push(type, data)
    this.#ended = true
    this.#wake?.()
  }

  #tellGap(): void {
    if (this.#missed === 0) return
    const data = JSON.stringify({ type: 'gap', count: this.#missed })
    this.#missed = 0
    this.#add(eventText('gap', data))
  }

  #add(text: string): void {
    this.#waiting.push(text)
    this.#length += text.length
    this.#wake?.()
  }

  async #pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    if (this.#length === 0) this.#tellGap()
    if (this.#length === 0 && !this.#ended && !this.#isClosed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      this.#wake = undefined
    }
    if (this.#isClosed) return
    if (this.#length > 0) {
      controller.enqueue(this.#encoder.encode(this.#take()))
    } else if (this.#ended) {
      controller.close()
      this.#close()
    }
  }

  #take(): string {
    let count = 0
    let length = 0
    while (count < this.#waiting.length && length < CHUNK_LENGTH) {
      length += this.#waiting[count]?.length ?? 0
      count++
    }
    this.#length -= length
    return this.#waiting.splice(0, count).join('')
  }

  #close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#ended = true
    clearInterval(this.#beat)
    this.#waiting = []
    this.#length = 0
    this.#wake?.()
    this.#closed()
  }
}

function eventText(type: string, data: string): string {
  return `event: ${type}\ndata: ${data}\n\n`
}
