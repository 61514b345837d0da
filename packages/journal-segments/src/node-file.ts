import { close, constants, fdatasync, fsync, read, write } from 'node:fs'
import { messageText, StorageError, type StorageErrorKind, type StorageFile } from '@commloop/core'

/**
 * On Linux, a file for `store` is opened so that each write is durable when it returns: one call instead of two. macOS
 * has the flag too, but then leaves the data in the cache of the drive, which only `fsync` empties.
 */
export const WRITE_IS_DURABLE = process.platform === 'linux' ? constants.O_DSYNC : 0

const KINDS: Readonly<Record<string, StorageErrorKind>> = {
  ENOSPC: 'full',
  EDQUOT: 'full',
  ENOENT: 'missing',
}

/** The error of a call of the system. */
export function systemError(
  call: string,
  path: string,
  error: NodeJS.ErrnoException,
): StorageError {
  const kind = KINDS[error.code ?? ''] ?? 'failed'
  return new StorageError(kind, `${call} of ${path}: ${error.code ?? messageText(error)}`, {
    cause: error,
  })
}

type Done = (error: StorageError | undefined) => void

/** A file of a `NodeStorage`. */
export class NodeFile implements StorageFile {
  readonly #descriptor: number
  readonly #path: string
  readonly #isDurable: boolean
  readonly bytes: number

  /** `isDurable`: the descriptor was opened with `WRITE_IS_DURABLE`, and that is a flag of this system. */
  constructor(descriptor: number, path: string, bytes: number, isDurable: boolean) {
    this.#descriptor = descriptor
    this.#path = path
    this.bytes = bytes
    this.#isDurable = isDurable
  }

  read(at: number, bytes: number, done: (chunk: Uint8Array | StorageError) => void): void {
    const chunk = Buffer.allocUnsafeSlow(bytes)
    const step = (filled: number): void => {
      read(this.#descriptor, chunk, filled, bytes - filled, at + filled, (error, count) => {
        if (error !== null) done(systemError('read', this.#path, error))
        else if (count === 0 || filled + count === bytes) done(chunk.subarray(0, filled + count))
        else step(filled + count)
      })
    }
    step(0)
  }

  store(at: number, chunk: Uint8Array, done: Done): void {
    this.write(at, chunk, (error) => {
      if (error !== undefined || this.#isDurable) done(error)
      else this.sync(done)
    })
  }

  write(at: number, chunk: Uint8Array, done: Done): void {
    write(this.#descriptor, chunk, 0, chunk.length, at, (error, count) => {
      if (error !== null) done(systemError('write', this.#path, error))
      else if (count === chunk.length) done(undefined)
      else {
        const text = `write of ${this.#path}: ${String(count)} of ${String(chunk.length)} bytes`
        done(new StorageError('full', text))
      }
    })
  }

  sync(done: Done): void {
    fdatasync(this.#descriptor, (error) => {
      done(error === null ? undefined : systemError('sync', this.#path, error))
    })
  }

  close(): void {
    close(this.#descriptor, () => undefined)
  }
}

/** Makes the names in a folder durable. */
export function syncFolder(
  path: string,
  descriptor: number,
  done: (error: StorageError | undefined) => void,
): void {
  fsync(descriptor, (error) => {
    close(descriptor, () => {
      done(error === null ? undefined : systemError('sync', path, error))
    })
  })
}
