import type { InjectionToken } from '../di.js'

/** What a waiting message counts beside its payload, in bytes. */
export const MESSAGE_OVERHEAD_BYTES = 64

/** Makes the outbox of each link. Internal until a second implementation exists (durable, acknowledged). */
export interface OutboxStore {
  open(link: string, limits: OutboxLimits, handler: OutboxHandler): Outbox
}

export interface OutboxLimits {
  /** Payload bytes plus 64 for each message. */
  readonly bytesMax: number
  readonly messagesMax: number
  /** When full: refuse the newcomer, or drop the oldest that are not being written. */
  readonly overflow: 'reject' | 'drop-oldest'
}

export interface OutboxHandler {
  /** There is something to take again that was not there before (durable: synced). Never within `append`. */
  sendable(): void
  /** Given up to make room; never one that is taken. */
  dropped(message: OutboundMessage): void
}

/**
 * The bounded queue of one link.
 *
 *     head ─ taken, being written ─┃─ untaken ─ tail
 *            release / rewind      ┃ peek, take, drop, discard    append
 *
 * A message stays until its outcome is known: `take` hands it to a write, `release` when that write was
 * confirmed, `rewind` when its connection was lost.
 */
export interface Outbox {
  /** Everything inside, taken ones included. One object for good, its numbers are live. */
  readonly level: OutboxLevel
  /** Parts of an `OutboundMessage`; an object for each would be thrown away at once. false: full; nothing changed. */
  append(
    payload: Uint8Array,
    id: string | undefined,
    expiresAtMs: number | undefined,
    epoch: number,
  ): boolean
  /** The oldest untaken message, left where it is. The object may show another message after the next call. */
  peek(): OutboundMessage | undefined
  /** Marks the message that `peek` shows as being written. */
  take(): void
  /** Removes the message that `peek` shows: its outcome is known without a write. */
  drop(): void
  /** Removes the oldest `count` taken ones: they have met their outcome. Each is shown to `ended`, if given. */
  release(count: number, ended?: (message: OutboundMessage) => void): void
  /** The connection is gone: all taken ones are untaken again, in their old order, and marked `resent`. */
  rewind(): void
  /** Shows every untaken message to `which` and removes those for which it answers true. */
  discard(which: (message: OutboundMessage) => boolean): void
  /** Other limits, for what is appended from now on: what is inside stays, even where it is more than they allow. */
  limit(limits: OutboxLimits): void
}

export interface OutboxLevel {
  readonly messages: number
  readonly bytes: number
}

/** One copy of a message, on its way to one link. */
export interface OutboundMessage {
  /** The sender's own bytes, by reference; small views of large received chunks are copied when they must wait. */
  payload: Uint8Array
  readonly id: string | undefined
  /** By the clock's `now`; undefined: never. Infinity would be a number in a box of its own for each message. */
  readonly expiresAtMs: number | undefined
  /** Only over this connection; 0: any. */
  readonly epoch: number
  /** Was in a write that nobody confirmed. */
  resent: boolean
}

export const OutboxStore: InjectionToken<OutboxStore> = Symbol.for('commloop.OutboxStore')
