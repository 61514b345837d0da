import {
  type EntryConfig,
  LINK_TRANSITIONS,
  type LinkChange,
  type LinkCounters,
  type LinkHandle,
  type LinkState,
} from '@commloop/core'
import type { MemoryConnection } from '../network/index.js'
import { DialWatch } from './dial-watch.js'
import { lossMarker } from './loss-marker.js'
import type { SentMessage } from './message-book.js'
import { ReplacementWatch } from './replacement-watch.js'
import type { World } from './world.js'

/** One time that a message was given to this link. */
interface Place {
  /** In the order of entering this link's outbox, from 1. */
  readonly order: number
  /** Only over this connection; 0: any. */
  readonly epoch: number
}

/** The copies of one message that this link was given: a relay may be told one twice. */
interface Copies {
  readonly places: Place[]
  delivered: number
}

/** From here on core writes a payload by reference. */
const BY_REFERENCE_BYTES_MIN = 16 * 1024

/** Eyes on one link of one process: everything that may be said of it from outside, checked as it happens. */
export class LinkWatch {
  readonly handle: LinkHandle
  readonly entry: EntryConfig
  readonly where: string
  readonly #world: World
  readonly #dials: DialWatch | undefined
  readonly #replacements: ReplacementWatch | undefined
  readonly #copies = new Map<number, Copies>()
  #ordered = 0
  #state: LinkState = 'idle'
  #epoch = 0
  #connection: MemoryConnection | undefined
  #atUp: LinkCounters | undefined
  #orderSeen = 0
  #deliveredInEpoch = 0
  #duplicates = 0
  #drainDue = false
  paused = false
  /** Whether somebody has a reason not to read from this link. */
  heldRightly: () => boolean = () => false
  /** An operator has dialled: what the link does next is its doing. */
  dialledByOperator = false
  #heldBack = false

