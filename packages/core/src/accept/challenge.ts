import type { LinkSettings } from '../config/node-config.js'
import type { Clock } from '../contracts/clock.js'
import type { CloseReason, Connection, ConnectionHandler } from '../contracts/transport.js'
import { Deadline, type DeadlineOwner } from '../timing/deadline.js'
import type { Link } from '../link/link.js'
import { timerMs } from '../units/duration.js'

/** How long an incumbent that has no heartbeat may take to send a byte. */
const PROOF_MS = 2_000
/** On top of the heartbeat's own interval. */
const PROOF_MARGIN_MS = 1_000

/** How long a challenged connection may take to send a byte, in milliseconds. */
export function challengeMs(heartbeat: LinkSettings['heartbeat']): number {
  return heartbeat === undefined ? PROOF_MS : heartbeat.everyMs + PROOF_MARGIN_MS
}

export type Verdict = 'incumbent stays' | 'incumbent gone' | 'newcomer gone'

/**
 * A second connection (the newcomer) for a link that already has one (the incumbent). The node waits for a byte of the
 * incumbent, and does not read the newcomer during this time. The dead connection of a machine that has rebooted must
 * not lock the machine out, and a living connection must not lose its link to the next peer that dials.
 */
export class Challenge implements ConnectionHandler, DeadlineOwner {
  readonly #link: Link
  readonly #newcomer: Connection
  readonly #decided: (challenge: Challenge, verdict: Verdict) => void
  /** What the link had received when the challenge began. */
  readonly #receivedBytes: number
  readonly #deadline: Deadline
  #open = true
  #ended = false
  /** The link's connection, once the newcomer has won. */
  #handler: ConnectionHandler | undefined

  constructor(
    link: Link,
    newcomer: Connection,
    clock: Clock,
    decided: (challenge: Challenge, verdict: Verdict) => void,
  ) {
    this.#link = link
    this.#newcomer = newcomer
    this.#decided = decided
    this.#receivedBytes = link.queue.tally.receivedBytes
    this.#deadline = new Deadline(clock, timerMs(challengeMs(link.settings.heartbeat)), this)
    this.#deadline.start(clock.now())
    link.connection?.probe()
  }

  get link(): Link {
    return this.#link
  }

  get newcomer(): Connection {
    return this.#newcomer
  }

  /** Also true if the node does not read the incumbent, which then cannot show that it lives. */
  #incumbentLives(): boolean {
    const incumbent = this.#link.connection
    if (incumbent === undefined) return false
    return (
      this.#link.intake?.paused === true ||
      this.#link.queue.tally.receivedBytes > this.#receivedBytes
    )
  }

  expired(): void {
    this.#decide(this.#incumbentLives() ? 'incumbent stays' : 'incumbent gone')
  }

  /** The incumbent has ended before the deadline. */
  incumbentLeft(): void {
    this.#decide('incumbent gone')
  }

  /** Ends the challenge without a verdict, and the newcomer's connection. */
  cancel(): void {
    if (!this.#open) return
    this.#open = false
    this.#deadline.dispose()
    this.#newcomer.destroy()
  }

  #decide(verdict: Verdict): void {
    if (!this.#open) return
    this.#open = false
    this.#deadline.dispose()
    if (verdict === 'incumbent stays') this.#newcomer.destroy()
    this.#decided(this, verdict)
  }

  /** The newcomer has won; `handler` gets its callbacks from now on. */
  handOver(handler: ConnectionHandler): void {
    this.#handler = handler
    if (this.#ended) handler.ended()
  }

  received(chunk: Uint8Array): void {
    // Nothing comes before the hand-over, because the newcomer is not read.
    this.#handler?.received(chunk)
  }

  written(): void {
    this.#handler?.written()
  }

  ended(): void {
    if (this.#handler === undefined) this.#ended = true
    else this.#handler.ended()
  }

  closed(reason: CloseReason): void {
    if (this.#handler !== undefined) this.#handler.closed(reason)
    else this.#decide('newcomer gone')
  }
}
