import {
  type Clock,
  CommloopError,
  type Journal,
  type JournalHandler,
  type JournalQueue,
  type JournalRefusal,
  type Logger,
  messageText,
  type Random,
  type Storage,
  StorageError,
  type StorageFolder,
  type StoredPayload,
} from '@commloop/core'
import { Intake } from './intake.js'
import { diskFailure } from './journal-error.js'
import { checkedLimits, type JournalLimits } from './journal-limits.js'
import { Life } from './life.js'
import { OpenJournal } from './open-journal.js'
import { QueueTable, type StoredQueue } from './queue-table.js'
import { RECORD_HEAD_BYTES } from './record-layout.js'
import { type QueueParts, SegmentQueue } from './segment-queue.js'
import { SegmentTable } from './segment-table.js'

/** What a journal needs from outside. */
export interface JournalSurroundings {
  readonly storage: Storage
  readonly clock: Clock
  readonly random: Random
  /** Milliseconds since 1970. May jump. */
  readonly utcMs: () => number
  readonly logger: Pick<Logger, 'info'>
  /** The program and its version, for messages of other versions. At most 64 bytes. */
  readonly writer: string
}

/** A journal in segment files. `docs/journal-format.md` describes the files. */
export class SegmentJournal implements Journal {
  readonly #surroundings: JournalSurroundings
  readonly #limits: JournalLimits
  readonly #segments = new SegmentTable()
  readonly #queues = new QueueTable(this.#segments)
  readonly #intake: Intake
  readonly #life: Life
  readonly #queueParts: QueueParts
  readonly #named = new Map<string, SegmentQueue>()
  #handler: JournalHandler | undefined
  #journal: OpenJournal | undefined
  /** The caller may give something to the journal. */
  #isOpen = false
  /** Reading what was there has ended, with or without success. */
  #hasOpened = false
  #closed: (() => void) | undefined

  /** @throws RangeError for limits with which a journal cannot work */
  constructor(surroundings: JournalSurroundings, limits: Partial<JournalLimits> = {}) {
    this.#surroundings = surroundings
    this.#limits = checkedLimits(limits)
    this.#life = new Life((error) => {
      this.#failed(error)
    })
    this.#intake = new Intake(surroundings.clock, this.#limits.batchBytesMax, () => {
      this.#journal?.flush()
    })
    this.#queueParts = {
      intake: this.#intake,
      queues: this.#queues,
      utcMs: surroundings.utcMs,
      admit: (payloadBytes) => {
        this.#admit(payloadBytes)
      },
      isOpen: () => this.#isOpen && !this.#life.hasEnded,
      read: (queue, first, bytesMax, done) => {
        this.#read(queue, first, bytesMax, done)
      },
    }
  }

  get ticket(): number {
    return this.#intake.ticket
  }

  open(handler: JournalHandler): void {
    if (this.#handler !== undefined) throw new Error('journal: it can be opened only once')
    this.#handler = handler
    this.#surroundings.storage.claim((folder, names) => {
      if (StorageError.is(folder)) this.#life.fail(diskFailure(folder))
      else this.#claimed(folder, names)
    })
  }

  queue(name: string): JournalQueue {
    if (!this.#isOpen) throw new Error('journal: it is not open')
    const present = this.#named.get(name)
    if (present !== undefined) return present
    const queue = new SegmentQueue(name, this.#queueParts)
    this.#named.set(name, queue)
    return queue
  }

  refuses(messages: number, payloadBytes: number): JournalRefusal | undefined {
    if (this.#life.hasEnded || !this.#isOpen) return 'failed'
    if (this.#journal?.isFull === true) return 'full'
    const { unstoredBytes } = this.#intake
    const bytes = unstoredBytes + payloadBytes + messages * RECORD_HEAD_BYTES
    return unstoredBytes > 0 && bytes > this.#limits.unstoredBytesMax ? 'behind' : undefined
  }

  close(closed: () => void): void {
    if (this.#closed !== undefined) throw new Error('journal: it is closing already')
    this.#closed = closed
    this.#isOpen = false
    if (this.#handler === undefined) this.#surroundings.clock.soon(closed)
    else if (this.#hasOpened) this.#finish()
  }

  #claimed(folder: StorageFolder, names: readonly string[]): void {
    const handler = this.#handler
    this.#journal = new OpenJournal(
      folder,
      {
        ...this.#surroundings,
        intake: this.#intake,
        queues: this.#queues,
        segments: this.#segments,
        life: this.#life,
        limits: this.#limits,
      },
      {
        opened: (found) => {
          this.#hasOpened = true
          if (this.#closed !== undefined) {
            this.#finish()
            return
          }
          this.#isOpen = true
          handler?.opened(found)
        },
        stored: (ticket) => {
          handler?.stored(ticket)
        },
        full: (isFull) => {
          if (!this.#life.hasEnded) handler?.full(isFull)
        },
      },
    )
    this.#journal.open(names)
  }

  #failed(error: Error): void {
    this.#hasOpened = true
    this.#isOpen = false
    this.#handler?.failed(error)
    if (this.#closed !== undefined) this.#release(this.#closed)
  }

  #finish(): void {
    const closed = this.#closed
    if (closed === undefined) return
    if (this.#life.hasEnded || this.#journal === undefined) this.#release(closed)
    else
      this.#journal.finish(() => {
        this.#life.hasEnded = true
        this.#release(closed)
      })
  }

  #release(closed: () => void): void {
    if (this.#journal === undefined) this.#surroundings.clock.soon(closed)
    else this.#journal.release(closed)
  }

  /** @throws CommloopError if the journal does not take another message */
  #admit(payloadBytes: number): void {
    const refusal = this.refuses(1, payloadBytes)
    if (refusal === undefined) return
    const { error } = this.#life
    if (refusal !== 'failed') {
      const why = refusal === 'full' ? 'the disk has no room' : 'too much waits for the disk'
      throw new CommloopError('CML_ERR_JOURNAL_FULL', `journal: ${why}; try again later`)
    }
    if (error === undefined) throw new Error('journal: it is not open')
    const text = `journal: it has failed (${messageText(error)})`
    throw new CommloopError('CML_ERR_JOURNAL_FAILED', text, { cause: error })
  }

  #read(
    queue: StoredQueue | undefined,
    first: number,
    bytesMax: number,
    done: (messages: readonly StoredPayload[] | Error) => void,
  ): void {
    const { error } = this.#life
    if (queue !== undefined && this.#isOpen && this.#journal !== undefined) {
      this.#journal.read(queue, first, bytesMax, done)
      return
    }
    this.#surroundings.clock.soon(() => {
      done(error ?? [])
    })
  }
}
