import type { LinkSettings } from '../../config/node-config.js'
import type { Clock } from '../../contracts/clock.js'
import type { FrameCodec } from '../../contracts/frame-codec.js'
import type { Reason } from '../../contracts/reason.js'
import type { Conversation } from '../conversation/conversation.js'
import type { BatchBuffers } from './batch-buffers.js'
import type { FrameReader } from './frame-reader.js'
import type { WrittenQueue } from './frame-writer.js'

/** What a link needs of a connection that has ended. */
export interface OwnedConnection {
  /** Copies of a write that the transport has not confirmed. */
  readonly unconfirmed: number
}

/** The link that a connection belongs to. */
export interface ConnectionOwner {
  readonly settings: LinkSettings
  readonly codec: FrameCodec
  readonly epoch: number
  readonly queue: WrittenQueue
  /** At least one holder has paused reading. The link calls `pause` and `resume` when this changes. */
  readonly readPaused: boolean
  /** A whole frame has arrived, which is a proof of life. Called before the frame is delivered. */
  proved(): void
  /** A message has arrived; control payloads are not reported. */
  delivered(payload: Uint8Array, epoch: number): void
  /**
   * The peer has ended the connection, or it is over, and payloads may wait that were not delivered. The link keeps or
   * discards them.
   */
  leftOver(reader: FrameReader, conversation: Conversation | undefined): void
  /** The connection is over. The last call. */
  closed(connection: OwnedConnection, reason: Reason): void
}

/** What a connection uses of its node. */
export interface ConnectionServices {
  readonly clock: Clock
  readonly buffers: BatchBuffers
}
