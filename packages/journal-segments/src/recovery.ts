import {
  type CommloopError,
  StorageError,
  type StorageFile,
  type StorageFolder,
} from '@commloop/core'
import { BatchBuffer } from './batch-buffer.js'
import { SECTOR_BYTES } from './batch-layout.js'
import { damage, diskFailure, newerFormat } from './journal-error.js'
import type { QueueTable } from './queue-table.js'
import { RECORD, RecordCursor } from './record-layout.js'
import { JOURNAL_FORMAT, readSegmentHead, type SegmentHead, segmentSalt } from './segment-head.js'
import { type FoundBatch, scanBatches, SegmentScan } from './segment-scan.js'
import { segmentName, type SegmentTable } from './segment-table.js'
import type { JournalEnd } from './segment-writer.js'

/** What a start has found, beside what is in the tables. */
export interface Recovered {
  /** Where the journal goes on. */
  readonly end: JournalEnd
  /** The messages of the last batch, which are written again. */
  readonly again: BatchBuffer
  /** Segments that are not needed. They are removed only when the new segment is durable. */
  readonly unneeded: readonly number[]
  /** A write was in progress at the end, and is not complete. */
  readonly isTorn: boolean
}

/** What a recovery works with. */
export interface RecoveryParts {
  readonly folder: StorageFolder
  readonly queues: QueueTable
  readonly segments: SegmentTable
}

const CHANGES = 'the disk returned other bytes when they were read again'

/** A segment that is open for reading. */
interface OpenSegment {
  readonly number: number
  readonly file: StorageFile
  readonly head: SegmentHead
  readonly scan: SegmentScan
}

/**
 * Reads the segments of a journal into the tables.
 *
 * The newest segment comes first: its first batch says which older segments there are and where each of them ends. They
 * are read in their order up to those ends, and anything that is not valid before an end is damage. In the newest
 * segment, the first batch that is not valid is either a write that a crash has interrupted, or damage: damage if a
 * later batch is valid, because a batch is written only when the one before it is stored.
 *
 * Nothing is written and nothing is removed here.
 */
export class Recovery {
  readonly #folder: StorageFolder
  readonly #queues: QueueTable
  readonly #segments: SegmentTable
  readonly #done: (result: Recovered | CommloopError) => void
  readonly #cursor = new RecordCursor()
  #numbers: readonly number[] = []
  /** The segments that exist by the newest head, and where each one ends. */
  readonly #ends = new Map<number, number>()
  readonly #freed = new Set<number>()
  #lastBatchAt = 0
  #lastNumber = 0
  #isTorn = false
  #journal: string | undefined

  constructor(parts: RecoveryParts, done: (result: Recovered | CommloopError) => void) {
    this.#folder = parts.folder
    this.#queues = parts.queues
    this.#segments = parts.segments
    this.#done = done
  }

