import type { Clock } from '../contracts/clock.js'
import type { CloseReason, Connection, ConnectionHandler } from '../contracts/transport.js'
import { Deadline } from '../link/connection/deadline.js'
import type { Link } from '../link/link.js'
import { timerMs } from '../units/duration.js'

/** How long an incumbent that has no heartbeat may take to show a byte. */
const PROOF_MS = 2_000
/** Beside the heartbeat's own interval. */
const PROOF_MARGIN_MS = 1_000

/**
 * How long the node holds a second connection of a link, in milliseconds, while the first one has to show that it is
 * alive: one heartbeat interval and a second, or two seconds without a heartbeat.
 */
export function challengeMs(heartbeat: { readonly everyMs: number } | undefined): number {
  return heartbeat === undefined ? PROOF_MS : heartbeat.everyMs + PROOF_MARGIN_MS
}

export type Verdict = 'incumbent stays' | 'incumbent gone' | 'newcomer gone'

/**
 * A second connection for a link that has one. The newcomer is held, unread, while the incumbent is asked to show
 * that it lives: a machine that was rebooted must not be locked out by its own dead connection, and a living
 * connection must not be ousted by whoever dials next.
 */
export class Challenge implements ConnectionHandler {
  readonly #link: Link
  readonly #newcomer: Connection
  readonly #decided: (challenge: Challenge, verdict: Verdict) => void
  /** What the link had received when the challenge began. */
  readonly #receivedBytes: number
  readonly #deadline: Deadline
  #open = true
  #ended = false
  /** Who hears the newcomer once it has won. */
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
    this.#receivedBytes = link.tally.receivedBytes
    this.#deadline = new Deadline(clock, timerMs(challengeMs(link.settings.heartbeat)), () => {
      this.#decide(this.#incumbentLives() ? 'incumbent stays' : 'incumbent gone')
    })
    this.#deadline.start(clock.now())
    link.connection?.probe()
  }

  get link(): Link {
    return this.#link
  }

  get newcomer(): Connection {
    return this.#newcomer
  }

  /** Whom we do not read cannot show a byte: it stays. */
  #incumbentLives(): boolean {
    const incumbent = this.#link.connection
    if (incumbent === undefined) return false
    return this.#link.held || this.#link.tally.receivedBytes > this.#receivedBytes
  }

  /** The incumbent has ended meanwhile. */
  incumbentLeft(): void {
    this.#decide('incumbent gone')
  }

  /** Nothing is decided any more; the newcomer goes. */
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

  /** The newcomer has won; `handler` hears it from now on. */
  handOver(handler: ConnectionHandler): void {
    this.#handler = handler
    if (this.#ended) handler.ended()
  }

  received(chunk: Uint8Array): void {
    // Held unread: nothing comes before it is handed over.
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
