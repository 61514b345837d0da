import {
  type Clock,
  type StorageFile,
  StorageError,
  type StorageFolder,
  type Timer,
} from '@commloop/core'
import { paddedBytes } from './batch-layout.js'
import { diskFailure } from './journal-error.js'
import { type JournalLimits, RETRY_FULL_MS, sparesWanted } from './journal-limits.js'
import type { Life } from './life.js'
import { type Segment, segmentName, type SegmentTable } from './segment-table.js'

const ZEROS = Buffer.alloc(1024 * 1024)
/** Room for leaving in a segment that is made smaller than usual, because a full disk has no room for a whole one. */
const SMALL_SEGMENT_BYTES = 64 * 1024
const SPARE_NAME = /^spare-\d+\.tmp$/

/** A file that is ready to become a segment. */
export interface Spare {
  readonly name: string
  readonly bytes: number
}

/** What spares are made with. */
export interface SpareParts {
  readonly folder: StorageFolder
  readonly segments: SegmentTable
  readonly limits: JournalLimits
  readonly clock: Clock
  readonly life: Life
}

/** True for a file of a spare segment. A start removes them, because they may not be complete. */
export function isSpareName(name: string): boolean {
  return SPARE_NAME.test(name)
}

/**
 * Segments before their use: files of full size, whose blocks the disk has already given. So a full disk is noticed
 * when a spare is made, and not in the middle of a batch.
 */
export class SpareSegments {
  readonly #folder: StorageFolder
  readonly #segments: SegmentTable
  readonly #limits: JournalLimits
  readonly #clock: Clock
  readonly #life: Life
  readonly #fullChanged: (isFull: boolean) => void
  readonly #spares: Spare[] = []
  #made = 0
  /** Segments that are on their way to be spares. */
  #renaming = 0
  #isMaking = false
  #isClosing = false
  #wanted: { readonly bytes: number; readonly done: (spare: Spare | undefined) => void } | undefined
  #retry: Timer | undefined
  isFull = false

  constructor(parts: SpareParts, fullChanged: (isFull: boolean) => void) {
    this.#folder = parts.folder
    this.#segments = parts.segments
    this.#limits = parts.limits
    this.#clock = parts.clock
    this.#life = parts.life
    this.#fullChanged = fullChanged
  }

  /** Bytes of all spares. */
  get bytes(): number {
    return this.#spares.reduce((bytes, spare) => bytes + spare.bytes, 0)
  }

  /** Makes spares until there are enough. Tries again later if the disk or the journal is full. */
  prepare(): void {
    if (this.#isMaking || this.#life.hasEnded) return
    if (this.#isClosing && this.#wanted === undefined) return
    if (this.#wanted === undefined && this.#spares.length >= sparesWanted(this.#limits)) {
      this.#tellFull(false)
      return
    }
    if (this.#wanted === undefined && !this.#hasRoom()) {
      this.#becomeFull()
      return
    }
    this.#make(this.#bytesToMake(), (spare) => {
      if (spare !== undefined) this.#add(spare)
      else if (this.#wanted !== undefined && this.#spares.length > 0) this.#giveWay()
      else this.#becomeFull()
    })
  }

  /** Gives a spare of at least this size, when there is one. undefined: the journal is closing, and there is no room. */
  take(bytes: number, done: (spare: Spare | undefined) => void): void {
    this.#wanted = { bytes, done }
    this.#serve()
  }

  /** Makes the first segment after a start, whatever `journalBytesMax` says. undefined: the disk has no room for it. */
  makeFirst(bytes: number, done: (spare: Spare | undefined) => void): void {
    const small = paddedBytes(bytes + SMALL_SEGMENT_BYTES)
    const usual = Math.max(bytes, this.#limits.segmentBytes)
    this.#make(usual, (spare) => {
      if (spare !== undefined || small >= usual) done(spare)
      else this.#make(small, done)
    })
  }

