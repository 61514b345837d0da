import type { Clock, StorageFile, StorageFolder, Timer } from '@commloop/core'
import type { BatchBuffer } from './batch-buffer.js'
import { completeBatch, paddedBytes, SECTOR_BYTES } from './batch-layout.js'
import type { Intake } from './intake.js'
import { diskFailure } from './journal-error.js'
import { LEAVE_MS } from './journal-limits.js'
import type { Life } from './life.js'
import type { QueueTable } from './queue-table.js'
import { RECORD, RecordCursor } from './record-layout.js'
import { type NewSegment, SegmentMaker } from './new-segment.js'
import { JOURNAL_FORMAT, type SegmentHead } from './segment-head.js'
import { segmentState } from './segment-state.js'
import type { Segment, SegmentTable } from './segment-table.js'
import type { Spare, SpareSegments } from './spare-segments.js'

/** Where a journal goes on: the last segment and the last batch that it has had. */
export interface JournalEnd {
  /** Id of the journal. */
  readonly journal: string
  readonly segment: number
  readonly batch: number
}

/** What a writer works with. */
export interface WriterParts {
  readonly folder: StorageFolder
  readonly intake: Intake
  readonly queues: QueueTable
  readonly segments: SegmentTable
  readonly spares: SpareSegments
  readonly life: Life
  readonly clock: Clock
  readonly utcMs: () => number
  /** The program, for the heads of segments. */
  readonly writer: string
}

/** Receives what a writer has stored. */
export interface WriterHandler {
  /** The batch with everything up to this ticket is stored, and the tables contain it. */
  stored(ticket: number): void
  /** It is stored that this segment is not needed any more. */
  freed(segment: Segment): void
}

/**
 * Writes batches, one at a time. While the disk stores one, the next one fills: so one sync serves everything that
 * waits, without a timer. A batch is written only after the one before it is stored. A valid batch therefore proves that
 * every batch before it was stored, which is how a start tells damage from a write that a crash has interrupted.
 */
export class SegmentWriter {
  readonly #parts: WriterParts
  readonly #handler: WriterHandler
  readonly #maker: SegmentMaker
  readonly #cursor = new RecordCursor()
  #file: StorageFile | undefined
  #segment: Segment | undefined
  #journal = ''
  #segmentNumber = 0
  #batchNumber = 0
  #salt = 0
  #isBusy = true
  /** Nothing proves yet that the last batch was stored, and it holds more than what has left. */
  #isUnproven = false
  #isSealDue = false
  #timer: Timer | undefined
  #finished: (() => void) | undefined

  constructor(parts: WriterParts, handler: WriterHandler) {
    this.#parts = parts
    this.#handler = handler
    this.#maker = new SegmentMaker(parts.folder, parts.life, parts.utcMs)
  }

  /** The segment that is being written. */
  get segment(): Segment | undefined {
    return this.#segment
  }