  constructor(handle: LinkHandle, entry: EntryConfig, node: string, world: World) {
    this.handle = handle
    this.entry = entry
    this.where = `${node} ${handle.id}`
    this.#world = world
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

  // ── states ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** `connection`: what fills the link now, as far as the network can tell. */
  changed(change: LinkChange, connection: MemoryConnection | undefined): void {
    const { state, epoch, reason = '' } = change
    const was = this.#state
    this.#world.trace.note(this.where, `${state} ${reason}`, epoch)
    const listed: Readonly<Record<string, LinkState>> = LINK_TRANSITIONS[this.entry.role][was]
    if (!Object.values(listed).includes(state)) this.#violated(`went from ${was} to ${state}`)
    if (this.handle.state !== state) this.#violated(`told ${state}, is ${this.handle.state}`)
    this.#state = state
    const marker = lossMarker(reason)
    if (marker !== undefined && state !== 'draining') this.#world.markers.seen(marker)
    if (state === 'up') this.#up(epoch, connection)
    else if (epoch !== this.#epoch) this.#violated(`epoch ${String(epoch)} without being up`)
    this.#dials?.changed(was, state, this.handle, this.dialledByOperator)
    if (state !== 'backoff') this.dialledByOperator = false
    if (was === 'up' || was === 'draining') this.#lost(state, reason)
  }

  #up(epoch: number, connection: MemoryConnection | undefined): void {
    if (epoch !== this.#epoch + 1)
      this.#violated(`epoch ${String(epoch)} after ${String(this.#epoch)}`)
    this.#epoch = epoch
    this.#connection = connection
    this.#atUp = this.handle.counters
    this.#orderSeen = 0
    this.#deliveredInEpoch = 0
    if (connection === undefined) this.#violated('is up without a connection')
    else {
      this.#world.ends.set(connection, { watch: this, epoch })
      this.#dials?.opened(connection)
    }
  }

  #lost(state: LinkState, reason: string): void {
    const { markers } = this.#world
    const connection = this.#connection
    if (state === 'draining' || connection === undefined) return
    if (reason !== 'peer closed') this.#replacements?.lost(reason, connection, this.paused)
    else if (!connection.closed && !connection.destroyed) markers.seen('gave way')
    else if (connection.wroteAfterFin) markers.seen('half-closed, served')
    else markers.seen('half-closed, closed')
  }

  // ── copies ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** A copy of a message was, or will be now, given to this link. `epoch` 0: over any connection. */
  given(message: SentMessage, epoch: number): void {
    this.#ordered++
    const bound = epoch === 0 && !this.handle.lasting ? this.#presentEpoch() : epoch
    const place = { order: this.#ordered, epoch: bound }
    const known = this.#copies.get(message.number)
    if (known === undefined) this.#copies.set(message.number, { places: [place], delivered: 0 })
    else known.places.push(place)
    const { byteLength } = message.payload
    if (byteLength >= BY_REFERENCE_BYTES_MIN) this.#world.markers.seen('by reference')
  }

  /**
   * A passing link takes copies for its present connection only; -1: there is none. One that drains because its node
   * stops may still get those that the router was asked about before; one that is being disabled begins no write.
   */
  #presentEpoch(): number {
    const { state, epoch, enabled } = this.handle
    return state === 'up' || (state === 'draining' && enabled) ? epoch : -1
  }

  /** The peer was given a message that this link wrote, over the connection of `epoch`. */
  arrived(message: SentMessage, epoch: number, receiver: LinkWatch): void {
    const copies = this.#copies.get(message.number)
    const name = `message ${String(message.number)}`
    if (copies === undefined) {
      receiver.#violated(`was delivered ${name}, which ${this.where} was never given`)
      return
    }
    const allowed = copies.places.filter((place) => place.epoch === 0 || place.epoch === epoch)
    if (allowed.length === 0) {
      const text = `was delivered ${name} over epoch ${String(epoch)} of ${this.where}`
      receiver.#violated(`${text}, and it was for another one only`)
    }
    const place = allowed.find(({ order }) => order > receiver.#orderSeen)
    if (place === undefined) receiver.#violated(`was delivered ${name} out of order, or again`)
    else receiver.#orderSeen = place.order
    if (place?.epoch === epoch && this.handle.lasting) {
      this.#world.markers.seen('bound copy delivered')
    }
    copies.delivered++
    if (copies.delivered > copies.places.length) this.#twice(name)
  }

  #twice(name: string): void {
    this.#duplicates++
    this.#world.markers.seen('delivered twice')
    const { resent } = this.handle.counters
    if (this.#duplicates <= resent) return
    this.#violated(`${name} arrived twice; ${String(resent)} copies were counted as resent`)
  }

  /** This link was told a payload. */
  received(epoch: number): void {
    const up = this.#state === 'up' || this.#state === 'draining'
    if (!up) this.#violated(`delivered a message while ${this.#state}`)
    if (epoch !== this.#epoch || epoch !== this.handle.epoch) {
      this.#violated(`delivered a message of epoch ${String(epoch)} in ${String(this.#epoch)}`)
    }
    this.#deliveredInEpoch++
  }

  // ── bounds ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** What holds at every moment. */
  check(counters: LinkCounters): void {
    const { queued, written, expired, dropped, undeliverable, enqueued } = counters
    const ends = queued + written + expired + dropped + undeliverable
    if (enqueued !== ends) {
      this.#violated(`ledger: ${String(enqueued)} enqueued, ${String(ends)} accounted for`)
    }
    if (counters.resent > 0 && this.entry.settings.onLoss === 'drop') {
      this.#violated('has sent copies again that were to be dropped')
    }
    const { bytesMax, messagesMax } = this.entry.settings.outbox
    if (this.handle.queuedBytes > bytesMax || queued > messagesMax || queued < 0) {
      this.#violated(
        `outbox of ${String(queued)} messages, ${String(this.handle.queuedBytes)} bytes`,
      )
    }
    if (this.handle.aboveHighWaterMark) this.aboveMark()
  }

  /** What can only be seen by looking now and then. */
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

  /** It was seen above its mark, so that its drain is due. */
  aboveMark(): void {
    if (!this.#drainDue) this.#world.markers.seen('above the mark')
    this.#drainDue = true
  }

  drained(): void {
    this.#world.markers.seen('drain')
    this.#drainDue = false
    const { queuedBytes } = this.handle
    if (queuedBytes <= this.entry.settings.highWaterMarkBytes / 2) return
    this.#violated(`drain with ${String(queuedBytes)} bytes queued`)
  }

  // ── what must be so when all is calm ────────────────────────────────────────────────────────────────────────

  /** Up, with the link at the other end, and nothing left to send. */
  get inOrder(): boolean {
    return this.#peer() !== undefined && this.handle.queuedMessages === 0
  }

  /** How it is, for people. */
  get told(): string {
    const { state, queuedMessages, reason = 'no reason' } = this.handle
    return `${state} (${reason}) with ${String(queuedMessages)} queued`
  }

  checkSettled(): void {
    if (this.#drainDue && !this.handle.aboveHighWaterMark) {
      this.#violated('was above its mark, is not any more, and no drain was told')
    }
    const { received } = this.handle.counters
    const sinceUp = received - (this.#atUp?.received ?? 0)
    if (sinceUp !== this.#deliveredInEpoch) {
      this.#violated(`counted ${String(sinceUp)} payloads, told ${String(this.#deliveredInEpoch)}`)
    }
    const peer = this.#peer()
    if (peer === undefined || this.#atUp === undefined || peer.#atUp === undefined) return
    // A relay does not read while one of its targets is full, and that one may be away for good.
    if (peer.#connection?.reads !== true && peer.heldRightly()) return
    const written = this.handle.counters.written - this.#atUp.written
    const arrived = peer.handle.counters.received - peer.#atUp.received
    if (written === arrived) return
    const text = `wrote ${String(written)} over the connection, ${peer.where} has ${String(arrived)}`
    this.#violated(text)
  }

  /** The link at the other end of the present connection, where both are up on it. */
  #peer(): LinkWatch | undefined {
    if (this.#state !== 'up' || this.#connection === undefined) return undefined
    const far = this.#world.ends.get(this.#connection.far)
    const both = far !== undefined && far.watch.#connection === this.#connection.far
    return both && far.watch.#state === 'up' ? far.watch : undefined
  }

  #violated(what: string): void {
    this.#world.violated(this.where, what)
  }
}
