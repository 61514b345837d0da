/** A write carries at most this many bytes, or one frame: so a slow peer shows progress within a stall timeout. */
export const BATCH_BYTES_MAX = 128 * 1024

const CLASS_BYTES_MIN = 1024
/** Kept for reuse, per node; what is beyond is left to the garbage collector. */
const KEPT_BYTES_MAX = 8 * 1024 * 1024

/**
 * Buffers that links borrow for the time of one write. In sizes of powers of two: thousands of links that each
 * wait for a small write must not hold a large buffer each.
 */
export class BatchBuffers {
  readonly #kept = new Map<number, Uint8Array[]>()
  #keptBytes = 0

  /** A buffer of at least `bytes` bytes, its content arbitrary. */
  borrow(bytes: number): Uint8Array {
    const size = classBytes(bytes)
    const buffer = this.#kept.get(size)?.pop()
    if (buffer === undefined) return new Uint8Array(size)
    this.#keptBytes -= size
    return buffer
  }

  /** The borrower, and everybody it was shown to, will not touch it again. */
  giveBack(buffer: Uint8Array): void {
    const size = buffer.byteLength
    if (size > BATCH_BYTES_MAX || this.#keptBytes + size > KEPT_BYTES_MAX) return
    this.#keptBytes += size
    const kept = this.#kept.get(size)
    if (kept === undefined) this.#kept.set(size, [buffer])
    else kept.push(buffer)
  }
}

function classBytes(bytes: number): number {
  if (bytes > BATCH_BYTES_MAX) return bytes
  let size = CLASS_BYTES_MIN
  while (size < bytes) size *= 2
  return size
}
