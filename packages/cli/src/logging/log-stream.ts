import type { Writable } from 'node:stream'

/** What may wait for a reader that has stopped reading. Beyond it lines are counted instead of kept. */
const WAITING_BYTES_MAX = 1024 * 1024
/** How long the end of the process waits for the last lines to be taken. */
const FLUSH_MS_MAX = 1_000

/**
 * Where log lines go: to a stream that may be slow, stuck or gone, none of which may cost the node its memory or
 * its life.
 */
export class LogStream {
  readonly #stream: Writable
  readonly #format: (line: string) => string
  readonly #lostText: (lines: number) => string
  #lostLines = 0
  #gone = false

  /**
   * @param format makes of one JSON line what is written; by default the line itself
   * @param lostText a line that tells how many are missing
   */
  constructor(
    stream: Writable,
    format: (line: string) => string = (line) => line,
    lostText: (lines: number) => string = (lines) => `${String(lines)} lines lost\n`,
  ) {
    this.#stream = stream
    this.#format = format
    this.#lostText = lostText
    // A reader that hangs up, a terminal that was closed: there is nobody left to tell.
    stream.on('error', () => {
      this.#gone = true
    })
  }

  write(line: string): void {
    if (this.#gone) return
    if (this.#stream.writableLength > WAITING_BYTES_MAX) {
      this.#lostLines++
      return
    }
    if (this.#lostLines > 0) {
      this.#stream.write(this.#lostText(this.#lostLines))
      this.#lostLines = 0
    }
    this.#stream.write(this.#format(line))
  }

  /** Resolves when everything was taken, when nobody is there, or after a second. */
  flush(): Promise<void> {
    if (this.#gone || this.#stream.writableLength === 0) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, FLUSH_MS_MAX)
      const done = (): void => {
        clearTimeout(timer)
        resolve()
      }
      this.#stream.once('error', done)
      this.#stream.write('', done)
    })
  }
}
