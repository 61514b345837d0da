import type { FrameCodec } from '../contracts/frame-codec.js'
import type { OutboundMessage, Outbox } from '../contracts/outbox.js'
import { foreignText } from '../report/foreign-text.js'
import { BATCH_BYTES_MAX, type BatchBuffers } from './batch-buffers.js'

/** From here on a payload goes out by reference: copying it would cost more than one more part of the write. */
const BY_REFERENCE_BYTES_MIN = 16 * 1024

/** Why a copy ends without having been written. */
export type UnwrittenReason = 'expired' | 'epoch' | 'codec'

/** Hears of the copies that ended while a batch was filled. */
export interface BatchListener {
  unwritten(message: OutboundMessage, reason: UnwrittenReason, cause?: unknown): void
  /** A heartbeat that the codec could not encode. */
  unencoded(what: string, cause: unknown): void
}

/**
 * One write: frames encoded back to back into a borrowed buffer, large payloads in between by reference.
 *
 *     buffer   │ frame │ frame │ header │      │ header │        │ frame │
 *     chunks   └───── 0 ────────────────┘ ─ 1 ─└── 2 ───┘ ── 3 ──└── 4 ──┘     1 and 3 are payloads themselves
 */
export class Batch {
  /** What the transport is given. */
  chunks: Uint8Array[] = []
  /** Messages taken from the outbox, control frames not counted. */
  messages = 0
  payloadBytes = 0
  resent = 0
  /** Some message of it has an id, so its outcome has to be told. */
  hasIds = false
  readonly #buffers: BatchBuffers
  readonly #codec: FrameCodec
  #buffer: Uint8Array | undefined
  #at = 0
  /** Where the part of the buffer begins that is not among the chunks yet. */
  #chunkStart = 0
  #bytes = 0

  constructor(codec: FrameCodec, buffers: BatchBuffers) {
    this.#codec = codec
    this.#buffers = buffers
  }

  /**
   * Takes from the outbox what fits into one write, at least one frame if there is one. `control` goes first and is
   * no message. @returns whether there is anything to write.
   */
  fill(
    outbox: Outbox,
    control: readonly Uint8Array[],
    now: { readonly ms: number; readonly epoch: number },
    listener: BatchListener,
  ): boolean {
    if (control.length > 0) this.#encodeControl(control, listener)
    for (;;) {
      const message = outbox.peek()
      if (message === undefined) break
      const reason = unwrittenReason(message, now)
      if (reason !== undefined) {
        outbox.drop()
        listener.unwritten(message, reason)
        continue
      }
      const bytes = message.payload.byteLength
      try {
        if (!this.#room(bytes, outbox)) break
        this.#encode(message.payload, bytes)
      } catch (error) {
        outbox.drop()
        listener.unwritten(message, 'codec', error)
        continue
      }
      outbox.take()
      this.messages++
      this.payloadBytes += bytes
      if (message.resent) this.resent++
      if (message.id !== undefined) this.hasIds = true
    }
    this.#closeChunk()
    return this.chunks.length > 0
  }

  #encodeControl(control: readonly Uint8Array[], listener: BatchListener): void {
    try {
      const sizes = control.map((payload) => this.#codec.frameBytesMax(payload.byteLength))
      this.#buffer = this.#buffers.borrow(sizes.reduce((sum, size) => sum + size, 0))
      for (const [at, payload] of control.entries()) this.#encodeFrame(payload, sizes[at] ?? 0)
    } catch (error) {
      listener.unencoded('a heartbeat', error)
    }
  }

  /** Whether a payload still fits into this write; borrows the buffer with the first one. */
  #room(payloadBytes: number, outbox: Outbox): boolean {
    const inBuffer = this.#bytesInBuffer(payloadBytes)
    const frameBytes = inBuffer + (this.#byReference(payloadBytes) ? payloadBytes : 0)
    // One frame goes out in any case: the buffer of another, which could not be encoded, may be too small for it.
    if (this.#bytes === 0) this.#returnBuffer()
    if (this.#buffer === undefined) {
      const wanted = Math.min(BATCH_BYTES_MAX, outbox.level.bytes)
      this.#buffer = this.#buffers.borrow(Math.max(inBuffer, wanted))
      return true
    }
    return (
      this.#at + inBuffer <= this.#buffer.byteLength && this.#bytes + frameBytes <= BATCH_BYTES_MAX
    )
  }

  #bytesInBuffer(payloadBytes: number): number {
    const { header } = this.#codec
    return header !== undefined && payloadBytes >= BY_REFERENCE_BYTES_MIN
      ? header.bytes
      : this.#codec.frameBytesMax(payloadBytes)
  }

  #byReference(payloadBytes: number): boolean {
    return payloadBytes >= BY_REFERENCE_BYTES_MIN && this.#codec.header !== undefined
  }

  #encode(payload: Uint8Array, payloadBytes: number): void {
    const { header } = this.#codec
    const buffer = this.#buffer
    if (payloadBytes < BY_REFERENCE_BYTES_MIN || header === undefined || buffer === undefined) {
      this.#encodeFrame(payload, this.#codec.frameBytesMax(payloadBytes))
      return
    }
    header.write(payloadBytes, buffer, this.#at)
    this.#at += header.bytes
    this.#closeChunk()
    this.chunks.push(payload)
    this.#bytes += header.bytes + payloadBytes
  }

  /** @throws what the codec throws, and Error where it answers an end that cannot be; nothing is added then. */
  #encodeFrame(payload: Uint8Array, frameBytesMax: number): void {
    const buffer = this.#buffer
    if (buffer === undefined) throw new Error('batch: no buffer was borrowed')
    const end = this.#codec.encode(payload, buffer, this.#at)
    const fits = end > this.#at && end <= this.#at + frameBytesMax && end <= buffer.byteLength
    if (!Number.isSafeInteger(end) || !fits) {
      throw new RangeError(
        `codec: encode answered ${foreignText(end)}, outside the room it asked for`,
      )
    }
    this.#bytes += end - this.#at
    this.#at = end
  }

  #closeChunk(): void {
    if (this.#buffer === undefined || this.#at === this.#chunkStart) return
    this.chunks.push(this.#buffer.subarray(this.#chunkStart, this.#at))
    this.#chunkStart = this.#at
  }

  #returnBuffer(): void {
    if (this.#buffer !== undefined) this.#buffers.giveBack(this.#buffer)
    this.#buffer = undefined
  }

  /** The write is over, one way or the other: nobody reads the buffer any more. */
  clear(): void {
    this.#returnBuffer()
    this.#at = this.#chunkStart = this.#bytes = 0
    this.chunks = []
    this.messages = this.payloadBytes = this.resent = 0
    this.hasIds = false
  }
}

function unwrittenReason(
  message: OutboundMessage,
  now: { readonly ms: number; readonly epoch: number },
): UnwrittenReason | undefined {
  if (message.expiresAtMs <= now.ms) return 'expired'
  return message.epoch !== 0 && message.epoch !== now.epoch ? 'epoch' : undefined
}
