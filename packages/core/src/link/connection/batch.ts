import type { FrameCodec, FrameHeader } from '../../contracts/frame-codec.js'
import type { OutboundMessage, Outbox } from '../../contracts/outbox.js'
import { foreignText } from '../../text/safe-text.js'
import { BATCH_BYTES_MAX, type BatchBuffers } from './batch-buffers.js'

/** A payload of this size or more is written by reference: a copy would cost more than one more chunk of the write. */
const BY_REFERENCE_BYTES_MIN = 16 * 1024

/** Why a copy ends without having been written. */
export type UnwrittenReason = 'expired' | 'epoch' | 'codec'

/** Receives the copies that end while a batch is filled. */
export interface BatchListener {
  unwritten(message: OutboundMessage, reason: UnwrittenReason, cause?: unknown): void
  /** The write contains this message, which is bound to the connection and has an id. */
  begun(message: OutboundMessage): void
  /** The codec could not encode a payload. `what` names it. */
  unencoded(what: string, cause: unknown): void
}

/**
 * One write: frames encoded back to back into a borrowed buffer, large payloads in between by reference.
 *
 *     buffer   │ frame │ frame │ header │      │ header │        │ frame │
 *     chunks   └───── 0 ────────────────┘ ─ 1 ─└── 2 ───┘ ── 3 ──└── 4 ──┘     1 and 3 are payloads themselves
 */
export class Batch {
  /** The parts of the write, in order. */
  chunks: Uint8Array[] = []
  /** Messages taken from the outbox. Control frames do not count. */
  messages = 0
  payloadBytes = 0
  resent = 0
  /** At least one of the messages has an id, so its outcome must be reported. */
  hasIds = false
  readonly #buffers: BatchBuffers
  readonly #codec: FrameCodec
  readonly #header: FrameHeader | undefined
  #buffer: Uint8Array | undefined
  #at = 0
  /** The part of the buffer from here on is not among the chunks yet. */
  #chunkStart = 0
  /** Bytes of the payloads that are chunks themselves. */
  #referredBytes = 0

  constructor(codec: FrameCodec, buffers: BatchBuffers) {
    this.#codec = codec
    this.#header = codec.header
    this.#buffers = buffers
  }

  /**
   * Takes from the outbox what fits into one write: at least one frame, if there is one. `control` goes first, and does
   * not count as messages. @returns whether there is anything to write
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
      const { payload } = message
      const bytes = payload.length
      const header = bytes < BY_REFERENCE_BYTES_MIN ? undefined : this.#header
      try {
        const roomBytes = header === undefined ? this.#codec.frameBytesMax(bytes) : header.bytes
        const buffer = this.#roomFor(roomBytes, header === undefined ? 0 : bytes, outbox)
        if (buffer === undefined) break
        if (header === undefined) this.#encode(payload, buffer, roomBytes)
        else this.#refer(payload, buffer, header)
      } catch (error) {
        outbox.drop()
        listener.unwritten(message, 'codec', error)
        continue
      }
      outbox.take()
      this.messages++
      this.payloadBytes += bytes
      if (message.resent) this.resent++
      if (message.id !== undefined) {
        this.hasIds = true
        if (message.epoch !== 0) listener.begun(message)
      }
    }
    this.#closeChunk()
    return this.chunks.length > 0
  }

  /** Takes only control payloads. @returns whether there is anything to write */
  fillControl(control: readonly Uint8Array[], listener: BatchListener): boolean {
    if (control.length > 0) this.#encodeControl(control, listener)
    this.#closeChunk()
    return this.chunks.length > 0
  }

  #encodeControl(control: readonly Uint8Array[], listener: BatchListener): void {
    try {
      const sizes = control.map((payload) => this.#codec.frameBytesMax(payload.byteLength))
      const buffer = this.#buffers.borrow(sizes.reduce((sum, size) => sum + size, 0))
      this.#buffer = buffer
      for (const [at, payload] of control.entries()) this.#encode(payload, buffer, sizes[at] ?? 0)
    } catch (error) {
      listener.unencoded('a heartbeat, or a payload of an opening', error)
    }
  }

  /** The buffer, borrowed for the first frame. undefined: there is no room, and the next write takes the frame. */
  #roomFor(roomBytes: number, referredBytes: number, outbox: Outbox): Uint8Array | undefined {
    // The first frame is always written. An earlier frame that could not be encoded may have left a buffer that is too
    // small.
    if (this.#at === 0) this.returnBuffer()
    const buffer = this.#buffer
    if (buffer === undefined) {
      const wanted = Math.min(BATCH_BYTES_MAX, outbox.level.bytes)
      return (this.#buffer = this.#buffers.borrow(Math.max(roomBytes, wanted)))
    }
    const fits =
      this.#at + roomBytes <= buffer.length &&
      this.#at + this.#referredBytes + roomBytes + referredBytes <= BATCH_BYTES_MAX
    return fits ? buffer : undefined
  }

  /** @throws the error of the codec, or RangeError if the codec returns an impossible end; then nothing was added */
  #encode(payload: Uint8Array, buffer: Uint8Array, frameBytesMax: number): void {
    const at = this.#at
    const end = this.#codec.encode(payload, buffer, at)
    const fits = end > at && end <= at + frameBytesMax && end <= buffer.length
    if (!fits || !Number.isSafeInteger(end)) {
      throw new RangeError(
        `codec: encode answered ${foreignText(end)}, outside the room it asked for`,
      )
    }
    this.#at = end
  }

  #refer(payload: Uint8Array, buffer: Uint8Array, header: FrameHeader): void {
    header.write(payload.length, buffer, this.#at)
    this.#at += header.bytes
    this.#closeChunk()
    this.chunks.push(payload)
    this.#referredBytes += payload.length
  }

  #closeChunk(): void {
    if (this.#buffer === undefined || this.#at === this.#chunkStart) return
    this.chunks.push(this.#buffer.subarray(this.#chunkStart, this.#at))
    this.#chunkStart = this.#at
  }

  /** The transport has copied the chunks: the buffer is free although the write may still fail. */
  returnBuffer(): void {
    if (this.#buffer !== undefined) this.#buffers.giveBack(this.#buffer)
    this.#buffer = undefined
  }

  /** The write has ended, with or without success: the transport does not read the buffer any more. */
  clear(): void {
    this.returnBuffer()
    this.#at = this.#chunkStart = this.#referredBytes = 0
    this.chunks = []
    this.messages = this.payloadBytes = this.resent = 0
    this.hasIds = false
  }
}

function unwrittenReason(
  message: OutboundMessage,
  now: { readonly ms: number; readonly epoch: number },
): UnwrittenReason | undefined {
  if (message.expiresAtMs !== undefined && message.expiresAtMs <= now.ms) return 'expired'
  return message.epoch !== 0 && message.epoch !== now.epoch ? 'epoch' : undefined
}
