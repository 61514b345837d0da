import type { LinkSettings } from '../config/node-config.js'
import type { Clock, Timer } from '../contracts/clock.js'
import type { FrameCodec } from '../contracts/frame-codec.js'
import type { Outcome } from '../contracts/node-events.js'
import type { OutboundMessage, Outbox, OutboxHandler, OutboxStore } from '../contracts/outbox.js'
import type { Reason, ReasonCode } from '../contracts/reason.js'
import type { LinkState } from '../contracts/send-router.js'
import type { WarningCode } from '../contracts/warning.js'
import { LinkTally } from '../ledger/link-counters.js'
import { foreignText } from '../text/safe-text.js'
import { timerMs } from '../units/duration.js'
import type { UnwrittenReason } from './connection/batch.js'
import type { WrittenQueue } from './connection/frame-writer.js'
import { unpinned } from './unpinned.js'

/** The link that a queue belongs to. */
export interface QueueOwner {
  readonly id: string
  readonly settings: LinkSettings
  readonly codec: FrameCodec
  readonly state: LinkState
  readonly epoch: number
  /** The connection that empties the queue. */
  readonly connection: EmptyingConnection | undefined
}

export interface EmptyingConnection {
  readonly writable: boolean
  /** Copies of a write that was begun and is not confirmed. */
  readonly unconfirmed: number
  /** There is something to write. */
  wake(): void
}

/** Receives what happens to the copies of all queues of a node. */
export interface QueueListener<Owner> {
  /** A copy has met its outcome. No call for a copy that was written and carries no id. */
  ended(outcome: Outcome, reason: Reason | undefined, link: Owner, id: string | undefined): void
  /** The queue was above its high-water mark, and has fallen to half of it. */
  belowMark(link: Owner): void
  queueEmpty(link: Owner): void
  /** Whether `sent` is wanted. A method: a getter would put the object into V8's dictionary mode. */
  tapped(): boolean
  sent(link: Owner, message: OutboundMessage): void
  warning(code: WarningCode, message: string, cause?: unknown): void
}

export interface QueueServices<Owner> {
  readonly clock: Clock
  readonly store: OutboxStore
  readonly listener: QueueListener<Owner>
}

/** Why a copy was not taken. */
export type Refusal = Extract<ReasonCode, 'outbox-full' | 'link-down'>

const TTL: Reason = { code: 'ttl' }
const EPOCH: Reason = { code: 'epoch' }
const CODEC: Reason = { code: 'codec' }
const OUTBOX_FULL: Reason = { code: 'outbox-full' }
const UNCONFIRMED_AT_LOSS: Reason = { code: 'unconfirmed-at-loss' }

/** A search for expired messages goes through the whole queue, so it does not run more often than this. */
const EXPIRY_MS_MIN = 100

/**
 * The copies that wait on one link, whatever becomes of its connections. Every copy that was offered and taken meets
 * exactly one outcome here, is counted once and reported once.
 */
export class LinkQueue<Owner extends QueueOwner> implements WrittenQueue, OutboxHandler {
  readonly outbox: Outbox
  /** The counters of the link, those of its connections included. */
  readonly tally = new LinkTally()
  readonly #link: Owner
  readonly #services: QueueServices<Owner>
  /**
   * The queue has been above its high-water mark, and has not fallen to half of it since. A plain property and not a
   * getter, because it is read for every message. Only this class sets it.
   */
  aboveMark = false
  #expiryTimer: Timer | undefined

  /** `link` has its id and its settings already. */
  constructor(link: Owner, services: QueueServices<Owner>) {
    this.#link = link
    this.#services = services
    this.outbox = services.store.open(link.id, link.settings.outbox, this)
  }

  // ── copies that come ────────────────────────────────────────────────────────────────────────────────────────

  /** Takes one copy, or returns why not; then nothing has changed. `epoch` 0: over any connection. */
  offer(
    payload: Uint8Array,
    id: string | undefined,
    expiresAtMs: number | undefined,
    epoch: number,
  ): Refusal | undefined {
    if (epoch !== 0 && !this.#isOpen(epoch)) {
      this.#missed(id)
      return undefined
    }
    const link = this.#link
    const { settings } = link
    if (link.state === 'closed') return 'link-down'
    // Only a link that stands for one peer may queue for a connection that is still to come.
    if (!settings.lasting && link.connection?.writable !== true) return 'link-down'
    const { outbox } = this
    const taken =
      outbox.append(payload, id, expiresAtMs, epoch) ||
      this.#appendForExpired(payload, id, expiresAtMs, epoch)
    if (!taken) return 'outbox-full'
    this.tally.enqueued++
    if (outbox.level.bytes > settings.highWaterMarkBytes) this.aboveMark = true
    if (expiresAtMs !== undefined) this.#watchExpiry(expiresAtMs)
    link.connection?.wake()
    return undefined
  }

  // Rare cases are not within `offer`, so that V8 can inline what is left of it.

