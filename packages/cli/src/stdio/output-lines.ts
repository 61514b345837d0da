import type { Writable } from 'node:stream'

/** Waiting output above which who makes it is asked to wait; half of it: to go on. In UTF-16 units. */
const SLOW_LENGTH = 1024 * 1024
/** Beyond this, lines that may be left out are left out. */
const FULL_LENGTH = 8 * SLOW_LENGTH
/** A batch this long is not kept until the end of the turn. */
const BATCH_LENGTH = 64 * 1024

export interface OutputListener {
  /** Too much waits for the reader. */
  slow(): void
  /** The reader has caught up. */
  relieved(): void
  /** Nobody reads any more. Once. */
  gone(error: Error): void
}

/**
 * Lines to a reader that may be slow or gone. The lines of one turn of the event loop are one write: a call of the
 * operating system for each would cost more than everything else.
 */
export class OutputLines {
  readonly #stream: Writable
  readonly #listener: OutputListener
  #batch = ''
  #flushDue = false
  /** Given to the stream and not confirmed. */
  #unwritten = 0
  #slow = false
  #gone = false
  #leftOut = 0
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

  /** Lines that were left out because nobody took them. */
  get leftOut(): number {
    return this.#leftOut
  }

  /** Adds one line, its end included. */
  write(line: string): void {
    if (this.#gone) return
    this.#batch += line
    this.#look()
    if (this.#batch.length >= BATCH_LENGTH) this.#flush()
    else if (!this.#flushDue) {
      this.#flushDue = true
      setImmediate(this.#flushAtTurnEnd)
    }
  }

  /** The same for a line that the reader can do without, if it has taken nothing for long. */
  writeIfRoom(line: string): void {
    if (this.#length < FULL_LENGTH) this.write(line)
    else this.#leftOut++
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
      // The stream's `error` event tells of a failure, and only once.
      if (error === null || error === undefined) this.#look()
    })
  }

  #look(): void {
    const length = this.#length
    if (!this.#slow && length > SLOW_LENGTH) {
      this.#slow = true
      this.#listener.slow()
    } else if (this.#slow && length <= SLOW_LENGTH / 2) {
      this.#slow = false
      this.#listener.relieved()
    }
    if (length === 0) this.#settle()
  }

  #lost(error: Error): void {
    if (this.#gone) return
    this.#gone = true
    this.#batch = ''
    if (this.#slow) this.#listener.relieved()
    this.#slow = false
    this.#settle()
    this.#listener.gone(error)
  }

  #settle(): void {
    for (const resolve of this.#waiters.splice(0)) resolve()
  }

  /** Resolves when the reader has everything or is gone, at the latest after `deadlineMs`. @returns whether it has. */
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
