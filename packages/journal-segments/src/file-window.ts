import { StorageError, type StorageFile } from '@commloop/core'

const WINDOW_BYTES = 1024 * 1024

/** Reads a file from front to back, a large part at a time. */
export class FileWindow {
  readonly #file: StorageFile
  #chunk: Buffer = Buffer.alloc(0)
  #at = 0

  constructor(file: StorageFile) {
    this.#file = file
  }

  /** These bytes of the file as a view, if they are in memory. Shorter at the end of the window. */
  view(at: number, bytes: number): Buffer {
    if (at < this.#at) return this.#chunk.subarray(0, 0)
    return this.#chunk.subarray(at - this.#at, at - this.#at + bytes)
  }

  /** Loads these bytes, and some behind them. `view` is then shorter only if the file ends. Views before stay valid. */
  load(at: number, bytes: number, loaded: (error: StorageError | undefined) => void): void {
    this.#file.read(at, Math.max(bytes, WINDOW_BYTES), (chunk) => {
      if (StorageError.is(chunk)) loaded(chunk)
      else {
        this.#chunk = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
        this.#at = at
        loaded(undefined)
      }
    })
  }
}
