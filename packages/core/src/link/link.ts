import type { EntryConfig, LinkSettings } from '../config/node-config.js'
import type { Clock, Timer } from '../contracts/clock.js'
import type { FrameCodec } from '../contracts/frame-codec.js'
import type { OutboundMessage, Outbox, OutboxHandler, OutboxStore } from '../contracts/outbox.js'
import type { LinkState } from '../contracts/send-router.js'
import type { Address, Connection, ConnectionHandler } from '../contracts/transport.js'
import type { LinkChange, Outcome } from '../contracts/node-events.js'
import { foreignText } from '../text/safe-text.js'
import { timerMs } from '../units/duration.js'
import type { BatchBuffers } from './connection/batch-buffers.js'
import type { UnwrittenReason } from './connection/batch.js'
import { type DialOwner, type DialServices, Dialer } from './dialer.js'
import { type ConnectionOwner, LinkConnection } from './connection/connection.js'
import { LinkTally } from '../ledger/link-counters.js'
import { dialsElsewhere, isOutdated, type LinkSpec, waitsOtherwise } from './link-spec.js'
import { type LinkEvent, nextLinkState } from './link-state.js'

/** What a link tells its node. */
export interface LinkListener {
  changed(link: Link, change: LinkChange): void
  received(link: Link, payload: Uint8Array): void
  /** Whether `sent` is wanted. */
  watched(): boolean
  sent(link: Link, message: OutboundMessage): void
  ended(outcome: Outcome, reason: string | undefined, link: Link, id: string | undefined): void
  drained(link: Link): void
  /** Nothing is queued any more. */
  emptied(link: Link): void
  warning(code: string, message: string, cause?: unknown): void
}

/** What a link needs of its node. */
export interface LinkServices extends DialServices {
  readonly store: OutboxStore
  readonly buffers: BatchBuffers
  readonly listener: LinkListener
}

/** Who wants this link to deliver nothing for now. */
export type Holder = 'user' | 'iterator' | 'relay'
/** In place of a set for each link, which would be larger than most of what a link is. */
const HOLDER_BITS: Readonly<Record<Holder, number>> = { user: 1, iterator: 2, relay: 4 }

/** Why a copy was not taken. */
export type Refusal = 'outbox full' | 'link down'

/** A received view this much smaller than its chunk is copied before it waits: it would pin the chunk. */
const PINNED_FACTOR = 2
/** A frame that comes later, or while the link drains, changes nothing about its state. */
const CAN_OPEN: ReadonlySet<LinkState> = new Set(['dialing', 'awaiting'])

/** Looking for expired messages goes through the whole queue, so not more often than this. */
const EXPIRY_MS_MIN = 100

/**
 * One place for one connection. It outlives its connections: the queue, the counters and the epoch are here, what
 * belongs to one connection is in `LinkConnection`, and when to dial in `Dialer`.
 */
export class Link implements ConnectionOwner, DialOwner, OutboxHandler {
  readonly id: string
  // Properties and no getters, because they are read for every message; only this class sets them.
  settings: LinkSettings
  codec: FrameCodec
  readonly outbox: Outbox
  readonly tally = new LinkTally()
  readonly #services: LinkServices
  readonly #clock: Clock
  readonly #dialer: Dialer | undefined
  #setup: LinkSpec
  /** What counts as soon as the present connection, which cannot go on with it, has ended. */
  #nextSetup: LinkSpec | undefined
  #renewalTimer: Timer | undefined
  /** Bits of those who hold it. */
  #holders = 0
  #state: LinkState = 'idle'
  #epoch: number
  #enabled: boolean
  #connection: LinkConnection | undefined
  #changedMs: number
  #reason: string | undefined
  #stableTimer: Timer | undefined
  #probationTimer: Timer | undefined
  #expiryTimer: Timer | undefined
  #proved = false
  #aboveMark = false
  /** Where `draining` ends. */
  #drainEnd: 'drained' | 'rested' = 'drained'
  /** Why it is being stopped. */
  #stopReason = 'stopped'

  /** `lastEpoch`: where a link of this id, which is gone, stood; no reply to it may be taken for one to this. */
  constructor(id: string, setup: LinkSpec, services: LinkServices, lastEpoch = 0) {
    const { entry, codec, strategy } = setup
    this.id = id
    this.#setup = setup
    this.#epoch = lastEpoch
    this.settings = entry.settings
    this.codec = codec
    this.#services = services
    this.#clock = services.clock
    this.#enabled = entry.enabled
    this.#changedMs = services.clock.now()
    this.#dialer = entry.role === 'active' ? new Dialer(entry, strategy, services, this) : undefined
    this.outbox = services.store.open(id, this.settings.outbox, this)
  }

