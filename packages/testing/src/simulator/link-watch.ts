import {
  type EntryConfig,
  LINK_TRANSITIONS,
  type LinkChange,
  type LinkCounters,
  type LinkHandle,
  type LinkState,
} from '@commloop/core'
import type { MemoryConnection } from '../network/index.js'
import { CopyWatch } from './copy-watch.js'
import { DialWatch } from './dial-watch.js'
import type { ArrivalOrder, ArrivalSink } from './filled-end.js'
import { lossMarker } from './loss-marker.js'
import type { SentMessage } from './message-book.js'
import { ReplacementWatch } from './replacement-watch.js'
import type { World } from './world.js'

interface LateConnection extends ArrivalOrder {
  readonly connection: MemoryConnection
  readonly epoch: number
}

/** Checks one link of one process from outside: its states, its copies, its bounds and its counters. */
export class LinkWatch implements ArrivalSink, ArrivalOrder {
  readonly handle: LinkHandle
  readonly entry: EntryConfig
  readonly where: string
  readonly #world: World
  readonly #dials: DialWatch | undefined
  readonly #replacements: ReplacementWatch | undefined
  readonly #copies: CopyWatch
  #state: LinkState = 'idle'
  #epoch = 0
  #connection: MemoryConnection | undefined
  /** Connections that ended while they were not read, and whose messages may still come, the oldest first. */
  #late: LateConnection[] = []
  #atUp: LinkCounters | undefined
  orderSeen = 0
  #deliveredInEpoch = 0
  #drainDue = false
  paused = false
  /** Whether a relay has a reason not to read from this link. */
  heldRightly: () => boolean = () => false
  /** An operator has called `dial`, so that the next dial is the operator's. */
  dialledByOperator = false
  #heldBack = false

  constructor(handle: LinkHandle, entry: EntryConfig, node: string, world: World) {
    this.handle = handle
    this.entry = entry
    this.where = `${node} ${handle.id}`
    this.#world = world
    this.#copies = new CopyWatch(this.where, handle, world)
    this.#dials = entry.role === 'active' ? new DialWatch(this.where, entry, world) : undefined
    this.#replacements =
      entry.role === 'passive' ? new ReplacementWatch(this.where, entry, world) : undefined
  }

  get state(): LinkState {
    return this.#state
  }

  get connection(): MemoryConnection | undefined {
    return this.#connection
  }

  get atUp(): LinkCounters | undefined {
    return this.#atUp
  }

