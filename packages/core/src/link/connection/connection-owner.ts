import type { LinkSettings } from '../../config/node-config.js'
import type { Clock } from '../../contracts/clock.js'
import type { FrameCodec } from '../../contracts/frame-codec.js'
import type { Reason } from '../../contracts/reason.js'
import type { BatchBuffers } from './batch-buffers.js'
import type { WrittenQueue } from './frame-writer.js'

/** A connection, as far as its link must know it when it has ended. */
export interface OwnedConnection {
  /** Copies of a write that was begun and is not confirmed. */
  readonly unconfirmed: number
}

/** The link that a connection belongs to. */
export interface ConnectionOwner {
  readonly settings: LinkSettings
  readonly codec: FrameCodec
  readonly epoch: number
  readonly queue: WrittenQueue
  /** Some holder wants no payload now. The link calls `pause` and `resume` when this changes. */
  readonly readPaused: boolean
  /** A whole frame has come, so the peer speaks. Called before the frame is delivered. */
  proved(): void
  /** One payload that is a message. */
  delivered(payload: Uint8Array): void
  /** The connection is over. The last call. */
  closed(connection: OwnedConnection, reason: Reason): void
}

/** What a connection uses of its node. */
export interface ConnectionServices {
  readonly clock: Clock
  readonly buffers: BatchBuffers
}
