import type { Clock, Timer } from '../contracts/clock.js'
import type { Reason } from '../contracts/reason.js'
import type { Route } from '../contracts/send-router.js'
import type { NodeTally } from '../ledger/node-counters.js'
import { foreignText } from '../text/safe-text.js'
import { ROUTING_MESSAGE_BYTES } from '../units/message-overhead.js'

const TTL: Reason = { code: 'ttl' }
const ROUTER_LATE: Reason = { code: 'router-late' }
const DEFERRED_TOO_LONG: Reason = { code: 'deferred-too-long' }

export interface RoutingLimits {
  readonly messagesMax: number
  readonly bytesMax: number
  readonly routerTimeoutMs: number
  /** The longest total time for which a message without a TTL may be deferred, in milliseconds. */
  readonly deferMsMax: number
}

/** The connection from which a relayed message came. */
export interface MessageSource {
  readonly link: string
  readonly epoch: number
}

/** A message whose route is not known yet. */
export interface UnroutedMessage {
  /** A small view of a large received chunk is copied before it waits. */
  payload: Uint8Array
  readonly id: string | undefined
  readonly from: MessageSource | undefined
  deferrals: number
  /** By the clock; undefined: never. */
  readonly expiresAtMs: number | undefined
  /** By the clock; set when the message first has to wait. */
  waitingSinceMs: number
}

/** How a message ends without a route. */
export type MessageEnd = 'dropped' | 'undeliverable' | 'expired'

/** How a message leaves the pending routes. */
export interface RoutingListener {
  /** The router's promise was resolved. */
  answered(message: UnroutedMessage, route: Route): void
  /** The delay is over: ask the router again. */
  askAgain(message: UnroutedMessage): void
  ended(message: UnroutedMessage, outcome: MessageEnd, reason: Reason): void
  /** Messages have left. `drained`: their number has fallen below the mark. */
  relieved(drained: boolean): void
}

interface Wait {
  readonly timer: Timer
  readonly deferred: boolean
}

/**
 * Messages whose route is a pending promise or was deferred. Bounded, so that a router that never answers cannot use up
 * the memory of the node.
 */
export class PendingRoutes {
  readonly #clock: Clock
  #limits: RoutingLimits
  readonly #tally: NodeTally
  readonly #listener: RoutingListener
  readonly #waiting = new Map<UnroutedMessage, Wait>()
  #bytes = 0
  #wasAboveMark = false

  constructor(clock: Clock, limits: RoutingLimits, tally: NodeTally, listener: RoutingListener) {
    this.#clock = clock
    this.#limits = limits
    this.#tally = tally
    this.#listener = listener
  }

  /** Sets the limits for new messages. Waiting messages keep their timers. */
  limit(limits: RoutingLimits): void {
    this.#limits = limits
    this.#relieved()
  }

  get messages(): number {
    return this.#waiting.size
  }

  /** Above half of one of its limits. */
  get aboveMark(): boolean {
    return (
      this.#bytes > this.#limits.bytesMax / 2 || this.#waiting.size > this.#limits.messagesMax / 2
    )
  }

  hasRoomFor(payload: Uint8Array): boolean {
    return (
      this.#waiting.size < this.#limits.messagesMax &&
      this.#bytes + payload.byteLength + ROUTING_MESSAGE_BYTES <= this.#limits.bytesMax
    )
  }

  /** Holds a message until the router's promise settles, at most until the router's timeout or the message's TTL. */
  awaitAnswer(message: UnroutedMessage, answer: PromiseLike<Route>): void {
    const nowMs = this.#entered(message)
    const leftMs = (message.expiresAtMs ?? Number.POSITIVE_INFINITY) - nowMs
    const expiresFirst = leftMs < this.#limits.routerTimeoutMs
    const timer = this.#clock.after(
      Math.max(0, Math.min(leftMs, this.#limits.routerTimeoutMs)),
      () => {
        if (!this.#left(message)) return
        if (expiresFirst) this.#listener.ended(message, 'expired', TTL)
        else this.#listener.ended(message, 'undeliverable', ROUTER_LATE)
        this.#relieved()
      },
    )
    const wait = { timer, deferred: false }
    this.#waiting.set(message, wait)
    const failed = (error: unknown): void => {
      this.#settled(message, wait, () => {
        const reason: Reason = { code: 'router-threw', detail: foreignText(error) }
        this.#listener.ended(message, 'undeliverable', reason)
      })
    }
    try {
      answer.then((route) => {
        this.#settled(message, wait, () => {
          this.#listener.answered(message, route)
        })
      }, failed)
    } catch (error) {
      // A foreign thenable. If it throws after it has settled, `#settled` ignores the error, as real promises do.
      failed(error)
    }
    this.#noteMark()
  }

  #settled(message: UnroutedMessage, wait: Wait, follow: () => void): void {
    // The message has ended or was deferred: the answer is to an earlier question.
    if (this.#waiting.get(message) !== wait) {
      this.#tally.lateAnswers++
      return
    }
    this.#left(message)
    follow()
    this.#relieved()
  }

  /** Holds a message for `delayMs`, as the router asked, at most until its TTL or the limit for deferrals. */
  defer(message: UnroutedMessage, delayMs: number): void {
    const nowMs = this.#entered(message)
    const lastMs = message.expiresAtMs ?? message.waitingSinceMs + this.#limits.deferMsMax
    const timer = this.#clock.after(
      Math.max(1, Math.min(delayMs, Math.max(0, lastMs - nowMs))),
      () => {
        if (!this.#left(message)) return
        // Compare with the clock: after the process was suspended, the timer fires late.
        if (this.#clock.now() < lastMs) {
          message.deferrals++
          this.#listener.askAgain(message)
        } else if (message.expiresAtMs !== undefined) this.#listener.ended(message, 'expired', TTL)
        else this.#listener.ended(message, 'undeliverable', DEFERRED_TOO_LONG)
        this.#relieved()
      },
    )
    this.#waiting.set(message, { timer, deferred: true })
    this.#noteMark()
  }

  #entered(message: UnroutedMessage): number {
    const nowMs = this.#clock.now()
    if (message.waitingSinceMs === 0) message.waitingSinceMs = nowMs
    this.#bytes += message.payload.byteLength + ROUTING_MESSAGE_BYTES
    return nowMs
  }

  #noteMark(): void {
    if (this.aboveMark) this.#wasAboveMark = true
  }

  #left(message: UnroutedMessage): boolean {
    const wait = this.#waiting.get(message)
    if (wait === undefined) return false
    wait.timer.cancel()
    this.#waiting.delete(message)
    this.#bytes -= message.payload.byteLength + ROUTING_MESSAGE_BYTES
    return true
  }

  #relieved(): void {
    const drained = this.#wasAboveMark && !this.aboveMark
    if (drained) this.#wasAboveMark = false
    this.#listener.relieved(drained)
  }

  /**
   * Drops the deferred messages, because a node that stops does not wait for them. Pending answers may still arrive.
   */
  dropDeferred(reason: Reason): void {
    this.#drop(reason, (wait) => wait.deferred)
  }

  dropAll(reason: Reason): void {
    this.#drop(reason, () => true)
  }

  #drop(reason: Reason, which: (wait: Wait) => boolean): void {
    for (const [message, wait] of [...this.#waiting]) {
      if (!which(wait)) continue
      this.#left(message)
      this.#listener.ended(message, 'dropped', reason)
    }
    this.#relieved()
  }
}
