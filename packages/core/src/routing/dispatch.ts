import { sameValue } from '../config/same-value.js'
import type { Clock } from '../contracts/clock.js'
import { CommloopError, type ErrorCode } from '../contracts/errors.js'
import { type Reason, reasonText } from '../contracts/reason.js'
import type { LinkView, RouteTarget, SendRouter } from '../contracts/send-router.js'
import type { EventHub } from '../events/event-hub.js'
import type { OutcomeReporter } from '../events/outcome-reporter.js'
import type { Warnings } from '../events/warnings.js'
import type { NodeTally } from '../ledger/node-counters.js'
import type { Link } from '../link/link.js'
import { unpinned } from '../link/unpinned.js'
import type { Table } from '../table/table.js'
import { Delivery, type Undelivered } from './delivery.js'
import {
  type MessageEnd,
  type MessageSource,
  PendingRoutes,
  type RoutingLimits,
  type UnroutedMessage,
} from './pending-routes.js'
import { RelayBackpressure } from './relay-backpressure.js'
import {
  DeferredRoute,
  DroppedRoute,
  FailedRoute,
  PromisedRoute,
  readAnswer,
  type RouterAnswer,
  thrownRoute,
} from './router-answer.js'
import { SlowRouterDetector } from './slow-router-detector.js'

/** The most targets that are read from one answer, unless there are more links. A list may be endless. */
const TARGETS_MAX = 1_024
/** A router may call `send` within `route`, which calls the router again. At this depth, the recursion is endless. */
const NESTED_CALLS_MAX = 64

const ROUTING_FULL: Reason = { code: 'routing-full' }
const PROMISED_TWICE = new FailedRoute({ code: 'router-promised-twice' })

/** Options of `Node.send`. */
export interface SendOptions {
  /** Send directly to these links, without asking the router. */
  readonly to?: RouteTarget | readonly RouteTarget[]
  /** Repeated in the outcome events of this message. The node does not check it for repeats. */
  readonly id?: string
  /**
   * Milliseconds from now after which the node no longer sends the message. Negative or NaN: it has expired already.
   */
  readonly ttlMs?: number
}

export interface DispatchServices {
  readonly clock: Clock
  readonly tally: NodeTally
  readonly events: EventHub
  readonly outcomes: OutcomeReporter
  readonly warnings: Warnings
  /** A message that waited for its route has a route, or has ended without one. */
  settled(): void
}

/** The router, and the links to which it can send. */
export interface DispatchSetup {
  readonly router: SendRouter
  readonly table: Table
  readonly views: readonly LinkView[]
  /** What the codec with the largest limit takes. No link takes more, so the router is not asked. */
  readonly payloadBytesMax: number
  readonly limits: RoutingLimits
}

/**
 * How a message comes to its route. `sent`: new, and may still be refused. `relayed`: new, and may not be refused.
 * `again`: the router is asked once more. `late`: the router's promise was resolved.
 */
type Entering = 'sent' | 'relayed' | 'again' | 'late'

/**
 * Routes messages, and keeps the node's half of the ledger: counts every message once when the node accepts it and once
 * when it has a route or ends without one. `Delivery` makes the copies for the links.
 */
export class Dispatch {
  readonly #services: DispatchServices
  readonly #tally: NodeTally
  readonly #pending: PendingRoutes
  readonly #backpressure = new RelayBackpressure()
  readonly #delivery: Delivery
  readonly #slowRouter: SlowRouterDetector
  #nestedCalls = 0
  #targetsMax: number
  #setup: DispatchSetup

