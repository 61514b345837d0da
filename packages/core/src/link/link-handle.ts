import type { Clock } from '../contracts/clock.js'
import type { LinkState, LinkView } from '../contracts/send-router.js'
import type { Address } from '../contracts/transport.js'
import type { LinkCounters } from '../ledger/link-counters.js'
import type { Link } from './link.js'

/** A link as its user sees it. Live: each property answers what is so now. */
export class LinkHandle implements LinkView {
  readonly #link: Link
  readonly #clock: Clock

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
    return this.#link.remote
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
    return this.#link.reason
  }

  /** Milliseconds since the state is what it is. */
  get sinceMs(): number {
    return this.#clock.now() - this.#link.changedMs
  }

  /** Dials begun since the last proof of life; 0 on passive links. */
  get attempt(): number {
    return this.#link.attempt
  }

  /** Milliseconds until the next dial; undefined: none is planned. */
  get nextDialInMs(): number | undefined {
    const dueMs = this.#link.nextDialMs
    return dueMs === undefined ? undefined : Math.max(0, dueMs - this.#clock.now())
  }

  get queuedMessages(): number {
    return this.#link.outbox.level.messages
  }

  /** Payload bytes plus 64 for each message. */
  get queuedBytes(): number {
    return this.#link.outbox.level.bytes
  }

  get aboveHighWaterMark(): boolean {
    return this.#link.aboveHighWaterMark
  }

  /** The numbers at this moment. */
  get counters(): LinkCounters {
    return Object.assign({ queued: this.#link.outbox.level.messages }, this.#link.tally)
  }

  /** Stops reading from the peer until `resume`: TCP then makes the peer wait. */
  pause(): void {
    this.#link.hold('user')
  }

  resume(): void {
    this.#link.unhold('user')
  }

  /** Dials now, re-arming an exhausted link. @returns false where there is nothing to dial: passive or disabled. */
  dial(): boolean {
    return this.#link.dialNow()
  }

  /** Ends the present connection gracefully. An active link dials again by its strategy. */
  close(): void {
    this.#link.close('operator')
  }

  /** Keeps the link down until `enable`. Its queue stays, where it is a lasting link. */
  disable(): void {
    this.#link.disable()
  }

  enable(): void {
    this.#link.enable()
  }
}
