import { StorageError, type StorageFile, type StorageFolder } from '@commloop/core'
import type { BatchBuffer } from './batch-buffer.js'
import { completeBatch, SECTOR_BYTES } from './batch-layout.js'
import { diskFailure } from './journal-error.js'
import type { Life } from './life.js'
import { type SegmentHead, segmentSalt, writeSegmentHead } from './segment-head.js'
import { segmentName } from './segment-table.js'
import type { Spare } from './spare-segments.js'

/** A segment that is ready for batches. */
export interface NewSegment {
  readonly file: StorageFile
  readonly number: number
  readonly bytes: number
  readonly salt: number
  /** Its first batch. */
  readonly state: Buffer
}

/** Makes segments out of spares. */
export class SegmentMaker {
  readonly #folder: StorageFolder
  readonly #life: Life
  readonly #utcMs: () => number

  constructor(folder: StorageFolder, life: Life, utcMs: () => number) {
    this.#folder = folder
    this.#life = life
    this.#utcMs = utcMs
  }

  /**
   * Writes head and first batch, and gives the file its name only when both are durable. The name is durable when
   * `made` is called.
   */
  make(
    spare: Spare,
    head: SegmentHead,
    state: BatchBuffer,
    made: (segment: NewSegment) => void,
  ): void {
    const opened = this.#life.track((file: StorageFile | StorageError) => {
      if (StorageError.is(file)) this.#life.fail(diskFailure(file))
      else if (this.#life.hasEnded) file.close()
      else this.#fill(file, spare, head, state, made)
    })
    this.#folder.open(spare.name, 'write', opened)
  }

  #fill(
    file: StorageFile,
    spare: Spare,
    head: SegmentHead,
    state: BatchBuffer,
    made: (segment: NewSegment) => void,
  ): void {
    const utcMs = this.#utcMs()
    const salt = segmentSalt(head)
    const facts = { records: state.records, number: head.batchesBefore + 1, utcMs, salt }
    const batch = completeBatch(state.memory, state.end, facts)
    const chunk = Buffer.concat([writeSegmentHead(head, utcMs), batch], SECTOR_BYTES + batch.length)
    const use = (): void => {
      made({ file, number: head.number, bytes: spare.bytes, salt, state: batch })
    }
    const syncName = (): void => {
      this.#folder.sync(this.#step(file, use))
    }
    const rename = (): void => {
      this.#folder.rename(spare.name, segmentName(head.number), this.#step(file, syncName))
    }
    file.store(0, chunk, this.#step(file, rename))
  }

  /** A step of making a segment: goes on with `next`, or closes the file if the journal has ended. */
  #step(file: StorageFile, next: () => void): (error: StorageError | undefined) => void {
    return this.#life.track((error: StorageError | undefined) => {
      if (error !== undefined) this.#life.fail(diskFailure(error))
      if (this.#life.hasEnded) file.close()
      else next()
    })
  }
}
