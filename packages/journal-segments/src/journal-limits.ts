const KIB = 1024
const MIB = 1024 * KIB

/** The bounds of a journal. */
export interface JournalLimits {
  /** Size of a segment file, from 4 KiB. Room on the disk is given back in whole segments. Default 16 MiB. */
  readonly segmentBytes: number
  /** Largest size of all files together. Default 4 GiB. */
  readonly journalBytesMax: number
  /** Largest number of bytes that wait for the disk, in memory. Default 16 MiB. */
  readonly unstoredBytesMax: number
  /** A batch ends with the callback that makes it larger than this. Default 1 MiB. */
  readonly batchBytesMax: number
}

export const JOURNAL_LIMITS: JournalLimits = {
  segmentBytes: 16 * MIB,
  journalBytesMax: 4096 * MIB,
  unstoredBytesMax: 16 * MIB,
  batchBytesMax: MIB,
}

/** The smallest segment: a head and a few batches. */
const SEGMENT_BYTES_MIN = 4 * KIB

/** What leaves is stored after this time at the latest, and the last batch gets its proof. */
export const LEAVE_MS = 1_000
/** How often the journal looks for room while the disk is full. */
export const RETRY_FULL_MS = 1_000

/** @throws RangeError for limits with which the journal cannot work */
export function checkedLimits(limits: Partial<JournalLimits>): JournalLimits {
  const all = { ...JOURNAL_LIMITS, ...limits }
  for (const [name, value] of Object.entries(all)) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new RangeError(
        `journal: ${name} must be a whole number above 0, found ${String(value)}`,
      )
    }
  }
  if (all.segmentBytes < SEGMENT_BYTES_MIN) {
    throw new RangeError(`journal: segmentBytes must be at least ${String(SEGMENT_BYTES_MIN)}`)
  }
  return all
}

/**
 * Spare segments that lie ready. What was accepted before the disk was full fits into all but one of them, and the last
 * one is for leaving: otherwise a full journal could never become empty.
 */
export function sparesWanted({ unstoredBytesMax, segmentBytes }: JournalLimits): number {
  return 1 + Math.ceil(unstoredBytesMax / segmentBytes)
}
