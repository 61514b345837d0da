import type { InjectionToken } from '../di.js'

/** Makes the outbox of each link. Internal until a second implementation exists (durable, acknowledged). */
export interface OutboxStore {
  /** Makes the empty outbox of the link with this id. */
  open(link: string, limits: OutboxLimits, handler: OutboxHandler): Outbox
}

/** The bounds of one outbox. */
export interface OutboxLimits {
  /** Payload bytes, and for each message what the outbox needs to hold it. */
  readonly bytesMax: number
  readonly messagesMax: number
  /** If the outbox is full: refuse the new message, or drop the oldest messages that are not being written. */
  readonly overflow: 'reject' | 'drop-oldest'
}

/** Receives what happens inside an outbox. */
export interface OutboxHandler {
  /** There is a message to take after there was none (durable: it is synced). Never called within `append`. */
  sendable(): void
  /** The outbox has dropped this message to make room. It never drops a message that is being written. */
  dropped(message: OutboundMessage): void
}

/**
 * The bounded queue of one link.
 *
 *     head ─ taken, being written ─┃─ untaken ─ tail
 *            release / rewind      ┃ peek, take, drop, discard    append
 *
 * A message stays until its outcome is known. `take` marks it as part of a write, `release` removes it when the
 * transport has confirmed the write, and `rewind` makes it wait again when the connection is lost.
 */
export interface Outbox {
  /** All messages in the outbox, including taken ones. Always the same object, with live numbers. */
  readonly level: OutboxLevel
  /**
   * Adds one message at the tail. Takes its parts, because an object for each message would be garbage immediately.
   * @returns false if the outbox is full; then nothing has changed
   */
  append(
    payload: Uint8Array,
    id: string | undefined,
    expiresAtMs: number | undefined,
    epoch: number,
  ): boolean
  /** The oldest untaken message, which stays in the outbox. The object may show another message after the next call. */
  peek(): OutboundMessage | undefined
  /** Marks the message that `peek` shows as being written. */
  take(): void
  /** Removes the message that `peek` shows: its outcome is known without a write. */
  drop(): void
  /** Removes the oldest `count` taken messages, whose outcome is known. Calls `ended`, if given, with each of them. */
  release(count: number, ended?: (message: OutboundMessage) => void): void
  /** The connection is lost: all taken messages become untaken, in their old order, and are marked `resent`. */
  rewind(): void
  /** Removes every untaken message for which `which` returns true. */
  discard(which: (message: OutboundMessage) => boolean): void
  /**
   * Sets the limits for messages that are appended from now on. Present messages stay, even if they exceed the limits.
   */
  limit(limits: OutboxLimits): void
}

/** How full an outbox is. */
export interface OutboxLevel {
  readonly messages: number
  /** Payload bytes, and for each message what the outbox needs to hold it. */
  readonly bytes: number
}

/** One copy of a message, on its way to one link. */
export interface OutboundMessage {
  /** The sender's bytes by reference. A small view of a large received chunk is copied before it waits. */
  payload: Uint8Array
  readonly id: string | undefined
  /** By the clock's `now`; undefined: never. Not Infinity, because V8 would box the double for each message. */
  readonly expiresAtMs: number | undefined
  /** The number of the only connection that may carry the message; 0: any connection. */
  readonly epoch: number
  /** The message was part of a write that the transport did not confirm. */
  resent: boolean
}

/** The key of the implementation in the container of a node. */
export const OutboxStore: InjectionToken<OutboxStore> = Symbol.for('commloop.OutboxStore')
