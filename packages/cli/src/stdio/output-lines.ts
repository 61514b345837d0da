import type { Writable } from 'node:stream'

/** Pending output, in UTF-16 units, above which the listener is asked to pause; at half of it, to resume. */
const SLOW_LENGTH = 1024 * 1024
/** Pending output above which optional lines are dropped. */
const FULL_LENGTH = 8 * SLOW_LENGTH
/** A batch of this length is written before the end of the turn. */
const BATCH_LENGTH = 64 * 1024

export interface OutputListener {
  /** Too much output is pending. */
  slow(): void
  /** The reader has caught up. */
  drained(): void
  /** The reader has closed its end, or writing failed. Called once. */
  gone(error: Error): void
}

/**
 * Writes lines to a reader that may be slow or gone. The lines of one turn of the event loop are joined into one write,
 * because a system call for each line would cost more than all other work.
 */
export class OutputLines {
  readonly #stream: Writable
  readonly #listener: OutputListener
  #batch = ''
  #flushDue = false
  /** Length of the output that the stream has not confirmed. */
  #unwritten = 0
  #slow = false
  #gone = false
  #dropped = 0
  #waiters: (() => void)[] = []

  constructor(stream: Writable, listener: OutputListener) {
    this.#stream = stream
    this.#listener = listener
    stream.on('error', (error) => {
      this.#lost(error)
    })
  }

  get isGone(): boolean {
    return this.#gone
  }

  /** Optional lines that were dropped because the reader was too slow. */
  get droppedLines(): number {
    return this.#dropped
  }

  /** Adds one line, which includes its line feed. */
  write(line: string): void {
    if (this.#gone) return
    this.#batch += line
    this.#levelChanged()
    if (this.#batch.length >= BATCH_LENGTH) this.#flush()
    else if (!this.#flushDue) {
      this.#flushDue = true
      setImmediate(this.#flushAtTurnEnd)
    }
  }

  /** The same for an optional line: dropped if too much output is pending. */
  writeIfRoom(line: string): void {
    if (this.#length < FULL_LENGTH) this.write(line)
    else this.#dropped++
  }

  get #length(): number {
    return this.#batch.length + this.#unwritten
  }

  readonly #flushAtTurnEnd = (): void => {
    this.#flushDue = false
    this.#flush()
  }

  #flush(): void {
    const text = this.#batch
    if (text === '' || this.#gone) return
    this.#batch = ''
    this.#unwritten += text.length
    this.#stream.write(text, (error) => {
      this.#unwritten -= text.length
      // The stream reports a failure once, by its `error` event.
      if (error === null || error === undefined) this.#levelChanged()
    })
  }

  #levelChanged(): void {
    const length = this.#length
    if (!this.#slow && length > SLOW_LENGTH) {
      this.#slow = true
      this.#listener.slow()
    } else if (this.#slow && length <= SLOW_LENGTH / 2) {
      this.#slow = false
      this.#listener.drained()
    }
    if (length === 0) this.#settle()
  }

  #lost(error: Error): void {
    if (this.#gone) return
    this.#gone = true
    this.#batch = ''
    if (this.#slow) this.#listener.drained()
    this.#slow = false
    this.#settle()
    this.#listener.gone(error)
  }

  #settle(): void {
    for (const resolve of this.#waiters.splice(0)) resolve()
  }

  /** Resolves when all output is written, the reader is gone, or `deadlineMs` is over. @returns true: all is written */
  async flushed(deadlineMs: number): Promise<boolean> {
    this.#flush()
    if (this.#length > 0 && !this.#gone) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, deadlineMs)
        this.#waiters.push(() => {
          clearTimeout(timer)
          resolve()
        })
      })
    }
    return this.#length === 0 && !this.#gone
  }
}
