import type { Writable } from 'node:stream'

/** Pending bytes above which lines are counted instead of kept. */
const WAITING_BYTES_MAX = 1024 * 1024
/** How long exit waits for the last lines to be written. */
const FLUSH_MS_MAX = 1_000

/**
 * Writes log lines to a stream that may be slow, stuck or closed. The node then neither fails nor uses more memory.
 */
export class LogStream {
  readonly #stream: Writable
  readonly #format: (line: string) => string
  readonly #lostText: (lines: number) => string
  #lostLines = 0
  #gone = false

  /**
   * @param format turns a JSON line into the text to write. Default: the line itself
   * @param lostText the line that reports how many lines are missing
   */
  constructor(
    stream: Writable,
    format: (line: string) => string = (line) => line,
    lostText: (lines: number) => string = (lines) => `${String(lines)} lines lost\n`,
  ) {
    this.#stream = stream
    this.#format = format
    this.#lostText = lostText
    // The reader or the terminal has gone, so this cannot be reported.
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

  /** Resolves when all lines are written, when the reader has gone, or after one second. */
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
