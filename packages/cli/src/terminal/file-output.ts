import { fstatSync, write } from 'node:fs'
import { isatty } from 'node:tty'
import { Writable } from 'node:stream'

/** How long to wait before a failed write is repeated. */
export const RETRY_MS = 1_000

/** Another process holds the descriptor's other end, or it is not open: repeating does not help. */
const FINAL_CODES: ReadonlySet<string | undefined> = new Set(['EPIPE', 'EBADF'])

/** What a `FileOutput` emits besides the events of a stream. */
export interface FileOutputEvents {
  /** A write has failed, and will be repeated. Emitted for each failure. */
  failing: [error: NodeJS.ErrnoException]
  /** The write that had failed has succeeded. */
  recovered: []
}

/**
 * Writes to an open file. A disk that is full usually has space again later, so a write that fails is repeated until it
 * succeeds, from the byte at which it failed. Meanwhile the stream takes no more, which is backpressure for its user.
 * Node's own stream for a file on stdout ends with the first failure, and loses the rest of a write that the disk has
 * taken only in part.
 */
export class FileOutput extends Writable {
  readonly #fd: number
  readonly #write: typeof write
  #retry: NodeJS.Timeout | undefined
  #failing = false

  /** @param writeTo the function that writes to the file */
  constructor(fd: number, writeTo: typeof write = write) {
    super({ decodeStrings: true })
    this.#fd = fd
    this.#write = writeTo
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#write(this.#fd, chunk, 0, chunk.length, null, (error, bytes) => {
      if (error === null) this.#wrote(chunk.subarray(bytes), done)
      else if (FINAL_CODES.has(error.code)) done(error)
      else this.#failed(error, chunk, done)
    })
  }

  #wrote(rest: Buffer, done: (error?: Error | null) => void): void {
    if (rest.length > 0) {
      this._write(rest, 'buffer', done)
      return
    }
    if (this.#failing) {
      this.#failing = false
      this.emit('recovered')
    }
    done()
  }

  #failed(error: Error, chunk: Buffer, done: (error?: Error | null) => void): void {
    this.#failing = true
    if (this.destroyed) {
      done(error)
      return
    }
    this.#retry = setTimeout(() => {
      this._write(chunk, 'buffer', done)
    }, RETRY_MS)
    this.emit('failing', error)
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearTimeout(this.#retry)
    done(error)
  }
}

/** The stream to use for stdout or stderr: the given one, or a `FileOutput` if the descriptor is a file or a device. */
export function outputTo<Stream extends Writable>(
  stream: Stream & { readonly fd?: number },
): Stream | FileOutput {
  const { fd } = stream
  return fd !== undefined && isFile(fd) ? new FileOutput(fd) : stream
}

function isFile(fd: number): boolean {
  try {
    // With numbers, Node 20 keeps the result in a buffer that its `realpathSync` reads too: after a pipe, the next `import`
    // of a package that is linked would load a second copy of its modules.
    const stat = fstatSync(fd, { bigint: true })
    return stat.isFile() || (stat.isCharacterDevice() && !isatty(fd))
  } catch {
    return false
  }
}
