import { CONTROL_LIMITS } from './control-limits.js'

/** The approximate size of one read. */
const CHUNK_LENGTH = 64 * 1024
/** A comment at this interval shows the client that the node is alive, and detects a client that is gone. */
const BEAT_MS = 15_000
const BEAT = ': beat\n\n'

/**
 * Server-sent events for one client. Events that the client has not read yet wait here, up to a limit. Beyond the limit
 * they are only counted, and the client receives their number:
 *
 *     push ──▶ waiting, at most 1 MiB ──▶ client
 *               full: counted            `gap` in place of the missing events
 *
 * A client that reads nothing for `CONTROL_LIMITS.eventStallMs` while events wait is dropped.
 */
export class SseStream {
  /** The body of the response. */
  readonly body: ReadableStream<Uint8Array>
  readonly #encoder = new TextEncoder()
  readonly #closed: () => void
  readonly #beat: NodeJS.Timeout
  /** Beats since the client has read anything, while events wait. */
  #unreadBeats = 0
  #waiting: string[] = []
  #length = 0
  #missed = 0
  #wake: (() => void) | undefined
  #ended = false
  #isClosed = false

  /**
   * @param closed called once, when the client has read everything or has disconnected
   * @param stalled called when the client has read nothing for `CONTROL_LIMITS.eventStallMs`: it must disconnect the client
   */
  constructor(closed: () => void, stalled: () => void = () => undefined) {
    this.#closed = closed
    this.#beat = setInterval(() => {
      if (this.#length === 0) this.#add(BEAT)
      else if (++this.#unreadBeats * BEAT_MS >= CONTROL_LIMITS.eventStallMs) stalled()
    }, BEAT_MS).unref()
    this.body = new ReadableStream<Uint8Array>(
      {
        pull: (controller) => this.#pull(controller),
        cancel: () => {
          this.#close()
        },
      },
      // Events wait only here, where they are counted, and not in a second queue.
      { highWaterMark: 0 },
    )
  }

  /** True if the limit is reached: the caller need not format further events, and reports them to `missed`. */
  get full(): boolean {
    return this.#length >= CONTROL_LIMITS.eventBytes
  }

  /** @param data JSON on one line */
  push(type: string, data: string): void {
    if (this.#ended) return
    if (this.full) {
      this.#missed++
      return
    }
    this.#addGap()
    this.#add(eventText(type, data))
  }

  /** Counts events that the caller has not formatted. */
  missed(count: number): void {
    this.#missed += count
  }

  /** Adds the last event. The client can still read what is waiting. */
  end(type: string, data: string): void {
    this.push(type, data)
    this.#ended = true
    this.#wake?.()
  }

  #addGap(): void {
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
    if (this.#length === 0) this.#addGap()
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
    this.#unreadBeats = 0
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