  /**
   * Begins the first segment after a start. `again` has the messages of the last batch that was found: nothing proves
   * that the disk has that batch, so they become part of the new segment.
   */
  begin(end: JournalEnd, again: BatchBuffer, begun: (hasRoom: boolean) => void): void {
    this.#journal = end.journal
    this.#segmentNumber = end.segment
    this.#batchNumber = end.batch
    const { queues, segments, spares } = this.#parts
    const state = segmentState(queues, segments)
    state.append(again)
    spares.makeFirst(SECTOR_BYTES + paddedBytes(state.end), (spare) => {
      if (spare === undefined) begun(false)
      else
        this.#make(spare, state, () => {
          this.#isBusy = false
          begun(true)
        })
    })
  }

  /** Writes the next batch, if there is something that must not wait and the disk is free. */
  flush(): void {
    const { intake, life } = this.#parts
    if (this.#isBusy || life.hasEnded || intake.isGroupOpen) return
    if (this.#finished !== undefined) this.#finish(this.#finished)
    else if (intake.isUrgent || this.#isSealDue) this.#next()
    else if (!intake.isEmpty) this.#armTimer()
  }

  /** Stores everything, and a last batch that proves it. Calls back at the end, or when the disk has no room for it. */
  finish(finished: () => void): void {
    this.#finished = finished
    this.#timer?.cancel()
    this.flush()
  }

  /** Begins nothing more. */
  close(): void {
    this.#timer?.cancel()
  }

  /** Closes the file. Nothing is in progress. */
  closeFile(): void {
    this.#file?.close()
    this.#file = undefined
  }

  #finish(finished: () => void): void {
    if (this.#isUnproven || !this.#parts.intake.isEmpty) this.#next()
    else finished()
  }

  #armTimer(): void {
    this.#timer ??= this.#parts.clock.after(LEAVE_MS, () => {
      this.#timer = undefined
      this.#isSealDue = this.#isUnproven || !this.#parts.intake.isEmpty
      this.flush()
    })
  }

  #next(): void {
    this.#isBusy = true
    this.#isSealDue = false
    const batch = this.#parts.intake.take()
    const bytes = paddedBytes(batch.end)
    const segment = this.#segment
    if (segment !== undefined && segment.end + bytes <= segment.bytes) this.#write(batch, segment)
    else this.#roll(batch, bytes)
  }

  #write(batch: BatchBuffer, segment: Segment): void {
    const { life, utcMs } = this.#parts
    const facts = { number: ++this.#batchNumber, utcMs: utcMs(), salt: this.#salt }
    const chunk = completeBatch(batch.memory, batch.end, { ...facts, records: batch.records })
    this.#file?.store(
      segment.end,
      chunk,
      life.track((error) => {
        if (error !== undefined) life.fail(diskFailure(error))
        else if (!life.hasEnded) this.#stored(batch, chunk, segment)
      }),
    )
  }

  #stored(batch: BatchBuffer, chunk: Buffer, segment: Segment): void {
    const { intake, queues, segments } = this.#parts
    const place = { segment: segment.number, at: segment.end }
    segment.end += chunk.length
    const freed: Segment[] = []
    const cursor = this.#cursor
    cursor.start(chunk, batch.records)
    while (cursor.next()) {
      if (cursor.type !== RECORD.free) queues.apply(cursor, place)
      else {
        const found = segments.get(cursor.number)
        if (found !== undefined) freed.push(found)
      }
    }
    this.#isUnproven = batch.isUrgent
    const { ticket } = batch
    intake.stored(batch)
    this.#isBusy = false
    for (const found of freed) {
      found.state = 'free'
      this.#handler.freed(found)
    }
    this.#handler.stored(ticket)
    if (this.#isUnproven) this.#armTimer()
    this.flush()
  }

  /** Goes on in a new segment, which has room for this batch. */
  #roll(batch: BatchBuffer, bytes: number): void {
    const { life, queues, segments, spares } = this.#parts
    const state = segmentState(queues, segments)
    spares.take(SECTOR_BYTES + paddedBytes(state.end) + bytes, (spare) => {
      if (life.hasEnded) return
      if (spare === undefined) this.#finished?.()
      else
        this.#make(spare, segmentState(queues, segments), (segment) => {
          this.#write(batch, segment)
          spares.prepare()
        })
    })
  }

  #make(spare: Spare, state: BatchBuffer, made: (segment: Segment) => void): void {
    const head: SegmentHead = {
      format: JOURNAL_FORMAT,
      number: this.#segmentNumber + 1,
      journal: this.#journal,
      batchesBefore: this.#batchNumber,
      writer: this.#parts.writer,
      bytes: spare.bytes,
    }
    this.#maker.make(spare, head, state, (segment) => {
      made(this.#use(segment, state.records))
    })
  }

  #use({ file, number, bytes, salt, state }: NewSegment, records: number): Segment {
    const { queues, segments } = this.#parts
    this.#file?.close()
    this.#file = file
    this.#segmentNumber = number
    this.#batchNumber++
    this.#salt = salt
    const segment = segments.add(number, bytes, SECTOR_BYTES + state.length)
    this.#segment = segment
    // Only messages change the table: the rest of the state is what the table said.
    const cursor = this.#cursor
    cursor.start(state, records)
    while (cursor.next()) {
      if (cursor.type === RECORD.enter) queues.apply(cursor, { segment: number, at: SECTOR_BYTES })
    }
    return segment
  }
}
