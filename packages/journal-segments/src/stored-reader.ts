import {
  StorageError,
  type StorageFile,
  type StorageFolder,
  type StoredPayload,
  type Clock,
} from '@commloop/core'
import { BATCH_HEAD_BYTES, isWhole, readBatchHead, SECTOR_BYTES } from './batch-layout.js'
import { damage, diskFailure } from './journal-error.js'
import type { Life } from './life.js'
import type { StoredQueue } from './queue-table.js'
import { RECORD_HEAD_BYTES, RecordCursor } from './record-layout.js'
import { readSegmentHead, segmentSalt } from './segment-head.js'
import { type Segment, segmentName, type SegmentTable } from './segment-table.js'

/** Batches that stay in memory, because several queues read on in them by turns: at most about 4 MiB. */
const CACHED_BATCHES_MAX = 4
const CACHED_BATCH_BYTES_MAX = 1024 * 1024
/** Most batches are smaller, so one read is enough. */
const FIRST_READ_BYTES = 64 * 1024

type Done = (messages: readonly StoredPayload[] | Error) => void

/** What a reader works with. */
export interface ReaderParts {
  readonly folder: StorageFolder
  readonly segments: SegmentTable
  readonly life: Life
  readonly clock: Clock
}

/** Where a message is in its batch. */
interface RecordPlace {
  readonly number: number
  readonly offset: number
  /** Where it ends, without its id. */
  readonly end: number
}

/** A batch that a read needs. */
interface Wanted {
  readonly segment: Segment
  readonly at: number
  readonly bytesMin: number
}

/** Reads payloads back. It checks the whole batch that contains them, because a record has no checksum of its own. */
export class StoredReader {
  readonly #parts: ReaderParts
  readonly #cursor = new RecordCursor()
  readonly #cache = new Map<string, Buffer>()
  readonly #readerGone: (segment: Segment) => void

  /** `readerGone` is called when a segment that is free may be used again. */
  constructor(parts: ReaderParts, readerGone: (segment: Segment) => void) {
    this.#parts = parts
    this.#readerGone = readerGone
  }

  /** See `JournalQueue.read`. */
  read(queue: StoredQueue, first: number, bytesMax: number, done: Done): void {
    const number = queue.places.firstFrom(Math.max(first, queue.base), queue.next)
    const segment = number === undefined ? undefined : this.#placeOf(queue, number)
    if (number === undefined || segment === undefined) {
      this.#answer([], done)
      return
    }
    const { batchSector } = queue.places
    const at = batchSector * SECTOR_BYTES
    const key = `${String(segment.number)}:${String(at)}`
    // Collected now: while the disk reads, messages leave, and are carried to other places.
    const records = recordsFrom(queue, number, bytesMax)
    const cached = this.#cache.get(key)
    if (cached !== undefined) this.#answer(this.#payloads(cached, records), done)
    else {
      this.#load({ segment, at, bytesMin: records.at(-1)?.end ?? 0 }, (batch) => {
        if (Buffer.isBuffer(batch)) this.#remember(key, batch)
        done(Buffer.isBuffer(batch) ? this.#payloads(batch, records) : batch)
      })
    }
  }

  /** The caller has to return first. */
  #answer(messages: readonly StoredPayload[], done: Done): void {
    this.#parts.clock.soon(() => {
      done(messages)
    })
  }

  #placeOf(queue: StoredQueue, number: number): Segment | undefined {
    return queue.places.find(number) ? this.#parts.segments.get(queue.places.segment) : undefined
  }

  #payloads(batch: Buffer, records: readonly RecordPlace[]): StoredPayload[] {
    const views = records.map(({ offset }) => {
      this.#cursor.seek(batch, offset)
      return this.#cursor.payload
    })
    // A view would keep the whole batch in memory.
    const copy = Buffer.concat(views)
    let at = 0
    return records.map(({ number }, index) => {
      const payload = copy.subarray(at, at + (views[index]?.length ?? 0))
      at += payload.length
      return { number, payload }
    })
  }

  #remember(key: string, batch: Buffer): void {
    this.#cache.delete(key)
    if (batch.length > CACHED_BATCH_BYTES_MAX) return
    this.#cache.set(key, batch)
    const [oldest] = this.#cache.keys()
    if (this.#cache.size > CACHED_BATCHES_MAX && oldest !== undefined) this.#cache.delete(oldest)
  }

  #load(wanted: Wanted, done: (batch: Buffer | Error) => void): void {
    const { segment } = wanted
    segment.readers++
    const end = (result: Buffer | Error, file?: StorageFile): void => {
      segment.readers--
      file?.close()
      if (result instanceof Error) this.#parts.life.fail(result)
      done(result)
      if (segment.readers === 0) this.#readerGone(segment)
    }
    const opened = this.#parts.life.track((file: StorageFile | StorageError) => {
      if (StorageError.is(file)) end(diskFailure(file))
      else
        this.#readBatch(file, wanted, (result) => {
          end(result, file)
        })
    })
    this.#parts.folder.open(segmentName(segment.number), 'read', opened)
  }

  #readBatch(file: StorageFile, wanted: Wanted, done: (batch: Buffer | Error) => void): void {
    const read = (at: number, bytes: number, then: (chunk: Buffer) => void): void => {
      const tracked = this.#parts.life.track((chunk: Uint8Array | StorageError) => {
        if (StorageError.is(chunk)) done(diskFailure(chunk))
        else then(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))
      })
      file.read(at, bytes, tracked)
    }
    read(0, SECTOR_BYTES, (sector) => {
      const head = readSegmentHead(sector)
      const bytes = Math.max(FIRST_READ_BYTES, wanted.bytesMin)
      read(wanted.at, bytes, (chunk) => {
        const batchBytes = readBatchHead(chunk.subarray(0, BATCH_HEAD_BYTES))?.bytes ?? 0
        const judge = (whole: Buffer): void => {
          const batch = whole.subarray(0, batchBytes)
          const isValid = head !== undefined && batchBytes > 0 && batch.length === batchBytes
          if (isValid && isWhole(batch, segmentSalt(head))) done(batch)
          else
            done(
              damage(
                segmentName(wanted.segment.number),
                wanted.at,
                'a batch is not valid any more',
              ),
            )
        }
        if (batchBytes <= chunk.length) judge(chunk)
        else read(wanted.at, batchBytes, judge)
      })
    })
  }
}

/** The messages of a queue from this number on, as far as they are in the batch of the first one. */
function recordsFrom(
  { places, next }: StoredQueue,
  first: number,
  bytesMax: number,
): RecordPlace[] {
  const records: RecordPlace[] = []
  const { segment, batchSector } = places
  let bytes = 0
  let number: number | undefined = first
  while (number !== undefined && places.find(number)) {
    const { offset, payloadBytes } = places
    bytes += payloadBytes
    if (places.segment !== segment || places.batchSector !== batchSector) break
    if (records.length > 0 && bytes > bytesMax) break
    records.push({ number, offset, end: offset + RECORD_HEAD_BYTES + payloadBytes })
    number = places.firstFrom(number + 1, next)
  }
  return records
}
