import type { Socket } from 'node:net'

/** The size of one write of the raw programs, the same as in commloop. */
const BATCH_BYTES = 128 * 1024
const HEADER_BYTES = 2

/** Calls `take` with a view of each payload that arrives on a socket. The shortest program that does so. */
export function cutFrames(
  socket: Socket,
  take: (payload: Uint8Array) => void,
  chunkEnds?: () => void,
): void {
  let rest: Buffer | undefined
  socket.on('data', (read: Buffer) => {
    const chunk = rest === undefined ? read : Buffer.concat([rest, read])
    let at = 0
    while (chunk.length - at >= HEADER_BYTES) {
      const end = at + HEADER_BYTES + (((chunk[at] ?? 0) << 8) | (chunk[at + 1] ?? 0))
      if (end > chunk.length) break
      take(chunk.subarray(at + HEADER_BYTES, end))
      at = end
    }
    rest = at === chunk.length ? undefined : chunk.subarray(at)
    chunkEnds?.()
  })
}

/** Consecutive frames in one buffer, which is written at once and reused if the kernel has taken all of it. */
export class RawBatch {
  readonly socket: Socket
  readonly #batchBytes: number
  #buffer: Buffer
  #at = 0

  constructor(socket: Socket, batchBytes = BATCH_BYTES) {
    this.socket = socket
    this.#batchBytes = batchBytes
    this.#buffer = Buffer.allocUnsafeSlow(batchBytes)
  }

  /** @returns false if the caller must wait for `drain` of the socket */
  add(payload: Uint8Array): boolean {
    const bytes = payload.length
    const more = this.#at + HEADER_BYTES + bytes <= this.#batchBytes || this.flush()
    const at = this.#at
    this.#buffer[at] = bytes >>> 8
    this.#buffer[at + 1] = bytes
    this.#buffer.set(payload, at + HEADER_BYTES)
    this.#at = at + HEADER_BYTES + bytes
    return more
  }

  flush(): boolean {
    if (this.#at === 0) return true
    const more = this.socket.write(this.#buffer.subarray(0, this.#at))
    if (this.socket.writableLength > 0) this.#buffer = Buffer.allocUnsafeSlow(this.#batchBytes)
    this.#at = 0
    return more
  }
}

/** One frame in a separate buffer. */
export function frameOf(payload: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(HEADER_BYTES + payload.length)
  frame[0] = payload.length >>> 8
  frame[1] = payload.length
  frame.set(payload, HEADER_BYTES)
  return frame
}
