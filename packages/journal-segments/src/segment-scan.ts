import type { StorageError, StorageFile } from '@commloop/core'
import {
  BATCH_HEAD_BYTES,
  type BatchHead,
  isWhole,
  readBatchHead,
  SECTOR_BYTES,
} from './batch-layout.js'
import { FileWindow } from './file-window.js'

/** A valid batch, as a view. */
export interface FoundBatch extends BatchHead {
  readonly at: number
  readonly chunk: Buffer
}

/**
 * Reads the batches of a segment one after the other. `take` works on what is in memory, because a segment may have
 * thirty thousand batches; the caller calls `load` when it asks for more.
 */
export class SegmentScan {
  readonly #window: FileWindow
  readonly #fileBytes: number
  readonly #salt: number
  #loadAt = 0
  #loadBytes = 0
  #searchAt = 0
  /** Where the next batch begins. */
  at = SECTOR_BYTES
  /** The number of the last batch. */
  number: number

  constructor(file: StorageFile, salt: number, batchesBefore: number) {
    this.#window = new FileWindow(file)
    this.#fileBytes = file.bytes
    this.#salt = salt
    this.number = batchesBefore
  }

  /** The next batch; undefined: what stands there is not the next batch; `load`: call `load`, then ask again. */
  take(): FoundBatch | 'load' | undefined {
    const batch = this.#batchAt(this.at)
    if (batch === undefined || batch === 'load') return batch
    if (batch.number !== this.number + 1) return undefined
    this.at += batch.bytes
    this.number = batch.number
    return batch
  }

  /**
   * Looks behind the last batch for a valid one with a higher number, which proves that what is missing was stored. The
   * answers are those of `take`.
   */
  takeLater(): FoundBatch | 'load' | undefined {
    this.#searchAt = Math.max(this.#searchAt, this.at)
    for (; this.#searchAt < this.#fileBytes; this.#searchAt += SECTOR_BYTES) {
      const batch = this.#batchAt(this.#searchAt)
      if (batch === 'load' || (batch !== undefined && batch.number > this.number)) return batch
    }
    return undefined
  }

  /** What follows the last batch begins like the next one. Only after `take` has returned undefined. */
  get isTorn(): boolean {
    const head = readBatchHead(this.#window.view(this.at, BATCH_HEAD_BYTES))
    return head?.number === this.number + 1
  }

  /** Loads what `take` or `takeLater` has asked for. */
  load(loaded: (error: StorageError | undefined) => void): void {
    this.#window.load(this.#loadAt, this.#loadBytes, loaded)
  }

  #batchAt(at: number): FoundBatch | 'load' | undefined {
    if (at + BATCH_HEAD_BYTES > this.#fileBytes) return undefined
    const first = this.#view(at, BATCH_HEAD_BYTES)
    if (first === undefined) return 'load'
    const head = readBatchHead(first)
    // A head with a lower number is a leftover of an earlier use of the file. Its checksum need not be computed.
    if (head === undefined || head.number <= this.number) return undefined
    if (at + head.bytes > this.#fileBytes) return undefined
    const chunk = this.#view(at, head.bytes)
    if (chunk === undefined) return 'load'
    return isWhole(chunk, this.#salt) ? { ...head, at, chunk } : undefined
  }

  #view(at: number, bytes: number): Buffer | undefined {
    const view = this.#window.view(at, bytes)
    if (view.length === bytes) return view
    this.#loadAt = at
    this.#loadBytes = bytes
    return undefined
  }
}

/** Visits batches until `end`, or until what stands there is not a batch. */
export function scanBatches(
  scan: SegmentScan,
  end: number,
  visit: (batch: FoundBatch) => void,
  done: (error: StorageError | undefined) => void,
): void {
  while (scan.at < end) {
    const batch = scan.take()
    if (batch === undefined) break
    if (batch !== 'load') visit(batch)
    else {
      scan.load((error) => {
        if (error === undefined) scanBatches(scan, end, visit, done)
        else done(error)
      })
      return
    }
  }
  done(undefined)
}