  /** Reads these segments, of which there is at least one, in ascending order. */
  start(numbers: readonly number[]): void {
    this.#numbers = numbers
    this.#queues.collect()
    this.#open(numbers.at(-1) ?? 0, (newest) => {
      this.#survey(newest)
    })
  }

  /** First pass over the newest segment: what it says about segments, and where it ends. */
  #survey(newest: OpenSegment): void {
    const { scan, file, number } = newest
    const visit = (batch: FoundBatch): void => {
      this.#lastBatchAt = batch.at
      this.#eachRecord(batch, (record) => {
        if (record.type === RECORD.segment) this.#ends.set(record.number, record.value)
        if (record.type === RECORD.free) this.#freed.add(record.number)
      })
    }
    scanBatches(scan, Infinity, visit, (error) => {
      if (error !== undefined) this.#fail(file, diskFailure(error))
      else if (scan.at === SECTOR_BYTES) {
        this.#fail(file, damage(segmentName(number), scan.at, 'its first batch is not valid'))
      } else this.#judgeEnd(newest)
    })
  }

  #judgeEnd(newest: OpenSegment): void {
    const { scan, file, number } = newest
    const later = scan.takeLater()
    if (later === 'load') {
      scan.load((error) => {
        if (error === undefined) this.#judgeEnd(newest)
        else this.#fail(file, diskFailure(error))
      })
    } else if (later !== undefined) {
      const proof = `batch ${String(later.number)} behind it is valid, so batch ${String(scan.number + 1)} was stored`
      this.#fail(file, damage(segmentName(number), scan.at, proof))
    } else {
      this.#isTorn = scan.isTorn
      this.#lastNumber = scan.number
      file.close()
      this.#replayOlder(0)
    }
  }

  #replayOlder(at: number): void {
    const needed = [...this.#ends.keys()].filter((number) => !this.#freed.has(number))
    const number = needed.sort((left, right) => left - right)[at]
    if (number === undefined) {
      this.#open(this.#numbers.at(-1) ?? 0, (newest) => {
        this.#replay(newest, Infinity, () => {
          if (newest.scan.number === this.#lastNumber) this.#finish(newest)
          else this.#fail(newest.file, damage(segmentName(newest.number), newest.scan.at, CHANGES))
        })
      })
    } else if (!this.#numbers.includes(number)) {
      this.#done(damage(segmentName(number), 0, 'the file is missing'))
    } else {
      this.#open(number, (segment) => {
        this.#replay(segment, this.#ends.get(number) ?? Infinity, () => {
          segment.file.close()
          this.#replayOlder(at + 1)
        })
      })
    }
  }

  #replay(segment: OpenSegment, end: number, done: () => void): void {
    const { scan, file, number } = segment
    const row = this.#segments.add(number, file.bytes, SECTOR_BYTES)
    const visit = (batch: FoundBatch): void => {
      this.#apply(batch, number)
      row.end = scan.at
    }
    scanBatches(scan, end, visit, (error) => {
      if (error !== undefined) this.#fail(file, diskFailure(error))
      else if (end !== Infinity && scan.at !== end) {
        const problem = `its batches were stored up to byte ${String(end)}`
        this.#fail(file, damage(segmentName(number), scan.at, problem))
      } else done()
    })
  }

  #apply(batch: FoundBatch, segment: number): void {
    const place = { segment, at: batch.at }
    const listed = batch.at === SECTOR_BYTES ? new Set<number>() : undefined
    this.#eachRecord(batch, (record) => {
      if (record.type === RECORD.queue) listed?.add(record.queue)
      this.#queues.apply(record, place)
    })
    if (listed !== undefined) this.#queues.keepOnly(listed)
  }

  #finish({ file, head, number, scan }: OpenSegment): void {
    const again = new BatchBuffer()
    const result = (): void => {
      file.close()
      const needed = new Set([...this.#ends.keys()].filter((older) => !this.#freed.has(older)))
      const unneeded = this.#numbers.filter((older) => older !== number && !needed.has(older))
      const end = { journal: head.journal, segment: number, batch: scan.number }
      this.#done({ end, again, unneeded, isTorn: this.#isTorn })
    }
    if (this.#lastBatchAt === SECTOR_BYTES) {
      result()
      return
    }
    const last = new SegmentScan(file, segmentSalt(head), scan.number - 1)
    last.at = this.#lastBatchAt
    const visit = (batch: FoundBatch): void => {
      this.#collectAgain(batch, number, again)
    }
    scanBatches(last, Infinity, visit, (error) => {
      if (error !== undefined) this.#fail(file, diskFailure(error))
      else result()
    })
  }

  /** The messages of the last batch that are still in their queues. Its other records are in the state of the tables. */
  #collectAgain(batch: FoundBatch, segment: number, again: BatchBuffer): void {
    const row = this.#segments.get(segment)
    if (row !== undefined) row.end = batch.at
    this.#eachRecord(batch, (record) => {
      if (record.type !== RECORD.enter) return
      const places = this.#queues.get(record.queue)?.places
      const isHere =
        places?.find(record.number) === true &&
        places.segment === segment &&
        places.batchSector === batch.at / SECTOR_BYTES &&
        places.offset === record.at
      if (isHere) again.addEncoded(record.whole, 1)
    })
  }

  #eachRecord(batch: FoundBatch, visit: (record: RecordCursor) => void): void {
    const cursor = this.#cursor
    cursor.start(batch.chunk, batch.records)
    while (cursor.next()) visit(cursor)
  }

  #open(number: number, opened: (segment: OpenSegment) => void): void {
    const name = segmentName(number)
    this.#folder.open(name, 'read', (file) => {
      if (StorageError.is(file)) {
        this.#done(diskFailure(file))
        return
      }
      file.read(0, SECTOR_BYTES, (sector) => {
        if (StorageError.is(sector)) {
          this.#fail(file, diskFailure(sector))
          return
        }
        const head = readSegmentHead(Buffer.from(sector))
        const problem = this.#problemOf(head, number, file.bytes)
        if (head === undefined || problem !== undefined) {
          this.#fail(file, problem ?? damage(name, 0, 'its head is not valid'))
          return
        }
        this.#journal = head.journal
        const scan = new SegmentScan(file, segmentSalt(head), head.batchesBefore)
        opened({ number, file, head, scan })
      })
    })
  }

  #problemOf(
    head: SegmentHead | undefined,
    number: number,
    bytes: number,
  ): CommloopError | undefined {
    const name = segmentName(number)
    if (head === undefined) return undefined
    if (head.format > JOURNAL_FORMAT) return newerFormat(name, head.format, head.writer)
    if (head.number !== number) {
      return damage(name, 0, `it is the segment ${String(head.number)} under another name`)
    }
    if (this.#journal !== undefined && head.journal !== this.#journal) {
      return damage(name, 0, 'it belongs to another journal')
    }
    if (bytes < head.bytes) {
      return damage(name, bytes, `the file ends here, and had ${String(head.bytes)} bytes`)
    }
    return undefined
  }

  #fail(file: StorageFile, error: CommloopError): void {
    file.close()
    this.#done(error)
  }
}
