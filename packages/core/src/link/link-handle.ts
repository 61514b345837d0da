import type { Clock } from '../contracts/clock.js'
import type { LinkState, LinkView } from '../contracts/send-router.js'
import type { Address } from '../contracts/transport.js'
import type { LinkCounters } from '../ledger/link-counters.js'
import { type ReasonCode, reasonText } from '../contracts/reason.js'
import type { Release } from './intake.js'
import type { Link } from './link.js'
import type { ReadyWaitKind } from './readiness.js'

/**
 * What a link waits for:
 *
 * - `turn`: a permit to dial, because as many dials are in progress as `dials` allows. `place` 1 is next; `of` links wait.
 * - `probation`, `stable`, `frame`: its connection to `remote` is open, and must first stay open or receive a frame.
 * - `opening`: its connection to `remote` is open, and its opening is not over. `progress` is what the opening says of itself.
 */
export type LinkWait =
  | { readonly for: 'turn'; readonly place: number; readonly of: number }
  | { readonly for: ReadyWaitKind; readonly remote: Address; readonly progress?: string }

/** How a peer has reached this node. */
export interface PeerWay {
  /** The name of the listener. */
  readonly listener: string
  /** The balancer that has told the address of the peer; undefined: there is none. */
  readonly proxy: Address | undefined
}

/** What operators need to know of a link, and routers do not. */
export interface LinkDetails {
  /** How the connected peer came; undefined if the link is down or has dialled. */
  readonly through: PeerWay | undefined
  /** The address that an active link dials, or with which its next dial begins; a name until it is looked up. */
  readonly dialAddress: string | undefined
  /** The code of the link's `reason`, for programs. */
  readonly reasonCode: ReasonCode | undefined
}

/** A link as the application sees it. Each property has the present value. */
export class LinkHandle implements LinkView {
  readonly #link: Link
  readonly #clock: Clock
  #pause: Release | undefined

  constructor(link: Link, clock: Clock) {
    this.#link = link
    this.#clock = clock
  }

  get id(): string {
    return this.#link.id
  }

  get entry(): string {
    return this.#link.entry.id
  }

  get role(): 'active' | 'passive' {
    return this.#link.entry.role
  }

  get state(): LinkState {
    return this.#link.state
  }

  get epoch(): number {
    return this.#link.epoch
  }

  get remote(): Address | undefined {
    const { state, connection } = this.#link
    return state === 'up' || state === 'draining' ? connection?.peer.remote : undefined
  }

  /** What the link waits for besides a delay or a peer that dials; undefined: nothing. */
  get waiting(): LinkWait | undefined {
    const { connection, readiness, dialer } = this.#link
    const turn = dialer?.turn
    if (turn !== undefined) return { for: 'turn', ...turn }
    const wait = readiness?.wait
    if (connection === undefined || wait === undefined) return undefined
    const progress = connection.conversation?.progress
    const { remote } = connection.peer
    return { for: wait.for, remote, ...(progress === undefined ? {} : { progress }) }
  }

  /** What operators need to know besides, and routers do not. */
  get details(): LinkDetails {
    const { state, connection, reason, dialer } = this.#link
    const isOpen = state === 'up' || state === 'draining'
    const { listener, proxy } = (isOpen ? connection?.peer : undefined) ?? {}
    return {
      through: listener === undefined ? undefined : { listener: listener.name, proxy },
      dialAddress: dialer?.address,
      reasonCode: reason?.code,
    }
  }

  /** Stands for one peer and keeps its queue while that peer is away. */
  get lasting(): boolean {
    return this.#link.settings.lasting
  }

  get enabled(): boolean {
    return this.#link.enabled
  }

  /** Why the last connection or dial ended; undefined while up. */
  get reason(): string | undefined {
    const { reason } = this.#link
    return reason === undefined ? undefined : reasonText(reason)
  }

  /** Milliseconds since the link entered its state. */
  get sinceMs(): number {
    return this.#clock.now() - this.#link.changedMs
  }

  /** Dials begun since the last proof of life; 0 on passive links. */
  get attempt(): number {
    return this.#link.dialer?.attempt ?? 0
  }

  /** Milliseconds until the next dial; undefined: no dial is planned. */
  get nextDialInMs(): number | undefined {
    const dueMs = this.#link.dialer?.nextDialMs
    return dueMs === undefined ? undefined : Math.max(0, dueMs - this.#clock.now())
  }

  get queuedMessages(): number {
    return this.#link.queue.outbox.level.messages
  }

  /** Payload bytes plus 64 for each message. */
  get queuedBytes(): number {
    return this.#link.queue.outbox.level.bytes
  }

  get aboveHighWaterMark(): boolean {
    return this.#link.queue.aboveMark
  }

  /** The numbers at this moment. */
  get counters(): LinkCounters {
    return Object.assign({ queued: this.#link.queue.outbox.level.messages }, this.#link.queue.tally)
  }

  /**
   * Stops reading from the peer, so that TCP makes the peer wait. Each call makes a separate hold. The link reads again
   * when all holds are released.
   * @returns a function that releases this hold; calling it again has no effect
   */
  hold(): Release {
    return this.#link.hold()
  }

  /**
   * One hold that all callers of `pause` and `resume` share: the first `resume` ends it for all of them. See `hold`.
   */
  pause(): void {
    this.#pause ??= this.#link.hold()
  }

  /** Ends the hold of `pause`. The link does not read while there is another hold. */
  resume(): void {
    const release = this.#pause
    // Cleared first: what is delivered now may lead to the next `pause`.
    this.#pause = undefined
    release?.()
  }

  /** Dials now, also if the link is exhausted. @returns false if the link cannot dial: it is passive or disabled. */
  dial(): boolean {
    return this.#link.dialNow(true)
  }

  /** Ends the present connection gracefully. An active link then dials again according to its strategy. */
  close(): void {
    this.#link.connection?.finish({ code: 'operator' })
  }

  /** Keeps the link down until `enable`. The queue stays if the link is `lasting`. */
  disable(): void {
    this.#link.disable()
  }

  enable(): void {
    this.#link.enable()
  }
}
