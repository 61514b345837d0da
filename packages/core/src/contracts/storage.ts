/**
 * The folder on disk in which a journal keeps its files. It is a contract so that the journal runs over real files and
 * over a simulated disk that loses power at every step.
 *
 * No method calls its callback before it has returned, and each callback is called exactly once. There are no promises,
 * because a simulator must repeat the order of all steps.
 *
 * What is durable: the contents of a file after `store` or `sync` of the file, the names in the folder after `sync` of
 * the folder, in each case only if it has ended without an error. After an error of kind `failed` the caller must not
 * write any more. The kernel may have dropped the data that it could not write, and a second attempt would then succeed
 * although the data is lost.
 */
export interface Storage {
  /**
   * Takes the folder for this process, and creates it if it does not exist. Fails with `locked` if another process has
   * it. The storage holds the folder until `release` or the end of the process, however the process ends.
   */
  claim(claimed: (folder: StorageFolder | StorageError, names: readonly string[]) => void): void
}

/** A folder that this process has claimed. `names` of `claim` were its files at that moment. */
export interface StorageFolder {
  /**
   * Opens a file. `read` and `write` need an existing file, and fail with `missing` if there is none; `create` makes a
   * new one, and fails if the name exists.
   */
  open(
    name: string,
    how: 'read' | 'write' | 'create',
    opened: (file: StorageFile | StorageError) => void,
  ): void
  /** Gives a file another name, and replaces a file that has that name. Files that are open stay usable. */
  rename(from: string, to: string, renamed: (error: StorageError | undefined) => void): void
  /** Removes a name. */
  remove(name: string, removed: (error: StorageError | undefined) => void): void
  /** All names that were created, changed or removed before this call are durable when it ends. */
  sync(synced: (error: StorageError | undefined) => void): void
  /** Gives the folder back. The caller has closed its files, and uses nothing of the folder afterwards. */
  release(released: () => void): void
}

/**
 * An open file. The caller waits for the end of a `store`, `write` or `sync` before it begins the next one; it may read
 * at any time.
 */
export interface StorageFile {
  /** Size of the file when it was opened. */
  readonly bytes: number
  /** Reads from an offset. The chunk belongs to the caller. It is shorter than `bytes` only if the file ends there. */
  read(at: number, bytes: number, done: (chunk: Uint8Array | StorageError) => void): void
  /**
   * Writes the whole chunk, which is durable when the call ends. A write that took only a part of the chunk fails with
   * `full`. The caller does not change the chunk before the end.
   */
  store(at: number, chunk: Uint8Array, done: (error: StorageError | undefined) => void): void
  /** As `store`, but the chunk is durable only after the next `sync`. */
  write(at: number, chunk: Uint8Array, done: (error: StorageError | undefined) => void): void
  /** Everything that was written to this file before is durable when this ends. */
  sync(done: (error: StorageError | undefined) => void): void
  /** Closes the file. Nothing else is in progress on it. */
  close(): void
}

/**
 * Why a call failed. `full`: the disk has no room, and nothing that was there before is lost. `locked`: another process
 * has the folder. `missing`: there is no such file. `failed`: everything else; see `Storage` for what it means.
 */
export type StorageErrorKind = 'full' | 'locked' | 'missing' | 'failed'

const BRAND = Symbol.for('commloop.StorageError')

/** The only error of a `Storage`. `cause` is the error of the system. */
export class StorageError extends Error {
  override readonly name = 'StorageError'
  readonly kind: StorageErrorKind
  readonly [BRAND] = true

  constructor(kind: StorageErrorKind, message: string, options?: { readonly cause?: unknown }) {
    super(message, options)
    this.kind = kind
  }

  /** True for errors of any installed copy of commloop, which `instanceof` is not. */
  static is(value: unknown): value is StorageError {
    return typeof value === 'object' && value !== null && BRAND in value
  }
}
