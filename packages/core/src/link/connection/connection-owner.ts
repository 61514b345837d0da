import type { EntryConfig, LinkSettings } from '../../config/node-config.js'
import type { Clock } from '../../contracts/clock.js'
import type { FrameCodec } from '../../contracts/frame-codec.js'
import type { Reason } from '../../contracts/reason.js'
import type { WarningCode } from '../../contracts/warning.js'
import type { Conversation } from '../conversation/conversation.js'
import type { BatchBuffers } from './batch-buffers.js'
import type { FrameReader } from './frame-reader.js'
import type { WrittenQueue } from './frame-writer.js'

/** What a link needs of a connection that has ended. */
export interface OwnedConnection {
  /** Copies of a write that the transport has not confirmed. */
  readonly unconfirmed: number
}

/** What stops a link from being read. */
export interface ConnectionIntake {
  readonly paused: boolean
  /**
   * The peer has ended the connection, or it is over. Keeps the payloads that were not delivered, if they wait for a
   * holder. @returns false if they do not
   */
  keep(reader: FrameReader, conversation: Conversation | undefined): boolean
}

/** The link that a connection belongs to. */
export interface ConnectionOwner {
  readonly id: string
  readonly entry: EntryConfig
  readonly settings: LinkSettings
  readonly codec: FrameCodec
  readonly epoch: number
  readonly queue: WrittenQueue
  /** Undefined if there was never a hold. The link calls `pause` and `resume` when this changes. */
  readonly intake: ConnectionIntake | undefined
  /** Gets every whole frame as a proof of life, before the frame is delivered. */
  readonly readiness: { readonly proved: boolean; frame(): void; opened(): void } | undefined
  /** A message has arrived; control payloads are not reported. */
  delivered(payload: Uint8Array, epoch: number): void
  /** The connection is over. The last call. */
  closed(connection: OwnedConnection, reason: Reason): void
}

/** What a connection uses of its node. */
export interface ConnectionServices {
  readonly clock: Clock
  readonly buffers: BatchBuffers
  readonly listener: { warning(code: WarningCode, message: string, cause?: unknown): void }
}
