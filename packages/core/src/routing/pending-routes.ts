import type { Clock, Timer } from '../contracts/clock.js'
import type { Route } from '../contracts/send-router.js'
import { MESSAGE_OVERHEAD_BYTES } from '../contracts/outbox.js'
import { foreignText } from '../text/safe-text.js'

export interface RoutingLimits {
  readonly messagesMax: number
  readonly bytesMax: number
  readonly routerTimeoutMs: number
  /** Total age at which a message that is deferred again and again, and has no TTL, is given up. */
  readonly deferMsMax: number
}

/** Where a message was received that is being relayed. */
export interface MessageSource {
  readonly link: string
  readonly epoch: number
}

/** A message whose route is not known yet. */
export interface UnroutedMessage {
  readonly payload: Uint8Array
  readonly id: string | undefined
  readonly from: MessageSource | undefined
  deferrals: number
  /** By the clock; undefined: never. */
  readonly expiresAtMs: number | undefined
  /** By the clock; set when the message first has to wait. */
  waitingSinceMs: number
}

/** How a message leaves the stage. */
export interface RoutingListener {
  /** The router has answered at last. */
  answered(message: UnroutedMessage, route: Route): void
  /** The delay is over: ask the router again. */
  askAgain(message: UnroutedMessage): void
  undeliverable(message: UnroutedMessage, reason: string): void
  expired(message: UnroutedMessage): void
  dropped(message: UnroutedMessage, reason: string): void
  /** An answer that came after its message had met its outcome. */
  late(): void
  relieved(): void
}

interface Wait {
  readonly timer: Timer
  readonly deferred: boolean
}

/**
 * Messages whose route is a pending promise or was deferred. Bounded: a router that never answers costs the
 * messages that it was asked about, not the memory of the node.
 */
export class PendingRoutes {
  readonly #clock: Clock
  #limits: RoutingLimits
  readonly #listener: RoutingListener
  readonly #waiting = new Map<UnroutedMessage, Wait>()
  #bytes = 0

  constructor(clock: Clock, limits: RoutingLimits, listener: RoutingListener) {
    this.#clock = clock
    this.#limits = limits
    this.#listener = listener
  }

  /** Other limits, for what comes from now on: what waits goes on as it was begun. */
  limit(limits: RoutingLimits): void {
    this.#limits = limits
    this.#listener.relieved()
  }

  get messages(): number {
    return this.#waiting.size
  }

  get bytes(): number {
    return this.#bytes
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
      this.#bytes + payload.byteLength + MESSAGE_OVERHEAD_BYTES <= this.#limits.bytesMax
    )
  }

  /** Holds a message until the router's promise settles, or for as long as a router may take. */
  awaitAnswer(message: UnroutedMessage, answer: PromiseLike<Route>): void {
    const nowMs = this.#entered(message)
    const leftMs = (message.expiresAtMs ?? Number.POSITIVE_INFINITY) - nowMs
    const expiresFirst = leftMs < this.#limits.routerTimeoutMs
    const timer = this.#clock.after(
      Math.max(0, Math.min(leftMs, this.#limits.routerTimeoutMs)),
      () => {
        if (!this.#left(message)) return
        if (expiresFirst) this.#listener.expired(message)
        else this.#listener.undeliverable(message, 'router late')
        this.#listener.relieved()
      },
    )
    const wait = { timer, deferred: false }
    this.#waiting.set(message, wait)
    const failed = (error: unknown): void => {
      this.#settled(message, wait, () => {
        this.#listener.undeliverable(message, `router threw: ${foreignText(error)}`)
      })
    }
    try {
      answer.then((route) => {
        this.#settled(message, wait, () => {
          this.#listener.answered(message, route)
        })
      }, failed)
    } catch (error) {
      // A promise of somebody's own making; once it has answered, what it throws is ignored, as by real ones.
      failed(error)
    }
  }

  #settled(message: UnroutedMessage, wait: Wait, follow: () => void): void {
    // Deferred meanwhile, or over: the answer belongs to a question that is not open any more.
    if (this.#waiting.get(message) !== wait) {
      this.#listener.late()
      return
    }
    this.#left(message)
    follow()
    this.#listener.relieved()
  }

  /** Holds a message for `delayMs`, as the router asked; at most as long as it may live. */
  defer(message: UnroutedMessage, delayMs: number): void {
    const nowMs = this.#entered(message)
    const lastMs = message.expiresAtMs ?? message.waitingSinceMs + this.#limits.deferMsMax
    const timer = this.#clock.after(
      Math.max(1, Math.min(delayMs, Math.max(0, lastMs - nowMs))),
      () => {
        if (!this.#left(message)) return
        // Asked of the clock, not of the delay: in a process that stood still the timer comes late.
        if (this.#clock.now() < lastMs) {
          message.deferrals++
          this.#listener.askAgain(message)
        } else if (message.expiresAtMs !== undefined) this.#listener.expired(message)
        else this.#listener.undeliverable(message, 'deferred too long')
        this.#listener.relieved()
      },
    )
    this.#waiting.set(message, { timer, deferred: true })
  }

  #entered(message: UnroutedMessage): number {
    const nowMs = this.#clock.now()
    if (message.waitingSinceMs === 0) message.waitingSinceMs = nowMs
    this.#bytes += message.payload.byteLength + MESSAGE_OVERHEAD_BYTES
    return nowMs
  }

  #left(message: UnroutedMessage): boolean {
    const wait = this.#waiting.get(message)
    if (wait === undefined) return false
    wait.timer.cancel()
    this.#waiting.delete(message)
    this.#bytes -= message.payload.byteLength + MESSAGE_OVERHEAD_BYTES
    return true
  }

  /** A node that stops does not wait for delays; answers that are pending may still come. */
  dropDeferred(reason: string): void {
    this.#drop(reason, (wait) => wait.deferred)
  }

  dropAll(reason: string): void {
    this.#drop(reason, () => true)
  }

  #drop(reason: string, which: (wait: Wait) => boolean): void {
    for (const [message, wait] of [...this.#waiting]) {
      if (!which(wait)) continue
      this.#left(message)
      this.#listener.dropped(message, reason)
    }
    this.#listener.relieved()
  }
}
