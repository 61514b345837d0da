import type { Writable } from 'node:stream'

/** Pending bytes above which lines are counted instead of kept. */
const WAITING_BYTES_MAX = 1024 * 1024
/** How long exit waits for the last lines to be written. */
const FLUSH_MS_MAX = 1_000

/**
 * Writes log lines to a stream that may be slow or stuck, whose disk may be full and whose reader may be gone. The node
 * then neither fails nor uses more memory. Each line is tried, because disks become free and readers come back; the first
 * line that gets through again says how many are missing.
 */
export class LogStream {
  readonly #stream: Writable
  readonly #format: (line: string) => string
  readonly #lostText: (lines: number) => string
  /** Lines that are lost and not yet reported. */
  #unreported = 0
  #lostLines = 0
  /** The last write failed. It may have ended in the middle of a line. */
  #failed = false

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
    // The callback of each write counts the lines that are lost.
    stream.on('error', () => undefined)
  }

  /** Log lines that were not written. */
  get lostLines(): number {
    return this.#lostLines
  }

  write(line: string): void {
    if (this.#stream.writableLength > WAITING_BYTES_MAX) this.#lose(0)
    else this.#tryToWrite(line)
  }

  #tryToWrite(line: string): void {
    const reported = this.#unreported
    const start = this.#failed ? '\n' : ''
    const notice = reported === 0 ? '' : this.#lostText(reported)
    this.#unreported = 0
    this.#failed = false
    this.#stream.write(`${start}${notice}${this.#format(line)}`, (error) => {
      if (error === null || error === undefined) return
      this.#failed = true
      this.#lose(reported)
    })
  }

  /** @param notReported lines whose report is lost together with this line */
  #lose(notReported: number): void {
    this.#lostLines++
    this.#unreported += notReported + 1
  }

  /** Resolves when all lines are written, when the reader has gone, or after one second. */
  flush(): Promise<void> {
    if (this.#stream.writableLength === 0) return Promise.resolve()
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