  /** Takes a segment that is not needed any more: as a spare, or away from the disk. */
  recycle(segment: Segment): void {
    const isUseful =
      segment.bytes === this.#limits.segmentBytes &&
      this.#spares.length + this.#renaming < sparesWanted(this.#limits) &&
      !this.#isClosing
    this.#segments.remove(segment)
    const spare = { name: this.#nextName(), bytes: segment.bytes }
    if (isUseful) this.#renaming++
    const done = this.#life.track((error: StorageError | undefined) => {
      if (isUseful) this.#renaming--
      if (error !== undefined) this.#life.fail(diskFailure(error))
      else if (isUseful) this.#add(spare)
      else this.prepare()
    })
    if (isUseful) this.#folder.rename(segmentName(segment.number), spare.name, done)
    else this.#folder.remove(segmentName(segment.number), done)
  }

  /** No more spares than the journal needs to end. A `take` that waits for room gives up. */
  close(): void {
    this.#isClosing = true
    this.#retry?.cancel()
    if (this.isFull && !this.#isMaking) this.#giveUp()
  }

  #serve(): void {
    if (this.#wanted === undefined || this.#life.hasEnded) return
    const { bytes, done } = this.#wanted
    const at = this.#spares.findIndex((spare) => spare.bytes >= bytes)
    const spare = this.#spares[at]
    if (spare === undefined) {
      this.prepare()
      return
    }
    this.#spares.splice(at, 1)
    this.#wanted = undefined
    done(spare)
  }

  /**
   * True if another spare keeps the limit. The limit stops further messages, and not the batch that waits for a segment:
   * what leaves with that batch may be what makes room.
   */
  #hasRoom(): boolean {
    const bytes = this.#segments.bytes + this.bytes + this.#limits.segmentBytes
    return bytes <= this.#limits.journalBytesMax
  }

  /** A batch that needs a larger segment than usual gets one with room for more. */
  #bytesToMake(): number {
    const { segmentBytes } = this.#limits
    const wanted = this.#wanted?.bytes ?? 0
    return wanted <= segmentBytes ? segmentBytes : paddedBytes(wanted + segmentBytes)
  }

  /** The disk has no room for the large segment that is wanted: a spare, which is too small, makes room for it. */
  #giveWay(): void {
    const spare = this.#spares.pop()
    if (spare === undefined) return
    this.#isMaking = true
    const removed = this.#life.track((error: StorageError | undefined) => {
      this.#isMaking = false
      if (error === undefined) this.prepare()
      else this.#life.fail(diskFailure(error))
    })
    this.#folder.remove(spare.name, removed)
  }

  #giveUp(): void {
    const wanted = this.#wanted
    this.#wanted = undefined
    wanted?.done(undefined)
  }

  #add(spare: Spare): void {
    this.#spares.push(spare)
    this.#serve()
    this.prepare()
  }

  #becomeFull(): void {
    this.#tellFull(true)
    if (this.#isClosing) {
      this.#giveUp()
      return
    }
    this.#retry?.cancel()
    this.#retry = this.#clock.after(RETRY_FULL_MS, () => {
      this.prepare()
    })
  }

  #tellFull(isFull: boolean): void {
    if (this.isFull === isFull) return
    this.isFull = isFull
    this.#fullChanged(isFull)
  }

  #nextName(): string {
    return `spare-${String(++this.#made)}.tmp`
  }

  #make(bytes: number, made: (spare: Spare | undefined) => void): void {
    this.#isMaking = true
    const name = this.#nextName()
    const end = (error: StorageError | undefined): void => {
      this.#isMaking = false
      if (error !== undefined && error.kind !== 'full') this.#life.fail(diskFailure(error))
      if (this.#life.hasEnded) return
      if (error === undefined) made({ name, bytes })
      else this.#clear(name, made)
    }
    this.#folder.open(
      name,
      'create',
      this.#life.track((file) => {
        if (!StorageError.is(file)) this.#fill(file, bytes, 0, end)
        else if (file.kind === 'full') this.#refused(made)
        else end(file)
      }),
    )
  }

  /** Writes the file full of zeros, in steps, so that other work of the disk does not wait for all of it. */
  #fill(
    file: StorageFile,
    bytes: number,
    at: number,
    filled: (error: StorageError | undefined) => void,
  ): void {
    const chunk = ZEROS.subarray(0, Math.min(ZEROS.length, bytes - at))
    const synced = this.#life.track((error: StorageError | undefined) => {
      const end = at + chunk.length
      if (error === undefined && end < bytes && !this.#life.hasEnded) {
        this.#fill(file, bytes, end, filled)
        return
      }
      file.close()
      filled(error)
    })
    const written = this.#life.track((error: StorageError | undefined) => {
      if (error === undefined) file.sync(synced)
      else synced(error)
    })
    file.write(at, chunk, written)
  }

  /** The disk had room for a part of the file, which is of no use. */
  #clear(name: string, made: (spare: undefined) => void): void {
    this.#isMaking = true
    const removed = this.#life.track((error: StorageError | undefined) => {
      if (error === undefined) this.#refused(made)
      else this.#life.fail(diskFailure(error))
    })
    this.#folder.remove(name, removed)
  }

  #refused(made: (spare: undefined) => void): void {
    this.#isMaking = false
    if (!this.#life.hasEnded) made(undefined)
  }
}