  /** What the table says of it now. A connection that cannot go on with it may still be ending. */
  get setup(): LinkSpec {
    return this.#nextSetup ?? this.#setup
  }

  get entry(): EntryConfig {
    return this.setup.entry
  }

  get state(): LinkState {
    return this.#state
  }

  get epoch(): number {
    return this.#epoch
  }

  get remote(): Address | undefined {
    return this.#state === 'up' || this.#state === 'draining'
      ? this.#connection?.peer.remote
      : undefined
  }

  /** Since when, by the clock, the state is what it is. */
  get changedMs(): number {
    return this.#changedMs
  }

  /** Why the last connection or dial ended. */
  get reason(): string | undefined {
    return this.#reason
  }

  get attempt(): number {
    return this.#dialer?.attempt ?? 0
  }

  get nextDialMs(): number | undefined {
    return this.#dialer?.nextDialMs
  }

  get enabled(): boolean {
    return this.#enabled
  }

  get aboveHighWaterMark(): boolean {
    return this.#aboveMark
  }

  /** The connection that fills the link, for whoever has to judge it against a newcomer. */
  get connection(): LinkConnection | undefined {
    return this.#connection
  }

  // ── the life of the link ────────────────────────────────────────────────────────────────────────────────────

  #transition(event: LinkEvent, details: Omit<LinkChange, 'link' | 'state' | 'epoch'> = {}): void {
    this.#state = nextLinkState(this.entry.role, this.#state, event)
    this.#changedMs = this.#clock.now()
    this.#services.listener.changed(this, {
      link: this.id,
      state: this.#state,
      epoch: this.#epoch,
      ...details,
    })
  }

  start(): void {
    if (!this.#enabled || this.#state !== 'idle') return
    if (this.#dialer === undefined) this.#transition('start')
    else this.#dialer.begin('start')
  }

  dialing(event: 'start' | 'retryDue' | 'rearm'): void {
    this.tally.dials++
    this.#transition(event, { attempt: this.attempt })
  }

  /** A dialled or accepted connection becomes this link's. */
  opened(connection: Connection, probation: boolean): ConnectionHandler {
    const own = new LinkConnection(connection, this, this.#clock, this.#services.buffers, probation)
    this.#connection = own
    this.#proved = false
    if (probation) {
      this.#probationTimer = this.#clock.after(this.settings.probationMs, () => {
        if (own.onProbation) this.#up()
      })
    } else {
      this.#up()
    }
    own.begin()
    return own
  }

  #up(): void {
    const connection = this.#connection
    if (connection === undefined || !CAN_OPEN.has(this.#state)) return
    this.#probationTimer?.cancel()
    this.#epoch++
    this.#reason = undefined
    // The timer is set first: whoever hears `up` may end the connection at once.
    if (this.#dialer !== undefined) {
      this.#stableTimer = this.#clock.after(this.settings.stableAfterMs, () => {
        this.#provedBy()
      })
    }
    this.#transition('opened', { remote: connection.peer.remote })
    connection.endProbation()
  }

  /** A whole frame has come. */
  proved(): void {
    if (this.#proved) return
    this.#up()
    this.#provedBy()
  }

  #provedBy(): void {
    this.#proved = true
    this.#stableTimer?.cancel()
    this.#dialer?.proved()
  }

  waiting(reason: string, attempt: number, delayMs: number | undefined): void {
    this.#reason = reason
    const event = this.#state === 'dialing' ? 'failed' : 'lost'
    this.#transition(event, {
      reason,
      attempt,
      ...(delayMs === undefined ? {} : { delayMs }),
    })
  }

  gaveUp(reason: string, attempt: number): void {
    this.#transition('gaveUp', { reason, attempt })
  }

  warning(code: string, message: string, cause?: unknown): void {
    this.#services.listener.warning(code, `${this.id}: ${message}`, cause)
  }

  over(connection: LinkConnection, reason: string): void {
    // Let go of before: it ends by itself.
    if (connection !== this.#connection) return
    this.#connection = undefined
    this.#reason = reason
    this.#stableTimer?.cancel()
    this.#probationTimer?.cancel()
    this.#settleUnconfirmed(connection.unconfirmed)
    const renewed = this.#takeNextSetup()
    if (this.#state === 'draining') {
      this.#drainEnded(reason)
      return
    }
    if (this.settings.lasting) this.#dropBound()
    else this.#dropQueue('peer gone')
    if (this.#dialer === undefined) this.#transition('lost', { reason })
    else if (renewed) this.#dialAnew(this.#dialer, reason)
    else this.#dialer.lost(reason)
    this.relieved()
  }

  /** A write that nobody confirmed: the peer may have all, some or nothing of it. */
  #settleUnconfirmed(copies: number): void {
    if (this.settings.onLoss === 'drop') {
      this.outbox.release(copies, (message) => {
        this.#copyEnded('dropped', 'unconfirmed at loss', message)
      })
    }
    this.outbox.rewind()
    this.outbox.discard((message) => {
      if (message.resent) message.payload = unpinned(message.payload)
      return false
    })
  }

  // ── a table that changes ────────────────────────────────────────────────────────────────────────────────────

  /**
   * Takes on what the table says now: at once, or where the connection cannot go on with it, between this connection
   * and the next. Then it ends in order first, within `deadlineMs`. The role is the same.
   * @returns whether a connection has to be made anew
   */
  reconfigure(setup: LinkSpec, deadlineMs: number): boolean {
    if (this.#state === 'closed') return false
    const before = this.setup
    const connection = this.#connection
    const renews =
      connection !== undefined &&
      (this.#nextSetup !== undefined || isOutdated(before, setup, connection.peer))
    if (renews) {
      this.#nextSetup = setup
      this.#renewalTimer ??= this.#clock.after(deadlineMs, () => {
        this.#connection?.abort('reconfigured')
      })
      connection.finish('reconfigured')
    } else {
      this.#takeSetup(setup)
      this.relieved()
    }
    if (before.entry.enabled && !setup.entry.enabled) this.disable()
    else this.#dialSooner(before, setup)
    if (!before.entry.enabled && setup.entry.enabled) this.enable()
    return renews || dialsElsewhere(before, setup)
  }

  /** Between two connections. @returns whether there was something to take on. */
  #takeNextSetup(): boolean {
    const next = this.#nextSetup
    if (next === undefined) return false
    this.#renewalTimer?.cancel()
    this.#renewalTimer = undefined
    this.#nextSetup = undefined
    this.#takeSetup(next)
    return true
  }

  #takeSetup(setup: LinkSpec): void {
    const before = this.#setup
    const { settings } = setup.entry
    // What was queued for whoever was connected must not wait for somebody else.
    const keepsQueue = before.entry.settings.lasting && settings.lasting
    if (this.#connection === undefined && !keepsQueue) this.#dropQueue('peer gone')
    this.#setup = setup
    this.settings = settings
    this.codec = setup.codec
    this.outbox.limit(settings.outbox)
    if (this.outbox.level.bytes > settings.highWaterMarkBytes) this.#aboveMark = true
    if (before.codec !== setup.codec) this.#dropOversized()
    if (setup.entry.role === 'active') {
      this.#dialer?.reconfigure(setup.entry, setup.strategy, dialsElsewhere(before, setup))
    }
    this.#connection?.settingsChanged()
  }

  /** What was accepted for another codec. Nothing is being written: the codec changes between connections. */
  #dropOversized(): void {
    const { payloadBytesMax } = this.codec
    this.outbox.discard((message) => {
      if (message.payload.byteLength <= payloadBytesMax) return false
      this.#copyEnded('undeliverable', 'codec', message)
      return true
    })
  }

  /** A link that waits for a dial does not wait for what the table says no more. */
  #dialSooner(before: LinkSpec, after: LinkSpec): void {
    const dialer = this.#dialer
    if (dialer === undefined || this.#connection !== undefined) return
    if (dialsElsewhere(before, after)) {
      if (this.#state === 'dialing') this.#dialAnew(dialer, 'reconfigured')
      else if (this.#state === 'backoff' || this.#state === 'exhausted') {
        dialer.stop()
        this.dialNow()
      }
    } else if (waitsOtherwise(before, after)) {
      this.dialNow()
    }
  }

  /** Without a connection, and without waiting for the next dial to be due. */
  #dialAnew(dialer: Dialer, reason: string): void {
    dialer.stop()
    this.waiting(reason, 0, 0)
    // Whoever heard of it may have disabled the link, or dialled already.
    if (this.#state === 'backoff') dialer.begin('retryDue')
  }

  // ── ending, and coming back ─────────────────────────────────────────────────────────────────────────────────

  /** For good: what is queued on a link that is up is still written, by way of `draining`. */
  stop(reason: string): void {
    this.#stopReason = reason
    this.#end('stop', 'drained', reason)
  }

  /** Down until `enable`. A lasting link keeps its queue. */
  disable(): void {
    this.#enabled = false
    this.#end('disable', 'rested', 'disabled')
  }

  #end(event: 'stop' | 'disable', drainEnd: 'drained' | 'rested', reason: string): void {
    if (this.#state === 'closed') return
    this.#dialer?.stop()
    if (this.#state === 'draining') {
      // Stopping a link that is being disabled: the same drain, another end.
      if (event === 'stop') this.#drainEnd = drainEnd
      return
    }
    const connection = this.#connection
    if (this.#state === 'up') {
      this.#drainEnd = drainEnd
      this.#transition(event, { reason })
      // Between the loss of a connection and its being told a strategy is asked, which may do anything.
      if (connection === undefined) this.#drainEnded(reason)
      else if (event === 'disable') connection.finish(reason)
      else if (this.outbox.level.messages === 0) this.#services.listener.emptied(this)
      return
    }
    const resting = this.#state === 'idle' && event === 'disable'
    this.#probationTimer?.cancel()
    this.#connection = undefined
    connection?.abort(reason)
    this.#takeNextSetup()
    if (event === 'stop') this.#dropQueue(reason)
    if (!resting) this.#transition(event, { reason })
    this.relieved()
  }

  #drainEnded(reason: string): void {
    if (this.#drainEnd === 'drained' || !this.settings.lasting) {
      this.#dropQueue(this.#drainEnd === 'drained' ? this.#stopReason : 'disabled')
    } else {
      this.#dropBound()
    }
    this.#transition(this.#drainEnd, { reason })
    this.relieved()
    // Enabled again meanwhile: while it drained, or by whoever heard of it.
    this.start()
  }

  enable(): void {
    this.#enabled = true
    this.start()
  }

  /** Dials now, where there is something to dial. @returns whether there is. */
  dialNow(): boolean {
    if (this.#dialer === undefined || !this.#enabled) return false
    if (this.#state === 'backoff') this.#dialer.begin('retryDue')
    else if (this.#state === 'exhausted') this.#dialer.begin('rearm')
    else return this.#dialer.waits || this.#state === 'dialing' || this.#state === 'up'
    return true
  }

  /** Ends the present connection gracefully; an active link dials again by its strategy. */
  close(reason: string): void {
    this.#connection?.finish(reason)
  }

  /** Its peer has said all that it had to say, and so have we: the connection is only kept in case. */
  get givesWay(): boolean {
    return this.#connection?.lingers === true && this.outbox.level.messages === 0
  }

  /** Lets go of a connection that gives way: it ends gracefully by itself, and the link is free at once. */
  vacate(): void {
    const connection = this.#connection
    if (connection === undefined || !this.givesWay) return
    connection.finish('peer closed')
    this.over(connection, 'peer closed')
  }

  /** Ends the present connection at once. */
  abort(reason: string): void {
    this.#connection?.abort(reason)
  }

  // ── copies ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** Takes one copy, or says why not; then nothing has changed. `epoch` 0: over any connection. */
  offer(
    payload: Uint8Array,
    id: string | undefined,
    expiresAtMs: number | undefined,
    epoch: number,
  ): Refusal | undefined {
    if (epoch !== 0 && (epoch !== this.#epoch || this.#connection?.writable !== true)) {
      this.tally.enqueued++
      this.#ended('dropped', 'epoch', id)
      return undefined
    }
    if (!this.#takesCopies()) return 'link down'
    const { outbox } = this
    if (!outbox.append(payload, id, expiresAtMs, epoch)) {
      const roomier = this.#expiryTimer !== undefined && this.#discardExpired()
      if (!roomier || !outbox.append(payload, id, expiresAtMs, epoch)) return 'outbox full'
    }
    this.tally.enqueued++
    if (outbox.level.bytes > this.settings.highWaterMarkBytes) this.#aboveMark = true
    if (expiresAtMs !== undefined) this.#watchExpiry(expiresAtMs)
    this.#connection?.wake()
    return undefined
  }

  /** A copy that this link could not take, of a message that others took. */
  refuseCopy(reason: Refusal, id: string | undefined): void {
    this.tally.enqueued++
    this.#ended('dropped', reason, id)
  }

  /** Only a link that stands for one peer may queue for a connection that is still to come. */
  #takesCopies(): boolean {
    if (this.#state === 'closed') return false
    if (this.settings.lasting) return true
    return this.#connection?.writable === true
  }

  /** Would a copy wait here, beyond the present turn? */
  get copiesWait(): boolean {
    const connection = this.#connection
    return connection === undefined || !connection.writable || connection.unconfirmed > 0
  }

  /** The outbox has something to send that was not there before. */
  sendable(): void {
    this.#connection?.wake()
  }

  /** The outbox has given up a copy to make room. */
  dropped(message: OutboundMessage): void {
    this.#copyEnded('dropped', 'outbox full', message)
  }

  #watchExpiry(expiresAtMs: number): void {
    if (this.#expiryTimer !== undefined) return
    const delayMs = timerMs(Math.max(EXPIRY_MS_MIN, expiresAtMs - this.#clock.now()))
    this.#expiryTimer = this.#clock.after(delayMs, () => {
      this.#expiryTimer = undefined
      this.#discardExpired()
      this.relieved()
    })
  }

  /** @returns whether any was found. Sets the timer for the next one. */
  #discardExpired(): boolean {
    const nowMs = this.#clock.now()
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
      this.#copyEnded('expired', 'ttl', message)
      return true
    })
    if (nextMs !== undefined) this.#watchExpiry(nextMs)
    return any
  }

  unwritten(message: OutboundMessage, reason: UnwrittenReason, cause?: unknown): void {
    if (reason === 'expired') this.#copyEnded('expired', 'ttl', message)
    else if (reason === 'epoch') this.#copyEnded('dropped', 'epoch', message)
    else {
      this.unencoded('a payload', cause)
      this.#copyEnded('undeliverable', 'codec', message)
    }
  }

  unencoded(what: string, cause: unknown): void {
    const text = `the codec could not encode ${what}: ${foreignText(cause)}`
    this.warning('CODEC_ENCODE', text, cause)
  }

  /** Copies that were meant for the connection that is gone. */
  #dropBound(): void {
    this.outbox.discard((message) => {
      if (message.epoch === 0) return false
      this.#copyEnded('dropped', 'epoch', message)
      return true
    })
  }

  #dropQueue(reason: string): void {
    this.outbox.discard((message) => {
      this.#copyEnded('dropped', reason, message)
      return true
    })
    this.#expiryTimer?.cancel()
    this.#expiryTimer = undefined
  }

  #copyEnded(outcome: Outcome, reason: string, message: OutboundMessage): void {
    this.#ended(outcome, reason, message.id)
  }

  #ended(outcome: Outcome, reason: string, id: string | undefined): void {
    if (outcome === 'expired') this.tally.expired++
    else if (outcome === 'dropped') this.tally.dropped++
    else this.tally.undeliverable++
    this.#services.listener.ended(outcome, reason, this, id)
  }

  /** Counted by the connection already. */
  written(message: OutboundMessage): void {
    this.#services.listener.ended('written', undefined, this, message.id)
  }

  get watched(): boolean {
    return this.#services.listener.watched()
  }

  sent(message: OutboundMessage): void {
    this.#services.listener.sent(this, message)
  }

  relieved(): void {
    const { level } = this.outbox
    if (this.#aboveMark && level.bytes <= this.settings.highWaterMarkBytes / 2) {
      this.#aboveMark = false
      this.#services.listener.drained(this)
    }
    if (level.messages > 0) return
    this.#expiryTimer?.cancel()
    this.#expiryTimer = undefined
    this.#services.listener.emptied(this)
  }

  /** The node has nothing more for this link: what is queued is all. */
  finishDrained(reason: string): void {
    if (this.#state === 'draining') this.#connection?.finish(reason)
  }

  // ── payloads ────────────────────────────────────────────────────────────────────────────────────────────────

  delivered(payload: Uint8Array): void {
    this.tally.received++
    this.#services.listener.received(this, payload)
  }

  get held(): boolean {
    return this.#holders !== 0
  }

  hold(holder: Holder): void {
    this.#holders |= HOLDER_BITS[holder]
    this.#connection?.holdChanged()
  }

  unhold(holder: Holder): void {
    this.#holders &= ~HOLDER_BITS[holder]
    this.#connection?.holdChanged()
  }
}

/** The payload itself, or a copy where it is a small view of a large chunk. */
export function unpinned(payload: Uint8Array): Uint8Array {
  const pinned = payload.buffer.byteLength > payload.byteLength * PINNED_FACTOR
  return pinned ? new Uint8Array(payload) : payload
}