  #isOpen(epoch: number): boolean {
    const link = this.#link
    return epoch === link.epoch && link.connection?.writable === true
  }

  /** The copy was meant for a connection that is gone. It is taken, and has met its outcome. */
  #missed(id: string | undefined): void {
    this.tally.enqueued++
    this.#ended('dropped', EPOCH, id)
  }

  /** Expired copies may give room that the outbox does not have. */
  #appendForExpired(
    payload: Uint8Array,
    id: string | undefined,
    expiresAtMs: number | undefined,
    epoch: number,
  ): boolean {
    const roomier = this.#expiryTimer !== undefined && this.#discardExpired()
    return roomier && this.outbox.append(payload, id, expiresAtMs, epoch)
  }

  /** Counts a copy that this link did not take, of a message that other links took. */
  refuseCopy(code: Refusal, id: string | undefined): void {
    this.tally.enqueued++
    this.#ended('dropped', { code }, id)
  }

  /** Whether a copy would wait here longer than the present callback. */
  get copiesWait(): boolean {
    const { connection } = this.#link
    return connection === undefined || !connection.writable || connection.unconfirmed > 0
  }

  /** The outbox has something to send that was not there before. */
  sendable(): void {
    this.#link.connection?.wake()
  }

  /** The outbox has given up a copy to make room. */
  dropped(message: OutboundMessage): void {
    this.#ended('dropped', OUTBOX_FULL, message.id)
  }

  // ── copies that expire ──────────────────────────────────────────────────────────────────────────────────────

  #watchExpiry(expiresAtMs: number): void {
    if (this.#expiryTimer !== undefined) return
    const { clock } = this.#services
    const delayMs = timerMs(Math.max(EXPIRY_MS_MIN, expiresAtMs - clock.now()))
    this.#expiryTimer = clock.after(delayMs, () => {
      this.#expiryTimer = undefined
      this.#discardExpired()
      this.shrunk()
    })
  }

  /** @returns whether any was found. Sets the timer for the next one. */
  #discardExpired(): boolean {
    const nowMs = this.#services.clock.now()
    let nextMs: number | undefined
    let any = false
    this.outbox.discard((message) => {
      const { expiresAtMs } = message
      if (expiresAtMs === undefined) return false
      if (expiresAtMs > nowMs) {
        nextMs = Math.min(nextMs ?? expiresAtMs, expiresAtMs)
        return false
      }
      any = true
      this.#ended('expired', TTL, message.id)
      return true
    })
    if (nextMs !== undefined) this.#watchExpiry(nextMs)
    return any
  }

  #stopExpiry(): void {
    this.#expiryTimer?.cancel()
    this.#expiryTimer = undefined
  }

  // ── copies that are written, or cannot be ───────────────────────────────────────────────────────────────────

  unwritten(message: OutboundMessage, reason: UnwrittenReason, cause?: unknown): void {
    if (reason === 'expired') this.#ended('expired', TTL, message.id)
    else if (reason === 'epoch') this.#ended('dropped', EPOCH, message.id)
    else {
      this.unencoded('a payload', cause)
      this.#ended('undeliverable', CODEC, message.id)
    }
  }

  unencoded(what: string, cause: unknown): void {
    const text = `${this.#link.id}: the codec could not encode ${what}: ${foreignText(cause)}`
    this.#services.listener.warning('CODEC_ENCODE', text, cause)
  }

  /** Counted by the writer already. */
  written(message: OutboundMessage): void {
    this.#services.listener.ended('written', undefined, this.#link, message.id)
  }

  get tapped(): boolean {
    return this.#services.listener.tapped()
  }

  sent(message: OutboundMessage): void {
    this.#services.listener.sent(this.#link, message)
  }

  shrunk(): void {
    const { level } = this.outbox
    const { listener } = this.#services
    if (this.aboveMark && level.bytes <= this.#link.settings.highWaterMarkBytes / 2) {
      this.aboveMark = false
      listener.belowMark(this.#link)
    }
    if (level.messages > 0) return
    this.#stopExpiry()
    listener.queueEmpty(this.#link)
  }

  // ── a link that changes ─────────────────────────────────────────────────────────────────────────────────────

  /** The connection is gone. The peer may have all of the unconfirmed copies, some or none. */
  connectionLost(unconfirmed: number): void {
    if (this.#link.settings.onLoss === 'drop') {
      this.outbox.release(unconfirmed, (message) => {
        this.#ended('dropped', UNCONFIRMED_AT_LOSS, message.id)
      })
    }
    this.outbox.rewind()
    this.outbox.discard((message) => {
      if (message.resent) message.payload = unpinned(message.payload)
      return false
    })
  }

  /** The settings have changed. What waits stays, even if it is more than they allow. */
  settingsChanged(): void {
    const { outbox, highWaterMarkBytes } = this.#link.settings
    this.outbox.limit(outbox)
    if (this.outbox.level.bytes > highWaterMarkBytes) this.aboveMark = true
  }

  /** Drops what was accepted for another codec and is too large for this one. Not during a write. */
  dropOversized(): void {
    const { payloadBytesMax } = this.#link.codec
    this.outbox.discard((message) => {
      if (message.payload.byteLength <= payloadBytesMax) return false
      this.#ended('undeliverable', CODEC, message.id)
      return true
    })
  }

  /** Drops the copies that were meant for the connection that is gone. */
  dropBound(): void {
    this.outbox.discard((message) => {
      if (message.epoch === 0) return false
      this.#ended('dropped', EPOCH, message.id)
      return true
    })
  }

  /** Drops every copy that is not being written. */
  dropAll(reason: Reason): void {
    this.outbox.discard((message) => {
      this.#ended('dropped', reason, message.id)
      return true
    })
    this.#stopExpiry()
  }

  #ended(outcome: Exclude<Outcome, 'written'>, reason: Reason, id: string | undefined): void {
    this.tally[outcome]++
    this.#services.listener.ended(outcome, reason, this.#link, id)
  }
}
