import type { EntryConfig, LinkSettings } from '../config/node-config.js'
import type { NamedListener } from '../config/peer-match.js'
import type { FrameCodec } from '../contracts/frame-codec.js'
import type { LinkChange } from '../contracts/node-events.js'
import { type Reason, reasonFields } from '../contracts/reason.js'
import type { LinkState } from '../contracts/send-router.js'
import type { Connection, ConnectionHandler } from '../contracts/transport.js'
import type { LinkTally } from '../ledger/link-counters.js'
import { LinkConnection } from './connection/connection.js'
import type {
  ConnectionOwner,
  ConnectionServices,
  OwnedConnection,
} from './connection/connection-owner.js'
import { type DialOwner, type DialServices, Dialer } from './dialer.js'
import { Intake, type IntakeOwner, type Release } from './intake.js'
import { LinkQueue, type QueueListener, type QueueOwner, type QueueServices } from './link-queue.js'
import { LinkRenewal } from './link-renewal.js'
import {
  dialsElsewhere,
  isOutdated,
  type LinkSpec,
  sameSpec,
  waitsDifferently,
} from './link-spec.js'
import { type LinkEvent, nextLinkState } from './link-state.js'
import { Readiness, type ReadinessOwner } from './readiness.js'

/** What a link reports to its node. */
export interface LinkListener extends QueueListener<Link> {
  changed(link: Link, change: LinkChange): void
  received(link: Link, payload: Uint8Array, epoch: number): void
}

/** What a link needs of its node. */
export interface LinkServices extends DialServices, QueueServices<Link>, ConnectionServices {
  readonly listener: LinkListener
}

/** What a new spec has changed in a link. */
export type SpecChange = 'unchanged' | 'changed' | 'reconnected'

const DISABLED: Reason = { code: 'disabled' }
const RECONFIGURED: Reason = { code: 'reconfigured' }
const PEER_GONE: Reason = { code: 'peer-gone' }

/** In these states a connection that opens makes the link `up`. */
const CAN_OPEN: ReadonlySet<LinkState> = new Set(['dialing', 'awaiting'])
/** The reason of these events becomes the link's `reason`. */
const ENDS_CONNECTION: ReadonlySet<LinkEvent> = new Set(['failed', 'lost', 'gaveUp'])

/** The event by which a link leaves `draining`, and the reason for which its queue is then dropped. */
interface Drain {
  readonly event: 'drained' | 'drainedDisabled'
  readonly reason: Reason
}

/**
 * A place for one connection at a time. A link outlives its connections. This class has the states of the link.
 * `LinkQueue` has the waiting copies, `LinkConnection` everything that belongs to one connection, and `Dialer` decides
 * when to dial.
 */
export class Link implements ConnectionOwner, DialOwner, QueueOwner, ReadinessOwner, IntakeOwner {
  readonly id: string
  // Plain properties and not getters, because they are read for every message. Only this class sets them, but for the first epoch.
  settings: LinkSettings
  codec: FrameCodec
  state: LinkState = 'idle'
  /** A new link continues the epochs of the former link of its id: a reply to that link is never sent over this one. */
  epoch = 0
  /** The present connection. It may be on probation, or ending. */
  connection: LinkConnection | undefined
  readonly queue: LinkQueue<Link>
  /** Undefined on a passive link. */
  readonly dialer: Dialer | undefined
  readonly #services: LinkServices
  // Fields, because they are used for every received payload.
  readonly #tally: LinkTally
  readonly #listener: LinkListener
  #spec: LinkSpec
  /** The new spec, while the present connection cannot continue under it. */
  #renewal: LinkRenewal | undefined
  /** Created with the first hold. Only this class sets it. */
  intake: Intake | undefined
  #enabled: boolean
  #changedMs: number
  #reason: Reason | undefined
  /** Created with the first connection, because most links of a large table are idle. Only this class sets it. */
  readiness: Readiness | undefined
  #drain: Drain | undefined

  constructor(id: string, spec: LinkSpec, services: LinkServices) {
    const { entry, codec, strategy } = spec
    this.id = id
    this.#spec = spec
    this.settings = entry.settings
    this.codec = codec
    this.#services = services
    this.#enabled = entry.enabled
    this.#changedMs = services.clock.now()
    this.dialer = entry.role === 'active' ? new Dialer(entry, strategy, services, this) : undefined
    this.queue = new LinkQueue<Link>(this, services)
    this.#tally = this.queue.tally
    this.#listener = services.listener
  }

  /** The present entry. A connection under the former entry may still be ending. */
  get entry(): EntryConfig {
    return this.#latestSpec.entry
  }