  constructor(setup: DispatchSetup, services: DispatchServices) {
    const { clock, tally, warnings } = services
    this.#services = services
    this.#tally = tally
    this.#setup = setup
    this.#targetsMax = targetsMax(setup.table)
    this.#delivery = new Delivery(setup.table, clock, tally, this.#backpressure)
    this.#slowRouter = new SlowRouterDetector(clock, (tookMs) => {
      const text = `a call of the router took ${String(Math.round(tookMs))} ms and blocked the process`
      warnings.warn('ROUTER_SLOW', text)
    })
    this.#pending = new PendingRoutes(clock, setup.limits, tally, {
      answered: (message, answer) => {
        this.#follow(message, readAnswer(answer, this.#targetsMax), 'late')
      },
      askAgain: (message) => {
        this.#ask(message, 'again')
      },
      ended: (message, outcome, reason) => {
        this.#end(outcome, reason, message.id)
      },
      relieved: (drained) => {
        this.#pendingRelieved(drained)
      },
    })
  }

  /** Uses this setup from now on. Pending answers of the former router still count, for the links of the new table. */
  reconfigure(setup: DispatchSetup): void {
    const { limits } = this.#setup
    this.#setup = setup
    this.#targetsMax = targetsMax(setup.table)
    this.#delivery.useTable(setup.table)
    if (!sameValue(limits, setup.limits)) this.#pending.limit(setup.limits)
  }

  /** Messages that wait for a route. */
  get routing(): number {
    return this.#pending.messages
  }

  // ── sending ─────────────────────────────────────────────────────────────────────────────────────────────────

  /** @throws CommloopError; then nothing was accepted. @returns false above a high-water mark. */
  send(payload: Uint8Array, options: SendOptions): boolean {
    if (!(payload instanceof Uint8Array)) {
      return this.#refuse('CML_ERR_PAYLOAD_INVALID', 'a payload is a Uint8Array')
    }
    // Measured: with the delivery here and not in a separate method, V8 inlines all of it up to the link's queue.
    const { to, id } = options
    const expiresAtMs = this.#delivery.expiryIn(options.ttlMs)
    if (to === undefined) return this.#sendRouted(payload, id, expiresAtMs)
    const delivered = this.#delivery.deliver(to, payload, id, expiresAtMs, undefined)
    if (typeof delivered !== 'boolean') return this.#refuseUndelivered(delivered)
    this.#tally.accepted++
    return delivered
  }

  #sendRouted(
    payload: Uint8Array,
    id: string | undefined,
    expiresAtMs: number | undefined,
  ): boolean {
    if (payload.length > this.#setup.payloadBytesMax) return this.#refuseTooLarge(payload)
    return this.#ask(unrouted(payload, id, undefined, expiresAtMs), 'sent')
  }

  #refuseTooLarge({ byteLength }: Uint8Array): never {
    const text = `payload of ${String(byteLength)} bytes, and no link takes more than ${String(this.#setup.payloadBytesMax)}`
    return this.#refuse('CML_ERR_PAYLOAD_TOO_LARGE', text)
  }

  #refuseUndelivered({ code, reason, link }: Undelivered): never {
    return this.#refuse(code, reasonText(reason), link)
  }

  /** Counts and throws. Never returns: callers write `return this.#refuse(…)`. */
  #refuse(code: ErrorCode, text: string, link?: string): never {
    this.#tally.refused++
    throw new CommloopError(code, text, link === undefined ? {} : { details: { link } })
  }

  /** Refuses a message because the node is not running. Always throws. */
  refuseNotRunning(why: string): never {
    return this.#refuse('CML_ERR_NOT_RUNNING', why)
  }

  /** Asks the router about a received message. The node never refuses it: every failure is an outcome. */
  relay(payload: Uint8Array, source: Link, epoch: number): void {
    const from = { link: source.id, epoch }
    this.#ask(unrouted(payload, undefined, from, undefined), 'relayed')
    if (this.#pending.aboveMark) this.#backpressure.hold(source, 'routing')
  }

  // ── the router's answer ─────────────────────────────────────────────────────────────────────────────────────

  #ask(message: UnroutedMessage, entering: Entering): boolean {
    return this.#follow(message, this.#call(message), entering)
  }

  #call(message: UnroutedMessage): RouterAnswer {
    const { router, views } = this.#setup
    if (this.#nestedCalls >= NESTED_CALLS_MAX) {
      return thrownRoute(new RangeError('it sends from within its own call without end'))
    }
    this.#nestedCalls++
    const timed = this.#slowRouter.callBegins()
    let answer: RouterAnswer
    try {
      answer = readAnswer(router.route(message, views), this.#targetsMax)
    } catch (error) {
      answer = thrownRoute(error)
    } finally {
      this.#nestedCalls--
    }
    if (timed) this.#slowRouter.callEnded()
    return answer
  }

  /** The one place that distinguishes the kinds of answer. @returns what `send` returns */
  #follow(message: UnroutedMessage, answer: RouterAnswer, entering: Entering): boolean {
    // Usually the id of a link. `typeof` first, because `instanceof` on a string is slow.
    if (typeof answer === 'string') return this.#deliver(message, answer, entering)
    if (answer instanceof PromisedRoute || answer instanceof DeferredRoute) {
      return entering === 'late'
        ? this.#waitOn(message, answer)
        : this.#wait(message, answer, entering)
    }
    if (answer instanceof FailedRoute) return this.#failed(message, answer, entering)
    if (answer instanceof DroppedRoute) {
      return this.#endOf(message, 'dropped', answer.reason, entering)
    }
    return this.#deliver(message, answer, entering)
  }

  #wait(
    message: UnroutedMessage,
    answer: PromisedRoute | DeferredRoute,
    entering: Entering,
  ): boolean {
    if (message.from !== undefined) message.payload = unpinned(message.payload)
    if (!this.#pending.hasRoomFor(message.payload)) {
      if (entering === 'sent') {
        return this.#refuse('CML_ERR_ROUTING_FULL', 'too many messages wait for a route')
      }
      this.#endOf(message, 'undeliverable', ROUTING_FULL, entering)
      return false
    }
    this.#accept(entering)
    if (answer instanceof DeferredRoute) this.#pending.defer(message, answer.delayMs)
    else this.#pending.awaitAnswer(message, answer.promise)
    return !this.#pending.aboveMark
  }

  /** After a promise. Only a foreign thenable can resolve to another promise. */
  #waitOn(message: UnroutedMessage, answer: PromisedRoute | DeferredRoute): boolean {
    if (answer instanceof PromisedRoute) return this.#failed(message, PROMISED_TWICE, 'late')
    this.#pending.defer(message, answer.delayMs)
    return true
  }

  #failed(message: UnroutedMessage, { reason, thrown }: FailedRoute, entering: Entering): boolean {
    if (thrown !== undefined) {
      const text = `the ${reasonText(reason)}`
      this.#services.warnings.warn('ROUTER_THREW', text, thrown.cause)
    }
    return this.#endOf(message, 'undeliverable', reason, entering)
  }

  #deliver(
    message: UnroutedMessage,
    route: RouteTarget | readonly RouteTarget[],
    entering: Entering,
  ): boolean {
    const { payload, id, expiresAtMs, from } = message
    const delivered = this.#delivery.deliver(route, payload, id, expiresAtMs, from)
    if (typeof delivered !== 'boolean') return this.#undelivered(message, delivered, entering)
    this.#accept(entering)
    return delivered
  }

  #undelivered(message: UnroutedMessage, undelivered: Undelivered, entering: Entering): boolean {
    const { code, reason, aboveMark } = undelivered
    // `send` throws only for a full outbox, because a retry may succeed. A router would repeat its mistake.
    const full = code === 'CML_ERR_OUTBOX_FULL'
    if (full && entering === 'sent') return this.#refuseUndelivered(undelivered)
    this.#endOf(message, full ? 'dropped' : 'undeliverable', reason, entering)
    return !aboveMark
  }

  // ── counting ────────────────────────────────────────────────────────────────────────────────────────────────

  #accept(entering: Entering): void {
    if (entering === 'sent' || entering === 'relayed') this.#tally.accepted++
  }

  /** The message ends without a route. */
  #endOf(
    { id }: UnroutedMessage,
    outcome: MessageEnd,
    reason: Reason,
    entering: Entering,
  ): boolean {
    this.#accept(entering)
    this.#end(outcome, reason, id)
    return true
  }

  #end(outcome: MessageEnd, reason: Reason, id: string | undefined): void {
    this.#tally[outcome]++
    this.#services.outcomes.ended(outcome, reason, undefined, id)
  }

  #pendingRelieved(drained: boolean): void {
    // Emitted first: a relay that reads again may fill the pending routes immediately.
    if (drained) this.#services.events.emit('drain', { link: '*' })
    if (!this.#pending.aboveMark) this.#backpressure.release('routing')
    this.#services.settled()
  }

  /** A link's outbox has fallen to half its mark. */
  drained(link: Link): void {
    if (!link.queue.aboveMark) this.#backpressure.release(link)
  }

  /** Ends every message that the router deferred. Messages with a pending answer still wait. */
  dropDeferred(reason: Reason): void {
    this.#pending.dropDeferred(reason)
  }

  dropAll(reason: Reason): void {
    this.#pending.dropAll(reason)
  }
}

function unrouted(
  payload: Uint8Array,
  id: string | undefined,
  from: MessageSource | undefined,
  expiresAtMs: number | undefined,
): UnroutedMessage {
  return { payload, id, from, deferrals: 0, expiresAtMs, waitingSinceMs: 0 }
}

/** A router may name every link of the table, and some of them twice. */
function targetsMax(table: Table): number {
  return Math.max(TARGETS_MAX, table.links.length)
}
