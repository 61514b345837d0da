export type { FolderLockKind } from './folder-lock.js'
export { type JournalLimits, JOURNAL_LIMITS } from './journal-limits.js'
export { NodeStorage, type NodeStorageOptions } from './node-storage.js'
export { type JournalSurroundings, SegmentJournal } from './segment-journal.js'
