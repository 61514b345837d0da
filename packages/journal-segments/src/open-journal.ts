import {
  type Clock,
  CommloopError,
  type FoundQueue,
  type Logger,
  type Random,
  type StorageError,
  type StorageFolder,
  type StoredPayload,
} from '@commloop/core'
import { BatchBuffer } from './batch-buffer.js'
import { Carrier } from './carrier.js'
import type { Intake } from './intake.js'
import { diskFailure } from './journal-error.js'
import type { JournalLimits } from './journal-limits.js'
import type { Life } from './life.js'
import type { QueueTable, StoredQueue } from './queue-table.js'
import { type Recovered, Recovery } from './recovery.js'
import { JOURNAL_ID_BYTES } from './segment-head.js'
import { type Segment, segmentName, segmentNumber, type SegmentTable } from './segment-table.js'
import { SegmentWriter } from './segment-writer.js'
import { isSpareName, SpareSegments } from './spare-segments.js'
import { StoredReader } from './stored-reader.js'

/** What an open journal works with. */
export interface OpenJournalParts {
  readonly intake: Intake
  readonly queues: QueueTable
  readonly segments: SegmentTable
  readonly life: Life
  readonly limits: JournalLimits
  readonly clock: Clock
  readonly random: Random
  readonly utcMs: () => number
  readonly logger: Pick<Logger, 'info'>
  readonly writer: string
}

/** Receives what happens in an open journal. */
export interface OpenJournalHandler {
  opened(found: readonly FoundQueue[]): void
  stored(ticket: number): void
  full(isFull: boolean): void
}

/** The working parts of a journal in a folder that this process has claimed, and what passes between them. */
export class OpenJournal {
  readonly #folder: StorageFolder
  readonly #parts: OpenJournalParts
  readonly #handler: OpenJournalHandler
  readonly #spares: SpareSegments
  readonly #writer: SegmentWriter
  readonly #carrier: Carrier
  readonly #reader: StoredReader
  #storedTicket = 0

  constructor(folder: StorageFolder, parts: OpenJournalParts, handler: OpenJournalHandler) {
    const { intake, queues, segments, life, limits, clock } = parts
    this.#folder = folder
    this.#parts = parts
    this.#handler = handler
    const readerGone = (segment: Segment): void => {
      this.#recycle(segment)
    }
    this.#spares = new SpareSegments({ folder, segments, limits, clock, life }, (isFull) => {
      handler.full(isFull)
    })
    this.#writer = new SegmentWriter(
      { ...parts, folder, spares: this.#spares },
      {
        stored: (ticket) => {
          this.#stored(ticket)
        },
        freed: readerGone,
      },
    )
    this.#reader = new StoredReader({ folder, segments, life, clock }, readerGone)
    const room = (): number => this.#carryRoom()
    this.#carrier = new Carrier({ folder, intake, queues, segments, life, room }, readerGone)
  }

  get isFull(): boolean {
    return this.#spares.isFull
  }

  /** Reads what is there, and begins a new segment. Calls `opened` of the handler, or the journal fails. */
  open(names: readonly string[]): void {
    const numbers = names.map(segmentNumber).filter((number) => number !== undefined)
    this.#removeAll(names.filter(isSpareName), () => {
      if (numbers.length === 0) this.#begin(this.#nothing())
      else this.#recover(numbers.sort((left, right) => left - right))
    })
  }

  /** The present callback has given something to the intake, which is complete now. */
  flush(): void {
    this.#writer.flush()
  }

  read(
    queue: StoredQueue,
    first: number,
    bytesMax: number,
    done: (messages: readonly StoredPayload[] | Error) => void,
  ): void {
    this.#reader.read(queue, first, bytesMax, done)
  }

  /** Stores everything. Calls back at the end, or when the disk has no room for the rest. */
  finish(finished: () => void): void {
    this.#carrier.close()
    this.#writer.finish(finished)
    this.#spares.close()
  }

  /** Closes all files when nothing is in progress, and gives the folder back. The life of the journal has ended. */
  release(released: () => void): void {
    this.#carrier.close()
    this.#spares.close()
    this.#writer.close()
    this.#parts.life.whenIdle(() => {
      this.#writer.closeFile()
      this.#folder.release(released)
    })
  }

  #nothing(): Recovered {
    const bytes = Array.from({ length: JOURNAL_ID_BYTES }, () => {
      return Math.floor(this.#parts.random.next() * 256)
    })
    const end = { journal: Buffer.from(bytes).toString('hex'), segment: 0, batch: 0 }
    return { end, again: new BatchBuffer(), unneeded: [], isTorn: false }
  }

  #recover(numbers: readonly number[]): void {
    const { life, logger, queues, segments } = this.#parts
    const recovery = new Recovery({ folder: this.#folder, queues, segments }, (recovered) => {
      if (recovered instanceof CommloopError) {
        life.fail(recovered)
        return
      }
      if (recovered.isTorn) {
        const { segment } = recovered.end
        const text =
          'journal: the last write was not complete, and nothing in it was reported as stored'
        logger.info({ segment: segmentName(segment) }, text)
      }
      this.#begin(recovered)
    })
    recovery.start(numbers)
  }

  #begin({ end, again, unneeded }: Recovered): void {
    const { life, queues } = this.#parts
    const found = queues.takeFound()
    this.#writer.begin(end, again, (hasRoom) => {
      if (!hasRoom) {
        const text = 'journal: the disk has no room for a new segment; make room and start again'
        life.fail(new CommloopError('CML_ERR_JOURNAL_FULL', text))
        return
      }
      this.#removeAll(unneeded.map(segmentName), () => undefined)
      this.#handler.opened(found)
      this.#spares.prepare()
      this.#sweep()
    })
  }

  #stored(ticket: number): void {
    if (ticket > this.#storedTicket) {
      this.#storedTicket = ticket
      this.#handler.stored(ticket)
    }
    this.#sweep()
    this.#carrier.stored(ticket, this.#writer.segment)
  }

  /** Segments in which nothing is needed become free with the next batch. */
  #sweep(): void {
    if (this.#parts.life.hasEnded) return
    for (const segment of this.#parts.segments.all()) {
      if (segment === this.#writer.segment || segment.state !== 'used') continue
      if (segment.liveBytes > 0) continue
      segment.state = 'freeing'
      this.#parts.intake.addFree(segment.number)
    }
  }

  /** Uses a segment again, or removes it, once its FREE is stored and nothing reads it. */
  #recycle(segment: Segment): void {
    if (segment.state !== 'free' || segment.readers > 0 || this.#parts.life.hasEnded) return
    this.#spares.recycle(segment)
  }

  /** While the journal is full, what is carried must fit into the present segment: it may be the last one. */
  #carryRoom(): number {
    const { segment } = this.#writer
    if (!this.isFull) return Infinity
    return segment === undefined ? 0 : (segment.bytes - segment.end) / 2
  }

  #removeAll(names: readonly string[], done: () => void): void {
    const { life } = this.#parts
    const [name, ...others] = names
    if (name === undefined) {
      done()
      return
    }
    const removed = life.track((error: StorageError | undefined) => {
      if (error !== undefined) life.fail(diskFailure(error))
      else if (!life.hasEnded) this.#removeAll(others, done)
    })
    this.#folder.remove(name, removed)
  }
}
