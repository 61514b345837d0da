import { StorageError, type StorageFile, type StorageFolder } from '@commloop/core'
import { SECTOR_BYTES } from './batch-layout.js'
import type { Intake } from './intake.js'
import { damage, diskFailure } from './journal-error.js'
import type { Life } from './life.js'
import type { QueueTable } from './queue-table.js'
import { RECORD, RecordCursor } from './record-layout.js'
import { readSegmentHead, segmentSalt } from './segment-head.js'
import { type FoundBatch, SegmentScan } from './segment-scan.js'
import { type Segment, segmentName, type SegmentTable } from './segment-table.js'

/** With fewer segments there is nothing to gain. */
const SEGMENTS_MIN = 5
/** So many bytes are carried before the carrier waits until they are stored, because messages come first. */
const CARRY_BYTES = 256 * 1024

/** What a carrier works with. */
export interface CarrierParts {
  readonly folder: StorageFolder
  readonly intake: Intake
  readonly queues: QueueTable
  readonly segments: SegmentTable
  readonly life: Life
  /** Bytes that may be carried now, if the journal is full; Infinity: it is not. */
  readonly room: () => number
}

/** A segment on its way to be free. */
interface Carrying {
  readonly segment: Segment
  readonly file: StorageFile
  readonly scan: SegmentScan
}

/**
 * Carries messages out of segments in which less than half is still needed: it gives their records to the journal again,
 * at its end, with the same numbers. So a message for a peer that is away for a week keeps a record on the disk, and not
 * a segment. The old record counts until the new one is stored.
 */
export class Carrier {
  readonly #parts: CarrierParts
  readonly #readerGone: (segment: Segment) => void
  readonly #cursor = new RecordCursor()
  #carrying: Carrying | undefined
  #isBusy = false
  #isClosing = false
  /** The carrier waits until this ticket is stored. */
  #waitsFor = 0

  /** `readerGone` is called when a segment that is free may be used again. */
  constructor(parts: CarrierParts, readerGone: (segment: Segment) => void) {
    this.#parts = parts
    this.#readerGone = readerGone
  }

  /** Everything up to this ticket is stored: begins, goes on, or does nothing. `current` is being written. */
  stored(ticket: number, current: Segment | undefined): void {
    if (this.#isBusy || ticket < this.#waitsFor || this.#parts.life.hasEnded) return
    if (this.#carrying !== undefined) this.#goOn(this.#carrying)
    else if (!this.#isClosing) this.#begin(current)
  }

  /** Nothing more is carried. */
  close(): void {
    this.#isClosing = true
    if (!this.#isBusy) this.#end()
  }

  #begin(current: Segment | undefined): void {
    if (this.#parts.segments.size < SEGMENTS_MIN) return
    const segment = this.#emptiest(current)
    if (segment === undefined) return
    this.#isBusy = true
    segment.readers++
    const { folder, life } = this.#parts
    const opened = life.track((file: StorageFile | StorageError) => {
      if (StorageError.is(file)) {
        segment.readers--
        life.fail(diskFailure(file))
      } else this.#readHead(segment, file)
    })
    folder.open(segmentName(segment.number), 'read', opened)
  }

  /** The segment in which the smallest part is needed, if that is less than half. */
  #emptiest(current: Segment | undefined): Segment | undefined {
    let found: Segment | undefined
    for (const segment of this.#parts.segments.all()) {
      const { state, liveBytes, end } = segment
      if (segment === current || state !== 'used' || liveBytes === 0) continue
      if (liveBytes * 2 >= end || liveBytes > this.#parts.room()) continue
      if (found === undefined || liveBytes / end < found.liveBytes / found.end) found = segment
    }
    return found
  }

  #readHead(segment: Segment, file: StorageFile): void {
    const { life } = this.#parts
    const read = life.track((sector: Uint8Array | StorageError) => {
      const head = StorageError.is(sector) ? undefined : readSegmentHead(Buffer.from(sector))
      if (head === undefined) {
        segment.readers--
        file.close()
        const name = segmentName(segment.number)
        const problem = 'its head is not valid any more'
        life.fail(StorageError.is(sector) ? diskFailure(sector) : damage(name, 0, problem))
        return
      }
      const scan = new SegmentScan(file, segmentSalt(head), head.batchesBefore)
      this.#carrying = { segment, file, scan }
      this.#goOn(this.#carrying)
    })
    file.read(0, SECTOR_BYTES, read)
  }

  #goOn(carrying: Carrying): void {
    const { intake, life } = this.#parts
    const { scan, segment } = carrying
    this.#isBusy = false
    let carriedBytes = 0
    while (scan.at < segment.end && !this.#isClosing && !life.hasEnded) {
      if (carriedBytes >= CARRY_BYTES) {
        this.#waitsFor = intake.ticket
        return
      }
      const batch = scan.take()
      if (batch === 'load') {
        this.#load(carrying)
        return
      }
      if (batch === undefined) {
        const problem = `its batches were stored up to byte ${String(segment.end)}`
        life.fail(damage(segmentName(segment.number), scan.at, problem))
        break
      }
      carriedBytes += this.#carry(batch, segment)
    }
    this.#waitsFor = intake.ticket
    this.#end()
  }

  #load(carrying: Carrying): void {
    const { life } = this.#parts
    this.#isBusy = true
    const loaded = life.track((error: StorageError | undefined) => {
      if (error === undefined) this.#goOn(carrying)
      else {
        this.#end()
        life.fail(diskFailure(error))
      }
    })
    carrying.scan.load(loaded)
  }

  #end(): void {
    if (this.#carrying === undefined) return
    const { file, segment } = this.#carrying
    this.#carrying = undefined
    this.#isBusy = false
    segment.readers--
    file.close()
    this.#readerGone(segment)
  }

  /** @returns how many bytes are carried */
  #carry(batch: FoundBatch, segment: Segment): number {
    const { intake, queues } = this.#parts
    const record = this.#cursor
    let bytes = 0
    record.start(batch.chunk, batch.records)
    while (record.next()) {
      if (record.type !== RECORD.enter) continue
      const places = queues.get(record.queue)?.places
      if (places?.find(record.number) !== true) continue
      if (places.segment !== segment.number || places.offset !== record.at) continue
      if (places.batchSector !== batch.at / SECTOR_BYTES) continue
      intake.addEncoded(record.whole)
      bytes += record.bytes
    }
    return bytes
  }
}
