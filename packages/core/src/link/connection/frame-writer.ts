import type { FrameCodec } from '../../contracts/frame-codec.js'
import type { OutboundMessage, Outbox } from '../../contracts/outbox.js'
import type { LinkTally } from '../../ledger/link-counters.js'
import { Batch, type BatchListener } from './batch.js'
import type { BatchBuffers } from './batch-buffers.js'

/** The queue of a link as its connection sees it. */
export interface WrittenQueue extends BatchListener {
  readonly outbox: Outbox
  readonly tally: LinkTally
  /** Every copy that is written must be reported by `sent`. */
  readonly tapped: boolean
  /** A copy of a confirmed write that carries an id. */
  written(message: OutboundMessage): void
  /** Every copy of a confirmed write while the link is tapped. Called after the queue has released the whole write. */
  sent(message: OutboundMessage): void
  /** What the decoder has left out since the last call. */
  lost(skippedBytes: number, droppedFrames: number): void
  /** The queue has become shorter. May call back into the connection. */
  shrunk(): void
}

/** Control payloads that may wait for a peer that does not read. An opening, which may be a plugin, can send any number. */
export const CONTROL_PAYLOADS_MAX = 64
/** Bytes of these payloads. One payload may have more. */
export const CONTROL_BYTES_MAX = 1024 * 1024

const NO_CONTROL: readonly Uint8Array[] = []

/**
 * What one connection writes: control payloads first, then the copies at the head of the queue, one write at a time.
 */
export class FrameWriter {
  /** One function for all flushes, since a connection may ask for thousands of them a second. */
  readonly flush: () => void
  readonly #queue: WrittenQueue
  readonly #batch: Batch
  #control: readonly Uint8Array[] = NO_CONTROL

  constructor(codec: FrameCodec, buffers: BatchBuffers, queue: WrittenQueue, flush: () => void) {
    this.flush = flush
    this.#queue = queue
    this.#batch = new Batch(codec, buffers)
  }

  /** Copies of a write that the transport has not confirmed. */
  get unconfirmed(): number {
    return this.#batch.messages
  }

  hasWork(onlyControl: boolean): boolean {
    return this.#control.length > 0 || (!onlyControl && this.#queue.outbox.peek() !== undefined)
  }

  get chunks(): readonly Uint8Array[] {
    return this.#batch.chunks
  }

  /** Queues a control payload, unless the same one is queued already. @returns false if too many wait */
  control(payload: Uint8Array): boolean {
    const control = this.#control
    if (control.includes(payload)) return true
    const bytes = control.reduce((sum, { byteLength }) => sum + byteLength, payload.byteLength)
    const isFirst = control.length === 0
    if (!isFirst && (control.length >= CONTROL_PAYLOADS_MAX || bytes > CONTROL_BYTES_MAX))
      return false
    this.#control = [...control, payload]
    return true
  }

  /** Encodes the next write. @returns false if there is nothing to write */
  fill(nowMs: number, epoch: number): boolean {
    const batch = this.#batch
    const queue = this.#queue
    const control = this.#control
    this.#control = NO_CONTROL
    if (!batch.fill(queue.outbox, control, { ms: nowMs, epoch }, queue)) {
      batch.clear()
      return false
    }
    queue.tally.resent += batch.resent
    return true
  }

  /** Encodes a write without messages. @returns false if there is nothing to write */
  fillControl(): boolean {
    const control = this.#control
    this.#control = NO_CONTROL
    const filled = this.#batch.fillControl(control, this.#queue)
    if (!filled) this.#batch.clear()
    return filled
  }

  /** Cancels a filled write: its copies wait in the queue again. */
  takeBack(): void {
    this.#queue.outbox.rewind()
    this.#batch.clear()
  }

  /** The transport has copied the chunks: the buffer is free although the write may still fail. */
  returnBuffer(): void {
    this.#batch.returnBuffer()
  }

  /** The transport has confirmed the write. */
  confirmed(): void {
    const batch = this.#batch
    const { outbox, tally, tapped } = this.#queue
    tally.written += batch.messages
    tally.writtenBytes += batch.payloadBytes
    if (tapped) {
      this.#releaseTapped(batch)
    } else {
      outbox.release(batch.messages, batch.hasIds ? this.#reportWritten() : undefined)
      batch.clear()
    }
  }

  /**
   * Calls `sent` after all copies are released: a listener may send again, and must not find an inconsistent outbox.
   */
  #releaseTapped(batch: Batch): void {
    const released: OutboundMessage[] = []
    const reportWritten = this.#reportWritten()
    this.#queue.outbox.release(batch.messages, (message) => {
      reportWritten(message)
      released.push(message)
    })
    batch.clear()
    for (const message of released) this.#queue.sent(message)
  }

  #reportWritten(): (message: OutboundMessage) => void {
    const queue = this.#queue
    return (message) => {
      if (message.id !== undefined) queue.written(message)
    }
  }

  /** The transport does not use the chunks any more, whether or not it has written them. */
  clear(): void {
    this.#batch.clear()
  }
}
