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
  /** Copies of a write that the transport has not confirmed. */
  readonly unconfirmed: number
  /** There is something to write. */
  wake(): void
}

/** Receives what happens to the copies of all queues of a node. */
export interface QueueListener<Owner> {
  /** A write contains a copy that has an id and is bound to the connection. */
  begun(id: string): void
  /** A copy has ended. Not called for a copy without an id that was written. */
  ended(outcome: Outcome, reason: Reason | undefined, link: Owner, id: string | undefined): void
  /** The queue was above its high-water mark, and has fallen to half of it. */
  belowMark(link: Owner): void
  queueEmpty(link: Owner): void
  /** Whether `sent` must be called. A method, because a getter would put the object into V8's dictionary mode. */
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

/** Least time between two searches for expired messages, because a search goes through the whole queue. */
const EXPIRY_MS_MIN = 100

/**
 * The copies that wait on one link, across its connections. Every copy that the queue has accepted gets exactly one
 * outcome, and is counted once and reported once.
 */
export class LinkQueue<Owner extends QueueOwner> implements WrittenQueue, OutboxHandler {
  readonly outbox: Outbox
  /** The counters of the link, those of its connections included. */
  readonly tally = new LinkTally()
  readonly #link: Owner
  readonly #services: QueueServices<Owner>
  /**
   * The queue was above its high-water mark, and has not fallen to half of it since. A plain property and not a getter,
   * because it is read for every message. Only this class sets it.
   */
  aboveMark = false
  #expiryTimer: Timer | undefined

  /** `link` has its id and its settings already. */
  constructor(link: Owner, services: QueueServices<Owner>) {
    this.#link = link
    this.#services = services
    this.outbox = services.store.open(link.id, link.settings.outbox, this)
  }

  // ── new copies ──────────────────────────────────────────────────────────────────────────────────────────────

  /** Accepts one copy, or returns why not; then nothing has changed. `epoch` 0: over any connection. */
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

  // Rare cases are outside `offer`, so that V8 can inline the rest of it.

  #isOpen(epoch: number): boolean {
    const link = this.#link
    return epoch === link.epoch && link.connection?.writable === true
  }

  /** The copy was bound to a connection that has ended. It is accepted, and dropped immediately. */
  #missed(id: string | undefined): void {
    this.tally.enqueued++
    this.#ended('dropped', EPOCH, id)
  }

  /** The outbox is full: drops expired copies, and tries again. */
  #appendForExpired(
    payload: Uint8Array,
    id: string | undefined,
    expiresAtMs: number | undefined,
    epoch: number,
  ): boolean {
    const roomier = this.#expiryTimer !== undefined && this.#discardExpired()
    return roomier && this.outbox.append(payload, id, expiresAtMs, epoch)
  }

  /** Counts a copy that this link has refused, of a message that other links have accepted. */
  refuseCopy(code: Refusal, id: string | undefined): void {
    this.tally.enqueued++
    this.#ended('dropped', { code }, id)
  }

  /** Whether a new copy would wait longer than until the end of the present callback. */
  get copiesWait(): boolean {
    const { connection } = this.#link
    return connection === undefined || !connection.writable || connection.unconfirmed > 0
  }

  /** The outbox has a message to send after it had none. */
  sendable(): void {
    this.#link.connection?.wake()
  }

  /** The outbox has dropped a copy to make room. */
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

  /** Drops expired copies, and sets the timer for the next one. @returns whether it has dropped any */
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

  // ── writing ─────────────────────────────────────────────────────────────────────────────────────────────────

  unwritten(message: OutboundMessage, reason: UnwrittenReason, cause?: unknown): void {
    if (reason === 'expired') this.#ended('expired', TTL, message.id)
    else if (reason === 'epoch') this.#ended('dropped', EPOCH, message.id)
    else {
      this.unencoded('a payload', cause)
      this.#ended('undeliverable', CODEC, message.id)
    }
  }

  begun({ id }: OutboundMessage): void {
    if (id !== undefined) this.#services.listener.begun(id)
  }

  unencoded(what: string, cause: unknown): void {
    const text = `${this.#link.id}: the codec could not encode ${what}: ${foreignText(cause)}`
    this.#services.listener.warning('CODEC_ENCODE', text, cause)
  }

  lost(skippedBytes: number, droppedFrames: number): void {
    const { tally } = this
    tally.skippedBytes += skippedBytes
    tally.droppedFrames += droppedFrames
    const text = `${this.#link.id}: the peer sent ${lossText(skippedBytes, droppedFrames)}`
    this.#services.listener.warning('FRAMES_DROPPED', text)
  }

  /** The writer has counted the copy already. */
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

  // ── changes of the link ─────────────────────────────────────────────────────────────────────────────────────

  /** The connection is lost. The peer may have received all of the unconfirmed copies, some or none. */
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

  /** The settings have changed. Waiting copies stay, even if they exceed the new limits. */
  settingsChanged(): void {
    const { outbox, highWaterMarkBytes } = this.#link.settings
    this.outbox.limit(outbox)
    if (this.outbox.level.bytes > highWaterMarkBytes) this.aboveMark = true
  }

  /** After a change of the codec: drops the copies that are too large for the new one. Not during a write. */
  dropOversized(): void {
    const { payloadBytesMax } = this.#link.codec
    this.outbox.discard((message) => {
      if (message.payload.byteLength <= payloadBytesMax) return false
      this.#ended('undeliverable', CODEC, message.id)
      return true
    })
  }

  /** Drops the copies that were bound to the lost connection. */
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

function lossText(skippedBytes: number, droppedFrames: number): string {
  const bytes = `${String(skippedBytes)} bytes outside of frames`
  if (droppedFrames === 0) return bytes
  const frames = `${String(droppedFrames)} damaged ${droppedFrames === 1 ? 'frame' : 'frames'}`
  return skippedBytes === 0 ? frames : `${frames} and ${bytes}`
}