  get #latestSpec(): LinkSpec {
    return this.#renewal?.spec ?? this.#spec
  }

  /** When the link entered its state, by the clock. */
  get changedMs(): number {
    return this.#changedMs
  }

  /** Why the last connection or dial ended. */
  get reason(): Reason | undefined {
    return this.#reason
  }

  get enabled(): boolean {
    return this.#enabled
  }

  // ── the life of the link ────────────────────────────────────────────────────────────────────────────────────

  transition(
    event: LinkEvent,
    reason: Reason | undefined,
    details: Pick<LinkChange, 'attempt' | 'delayMs' | 'remote'> = {},
  ): void {
    if (reason !== undefined && ENDS_CONNECTION.has(event)) this.#reason = reason
    this.state = nextLinkState(this.entry.role, this.state, event)
    if (this.state === 'closed') this.intake?.end()
    this.#changedMs = this.#services.clock.now()
    this.#services.listener.changed(this, {
      link: this.id,
      state: this.state,
      epoch: this.epoch,
      ...(reason === undefined ? {} : reasonFields(reason)),
      ...details,
    })
  }

  start(): void {
    if (!this.#enabled || this.state !== 'idle') return
    if (this.dialer === undefined) this.transition('start', undefined)
    else this.dialer.begin('start')
  }

  /** A connection was dialled or accepted for this link. */
  opened(connection: Connection, probation: boolean, through?: NamedListener): ConnectionHandler {
    this.readiness ??= new Readiness(this.#services.clock, this, {
      ready: () => {
        this.#ready()
      },
      stable: () => this.dialer?.proved(),
    })
    const waits = this.readiness.begin(probation)
    const own = new LinkConnection(connection, this, this.#services, waits, through)
    this.connection = own
    if (!waits) this.#ready()
    own.begin()
    return own
  }

  /** The present connection is ready for messages. */
  #ready(): void {
    const connection = this.connection
    if (connection === undefined || !CAN_OPEN.has(this.state)) return
    this.epoch++
    this.#reason = undefined
    // Before the transition: a listener of `up` may end the connection.
    this.readiness?.up(this.dialer !== undefined)
    // Before the transition too: a listener of `up` may send over this connection.
    connection.endProbation()
    this.transition('opened', undefined, { remote: connection.peer.remote })
  }

  closed(connection: OwnedConnection, reason: Reason): void {
    // The connection was released earlier, and no longer belongs to this link.
    if (connection !== this.connection) return
    this.connection = undefined
    this.#reason = reason
    this.readiness?.end()
    this.queue.connectionLost(connection.unconfirmed)
    const renewed = this.#endRenewal()
    if (this.state === 'draining') {
      this.#drainEnded(reason)
      return
    }
    if (this.settings.lasting) this.queue.dropBound()
    else this.queue.dropAll(PEER_GONE)
    if (this.dialer === undefined) this.transition(this.state === 'up' ? 'lost' : 'failed', reason)
    else if (renewed) this.dialer.redial(reason)
    else this.dialer.lost(reason)
    this.queue.shrunk()
  }

  // ── a table that changes ────────────────────────────────────────────────────────────────────────────────────

  /**
   * Applies a new spec with the same role. If the present connection cannot continue under it, the connection first
   * ends gracefully, within `deadlineMs`.
   */
  reconfigure(spec: LinkSpec, deadlineMs: number): SpecChange {
    const before = this.#latestSpec
    const same = sameSpec(before, spec)
    if (this.state === 'closed') return same ? 'unchanged' : 'changed'
    const connection = this.connection
    const renews =
      connection !== undefined &&
      (this.#renewal !== undefined || isOutdated(before, spec, connection.peer))
    if (renews) {
      this.#renewal ??= new LinkRenewal(spec, this.#services.clock, deadlineMs, () => {
        this.connection?.abort(RECONFIGURED)
      })
      this.#renewal.spec = spec
      connection.finish(RECONFIGURED)
    } else {
      this.#take(spec)
      this.queue.shrunk()
    }
    if (before.entry.enabled && !spec.entry.enabled) this.disable()
    else this.#dialSooner(before, spec)
    if (!before.entry.enabled && spec.entry.enabled) this.enable()
    // An equal entry may still have another position in the table.
    if (same) return 'unchanged'
    return renews || (!connection && dialsElsewhere(before, spec)) ? 'reconnected' : 'changed'
  }

  /** Between two connections: applies the spec that waits for this moment. @returns whether there was one */
  #endRenewal(): boolean {
    const renewal = this.#renewal
    if (renewal === undefined) return false
    this.#renewal = undefined
    this.#take(renewal.end())
    return true
  }

  #take(spec: LinkSpec): void {
    const before = this.#spec
    const { settings } = spec.entry
    // Copies that were queued for the connected peer must not wait for another peer.
    const keepsQueue = before.entry.settings.lasting && settings.lasting
    if (this.connection === undefined && !keepsQueue) this.queue.dropAll(PEER_GONE)
    this.#spec = spec
    this.settings = settings
    this.codec = spec.codec
    this.queue.settingsChanged()
    // Nothing is being written: the codec changes between connections.
    if (before.codec !== spec.codec) this.queue.dropOversized()
    if (spec.entry.role === 'active') {
      this.dialer?.reconfigure(spec.entry, spec.strategy, dialsElsewhere(before, spec))
    }
    this.readiness?.reconsider()
    this.connection?.settingsChanged()
  }

  /** Dials again now if the pending dial uses an address or a strategy that has changed. */
  #dialSooner(before: LinkSpec, after: LinkSpec): void {
    const { dialer } = this
    if (dialer === undefined || this.connection !== undefined) return
    if (dialsElsewhere(before, after)) {
      if (this.state === 'dialing') dialer.redial(RECONFIGURED)
      else if (this.state === 'backoff' || this.state === 'exhausted') {
        dialer.stop()
        this.dialNow(false)
      }
    } else if (waitsDifferently(before, after)) {
      this.dialNow(false)
    }
  }

  // ── ending, and coming back ─────────────────────────────────────────────────────────────────────────────────

  /** Ends the link permanently. A link that is up first writes its queue, in `draining`. */
  stop(reason: Reason): void {
    this.#end('stop', { event: 'drained', reason })
  }

  /** Down until `enable`. A lasting link keeps its queue. */
  disable(): void {
    this.#enabled = false
    this.#end('disable', { event: 'drainedDisabled', reason: DISABLED })
  }

  #end(event: 'stop' | 'disable', drain: Drain): void {
    if (this.state === 'closed') return
    this.dialer?.stop()
    if (this.state === 'draining') {
      // The link is being disabled: the drain continues, but now ends in `closed`.
      if (event === 'stop') this.#drain = drain
    } else if (this.state === 'up') {
      this.#drain = drain
      this.#endUp(event, drain.reason)
    } else {
      this.#endDown(event, drain.reason)
    }
  }

  #endUp(event: 'stop' | 'disable', reason: Reason): void {
    const connection = this.connection
    this.transition(event, reason)
    // After a loss, core calls the strategy while the link is still `up`, and the strategy may call anything.
    if (connection === undefined) this.#drainEnded(reason)
    else if (event === 'disable') connection.finish(reason)
    else if (this.queue.outbox.level.messages === 0) this.#services.listener.queueEmpty(this)
  }

  #endDown(event: 'stop' | 'disable', reason: Reason): void {
    const connection = this.connection
    const staysIdle = this.state === 'idle' && event === 'disable'
    this.readiness?.end()
    this.connection = undefined
    connection?.abort(reason)
    this.#endRenewal()
    if (event === 'stop') this.queue.dropAll(reason)
    if (!staysIdle) this.transition(event, reason)
    this.queue.shrunk()
  }

  #drainEnded(reason: Reason): void {
    const drain = this.#drain
    if (drain === undefined) throw new Error(`link: ${this.id} has drained without an end`)
    if (drain.event === 'drained' || !this.settings.lasting) this.queue.dropAll(drain.reason)
    else this.queue.dropBound()
    this.transition(drain.event, reason)
    this.queue.shrunk()
    // The link may have been enabled again, while it was draining or by a listener.
    this.start()
  }

  enable(): void {
    this.#enabled = true
    this.start()
  }

  /**
   * Dials as soon as there is a permit. `urgent`: before links that may wait.
   * @returns false if the link cannot dial: it is passive or disabled
   */
  dialNow(urgent: boolean): boolean {
    const { dialer } = this
    if (dialer === undefined || !this.#enabled) return false
    if (dialer.waits) {
      if (urgent) dialer.hurry()
    } else if (this.state === 'backoff') dialer.begin('retryDue', urgent)
    else if (this.state === 'exhausted') dialer.begin('rearm', urgent)
    else return this.state === 'dialing' || this.state === 'up'
    return true
  }

  // ── payloads ────────────────────────────────────────────────────────────────────────────────────────────────

  delivered(payload: Uint8Array, epoch: number): void {
    this.#tally.received++
    this.#listener.received(this, payload, epoch)
  }

  /** Stops reading from the peer until this hold and every other one are released. */
  hold(): Release {
    this.intake ??= new Intake(this, this.#services)
    return this.intake.hold()
  }
}
