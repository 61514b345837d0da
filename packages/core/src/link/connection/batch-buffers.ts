/** A write carries at most this many bytes, or one frame, so that a slow peer shows progress within `stall`. */
export const BATCH_BYTES_MAX = 128 * 1024

const CLASS_BYTES_MIN = 1024
/** How many bytes a node keeps for reuse. The garbage collector takes the rest. */
const KEPT_BYTES_MAX = 8 * 1024 * 1024

/**
 * Buffers that links borrow for one write. Their sizes are powers of two, so that thousands of links with a small write
 * in progress do not each hold a large buffer.
 */
export class BatchBuffers {
  readonly #kept = new Map<number, Uint8Array[]>()
  #keptBytes = 0

  /** A buffer of at least `bytes` bytes, with arbitrary content. */
  borrow(bytes: number): Uint8Array {
    const size = classBytes(bytes)
    const buffer = this.#kept.get(size)?.pop()
    if (buffer === undefined) return new Uint8Array(size)
    this.#keptBytes -= size
    return buffer
  }

  /** Takes a buffer back that neither the borrower nor the transport will use again. */
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
