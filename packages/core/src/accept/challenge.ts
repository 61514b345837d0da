import type { LinkSettings } from '../config/node-config.js'
import type { NamedListener } from '../config/peer-match.js'
import type { Clock, Timer } from '../contracts/clock.js'
import type { Reason } from '../contracts/reason.js'
import type { Connection } from '../contracts/transport.js'
import type { Link } from '../link/link.js'
import { FairTimer } from '../timing/fair-timer.js'
import { timerMs } from '../units/duration.js'
import { Newcomer } from './newcomer.js'

/** How long an incumbent that has no heartbeat may take to send a byte. */
const PROOF_MS = 2_000
/** On top of the heartbeat's own interval. */
const PROOF_MARGIN_MS = 1_000
/** How long a challenged connection may take to send a byte, in milliseconds. */
export function challengeMs(heartbeat: LinkSettings['heartbeat']): number {
  return heartbeat === undefined ? PROOF_MS : heartbeat.everyMs + PROOF_MARGIN_MS
}

export type Verdict = 'incumbent stays' | 'incumbent gone' | 'newcomer gone' | Reason

/**
 * A second connection (the newcomer) for a link that already has one (the incumbent). The node waits for a byte of the
 * incumbent, and for the end of the newcomer. The dead connection of a machine that has rebooted must not lock the machine
 * out, and a living connection must not lose its link to the next peer that dials, or to a probe that is gone already.
 */
export class Challenge {
  readonly link: Link
  /** Through which the newcomer has connected. */
  readonly listener: NamedListener
  readonly handler: Newcomer
  readonly #decided: (challenge: Challenge, verdict: Verdict) => void
  /** What the link had received when the challenge began. */
  readonly #receivedBytes: number
  readonly #timer: Timer
  #open = true

  constructor(
    link: Link,
    newcomer: Connection,
    listener: NamedListener,
    clock: Clock,
    decided: (challenge: Challenge, verdict: Verdict) => void,
  ) {
    this.link = link
    this.listener = listener
    this.#decided = decided
    this.#receivedBytes = link.queue.tally.receivedBytes
    this.handler = new Newcomer(newcomer, () => {
      this.#decide('newcomer gone')
    })
    const ms = challengeMs(link.settings.heartbeat)
    this.#timer = new FairTimer(clock, timerMs(ms), () => {
      this.#decide(this.#verdict())
    })
    link.connection?.conversation?.probe()
    this.handler.read()
  }

  get newcomer(): Connection {
    return this.handler.connection
  }

  #verdict(): Verdict {
    if (!this.handler.stays || this.#incumbentLives()) return 'incumbent stays'
    return this.handler.foreignTo(this.link.codec) ?? 'incumbent gone'
  }

  /** Also true if the node does not read the incumbent, which then cannot show that it lives. */
  #incumbentLives(): boolean {
    const incumbent = this.link.connection
    if (incumbent === undefined) return false
    const isHeld = this.link.intake?.paused === true
    return isHeld || this.link.queue.tally.receivedBytes > this.#receivedBytes
  }

  /** The incumbent has ended before the deadline. */
  incumbentLeft(): void {
    this.#decide('incumbent gone')
  }

  /** Ends the challenge without a verdict, and the newcomer's connection. */
  cancel(): void {
    if (!this.#open) return
    this.#open = false
    this.#timer.cancel()
    this.newcomer.destroy()
  }

  #decide(verdict: Verdict): void {
    if (!this.#open) return
    this.#open = false
    this.#timer.cancel()
    if (verdict === 'incumbent gone') this.handler.won()
    else this.newcomer.destroy()
    this.#decided(this, verdict)
  }
}
