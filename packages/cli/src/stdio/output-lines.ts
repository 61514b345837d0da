import type { Writable } from 'node:stream'

/** Pending output, in UTF-16 units, above which the listener is asked to pause; at half of it, to resume. */
const SLOW_LENGTH = 1024 * 1024
/** Pending output above which optional lines are dropped. */
const FULL_LENGTH = 8 * SLOW_LENGTH
/** A batch of this length is written before the end of the turn. */
const BATCH_LENGTH = 64 * 1024

export interface OutputListener {
  /** Too much output is pending, or it cannot be written now. */
  slow(): void
  /** The reader has caught up. */
  drained(): void
  /** A write has failed, and will be repeated. */
  failing(error: Error): void
  /** The write that had failed has succeeded. `drained` follows, unless too much output is pending. */
  recovered(): void
  /** The reader has closed its end, or writing failed permanently. Called once. */
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
  #failing = false
  #gone = false
  /** Messages among the lines that the stream has not confirmed. */
  #messages = 0
  #batchMessages = 0
  #dropped = 0
  #waiters: (() => void)[] = []

  constructor(stream: Writable, listener: OutputListener) {
    this.#stream = stream
    this.#listener = listener
    stream.on('error', (error) => {
      this.#lost(error)
    })
    // Only a `FileOutput` emits these.
    stream.on('failing', (error: Error) => {
      this.#failing = true
      listener.failing(error)
      this.#levelChanged()
    })
    stream.on('recovered', () => {
      this.#failing = false
      listener.recovered()
      this.#levelChanged()
    })
  }

  get isGone(): boolean {
    return this.#gone
  }

  /** Optional lines that were dropped because the reader was too slow. */
  get droppedLines(): number {
    return this.#dropped
  }

  /** Too much output is pending, or it cannot be written now. */
  get isSlow(): boolean {
    return this.#slow
  }

  /** Messages that the stream has not confirmed. */
  get pendingMessages(): number {
    return this.#messages + this.#batchMessages
  }

  /** The same as `write` for a received message. */
  writeMessage(line: string): void {
    if (!this.#gone) this.#batchMessages++
    this.write(line)
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
    const messages = this.#batchMessages
    this.#batch = ''
    this.#batchMessages = 0
    this.#messages += messages
    this.#unwritten += text.length
    this.#stream.write(text, (error) => {
      this.#unwritten -= text.length
      // The stream reports a failure once, by its `error` event.
      if (error !== null && error !== undefined) return
      this.#messages -= messages
      this.#levelChanged()
    })
  }

  #levelChanged(): void {
    const length = this.#length
    if (!this.#slow && (this.#failing || length > SLOW_LENGTH)) {
      this.#slow = true
      this.#listener.slow()
    } else if (this.#slow && !this.#failing && length <= SLOW_LENGTH / 2) {
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