  // ── states ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** `connection` fills the link now, as far as the network knows. */
  changed(change: LinkChange, connection: MemoryConnection | undefined): void {
    const { state, epoch, reason = '' } = change
    const was = this.#state
    this.#world.trace.note(this.where, `${state} ${reason}`, epoch)
    const listed: Readonly<Record<string, LinkState>> = LINK_TRANSITIONS[this.entry.role][was]
    if (!Object.values(listed).includes(state)) this.violated(`went from ${was} to ${state}`)
    if (this.handle.state !== state) this.violated(`reported ${state}, but is ${this.handle.state}`)
    this.#state = state
    const marker = lossMarker(reason)
    if (marker !== undefined && state !== 'draining') this.#world.markers.seen(marker)
    if (state === 'up') this.#up(epoch, connection)
    else if (epoch !== this.#epoch)
      this.violated(`changed to epoch ${String(epoch)} without being up`)
    this.#dials?.changed(was, state, this.handle, this.dialledByOperator)
    if (state !== 'backoff') this.dialledByOperator = false
    if (was === 'up' || was === 'draining') this.#lost(state, reason)
    if (marker === 'not acknowledged' && this.#connection?.reachesPeer === true) {
      this.violated('gave up a connection whose peer acknowledges what it gets')
    }
    if ((was === 'up' || was === 'draining') && state !== 'draining') this.#keepLate(epoch)
  }

  /** A link that is not read delivers later what it has received whole. */
  #keepLate(epoch: number): void {
    const connection = this.#connection
    if (connection === undefined || connection.reads) return
    this.#late.push({
      connection,
      epoch,
      orderSeen: this.orderSeen,
      violated: (what) => {
        this.violated(what)
      },
    })
  }

  #up(epoch: number, connection: MemoryConnection | undefined): void {
    if (epoch !== this.#epoch + 1)
      this.violated(`went up with epoch ${String(epoch)} after ${String(this.#epoch)}`)
    this.#epoch = epoch
    this.#connection = connection
    this.#atUp = this.handle.counters
    this.orderSeen = 0
    this.#deliveredInEpoch = 0
    if (connection === undefined) this.violated('is up without a connection')
    else {
      this.#world.ends.set(connection, { watch: this, epoch })
      this.#dials?.opened(connection)
    }
  }

  #lost(state: LinkState, reason: string): void {
    const { markers } = this.#world
    const connection = this.#connection
    if (state === 'draining' || connection === undefined) return
    if (connection.wroteAfterFin && this.entry.settings.halfClose === 'close') {
      this.violated('wrote after the FIN of its peer, although `halfClose` is `close`')
    }
    if (reason !== 'peer closed') this.#replacements?.lost(reason, connection, this.paused)
    else if (!connection.closed && !connection.destroyed) markers.seen('gave way')
    else if (connection.wroteAfterFin) markers.seen('half-closed, served')
    else markers.seen('half-closed, closed')
  }

  // ── copies ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** The link is given a copy of a message, now or in the present call. `epoch` 0: for any connection. */
  given(message: SentMessage, epoch: number, ordered = true): void {
    this.#copies.given(message, epoch, ordered)
  }

  arrived(message: SentMessage, epoch: number, receiver: ArrivalOrder): void {
    this.#copies.arrived(message, epoch, receiver)
  }

  /** The node has delivered a payload of this link. @returns where it came from */
  received(epoch: number): { connection: MemoryConnection | undefined; order: ArrivalOrder } {
    // Everything of former connections comes first.
    this.#late = this.#late.filter((each) => each.epoch >= epoch)
    const late = this.#late[0]
    if (late?.epoch === epoch) {
      this.#receivedLate()
      return { connection: late.connection, order: late }
    }
    const up = this.#state === 'up' || this.#state === 'draining'
    if (!up) this.violated(`delivered a message while ${this.#state}`)
    if (epoch !== this.#epoch || epoch !== this.handle.epoch) {
      this.violated(`delivered a message of epoch ${String(epoch)} in epoch ${String(this.#epoch)}`)
    }
    this.#deliveredInEpoch++
    return { connection: this.#connection, order: this }
  }

  #receivedLate(): void {
    this.#world.markers.seen('delivered after the end')
    // Not one of the messages of the present connection.
    if (this.#atUp !== undefined) {
      this.#atUp = { ...this.#atUp, received: this.#atUp.received + 1 }
    }
  }

  // ── bounds ──────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Checks what holds at every moment. The equation is written out here, and not taken from core: it is the oracle
   * that core is checked against.
   */
  check(counters: LinkCounters): void {
    const { queued, written, expired, dropped, undeliverable, enqueued } = counters
    const ends = queued + written + expired + dropped + undeliverable
    if (enqueued !== ends) {
      this.violated(`ledger: ${String(enqueued)} copies enqueued, ${String(ends)} accounted for`)
    }
    if (counters.resent > 0 && this.entry.settings.onLoss === 'drop') {
      this.violated('has resent copies although `onLoss` is `drop`')
    }
    const { bytesMax, messagesMax } = this.entry.settings.outbox
    if (this.handle.queuedBytes > bytesMax || queued > messagesMax || queued < 0) {
      this.violated(
        `the outbox holds ${String(queued)} messages, ${String(this.handle.queuedBytes)} bytes`,
      )
    }
    if (this.handle.aboveHighWaterMark) this.aboveMark()
  }

  /** Counts situations that no event reports. Called at intervals. */
  look(): void {
    const { markers } = this.#world
    if (this.#state === 'backoff' && this.handle.nextDialInMs === undefined) {
      markers.seen('waited for a permit')
    }
    const connection = this.#connection
    const open = this.#state === 'up' && connection !== undefined && !connection.closed
    const heldBack = open && !connection.reads && !this.paused
    if (heldBack && !this.#heldBack) markers.seen('relay held back')
    if (!heldBack && this.#heldBack && open) markers.seen('relay let go')
    this.#heldBack = heldBack
  }

  /** The link is above its high-water mark, so that a drain must follow. */
  aboveMark(): void {
    if (!this.#drainDue) this.#world.markers.seen('above the mark')
    this.#drainDue = true
  }

  drained(): void {
    this.#world.markers.seen('drain')
    this.#drainDue = false
    const { queuedBytes } = this.handle
    if (queuedBytes <= this.entry.settings.highWaterMarkBytes / 2) return
    this.violated(`reported a drain with ${String(queuedBytes)} bytes queued`)
  }

  // ── what must hold after the faults ────────────────────────────────────────────────────────────────────────

  /** The links at both ends are up, and the outbox is empty. */
  get settled(): boolean {
    return this.#peer() !== undefined && this.handle.queuedMessages === 0
  }

  /** The state of the link, as text. */
  get description(): string {
    const { state, queuedMessages, reason = 'no reason' } = this.handle
    return `${state} (${reason}) with ${String(queuedMessages)} queued`
  }

  checkSettled(): void {
    if (this.#drainDue && !this.handle.aboveHighWaterMark) {
      this.violated('fell below its high-water mark without reporting a drain')
    }
    const { received } = this.handle.counters
    const sinceUp = received - (this.#atUp?.received ?? 0)
    if (sinceUp !== this.#deliveredInEpoch) {
      this.violated(
        `counted ${String(sinceUp)} payloads, delivered ${String(this.#deliveredInEpoch)}`,
      )
    }
    const peer = this.#peer()
    if (peer?.atUp === undefined || this.#atUp === undefined) return
    // A relay does not read while one of its targets is full, and that target may be down permanently.
    if (peer.connection?.reads !== true && peer.heldRightly()) return
    const written = this.handle.counters.written - this.#atUp.written
    const arrived = peer.handle.counters.received - peer.atUp.received
    if (written === arrived) return
    const text = `wrote ${String(written)} copies over the connection, ${peer.where} received ${String(arrived)}`
    this.violated(text)
  }

  /** The link at the other end of the present connection, if both links are up on it. */
  #peer(): ArrivalSink | undefined {
    if (this.#state !== 'up' || this.#connection === undefined) return undefined
    const far = this.#world.ends.get(this.#connection.far)
    const both = far !== undefined && far.watch.connection === this.#connection.far
    return both && far.watch.state === 'up' ? far.watch : undefined
  }

  violated(what: string): void {
    this.#world.violated(this.where, what)
  }
}
