import { sameValue } from '../config/same-value.js'
import type { Clock } from '../contracts/clock.js'
import type { LinkView, RouteTarget, SendRouter } from '../contracts/send-router.js'
import { CommloopError, type ErrorCode } from '../contracts/errors.js'
import type { Link } from '../link/link.js'
import type { Refusal } from '../link/link-queue.js'
import { unpinned } from '../link/unpinned.js'
import type { NodeTally } from '../ledger/node-counters.js'
import type { OutcomeReporter } from '../events/outcome-reporter.js'
import type { Table } from '../table/table.js'
import { TargetSet } from '../table/target-set.js'
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
import {
  type MessageSource,
  type RoutingLimits,
  PendingRoutes,
  type UnroutedMessage,
} from './pending-routes.js'

/** TargetSet of one answer that are read, or the number of links where that is more: a list may be without end. */
const TARGETS_MAX = 1_024
/** A router may send from within its call, and is asked then; deeper than this it does so without end. */
const NESTED_CALLS_MAX = 64
const PROMISED_TWICE = 'router promised a promise'

export interface SendOptions {
  /** Straight to these links; the router is not asked. */
  readonly to?: RouteTarget | readonly RouteTarget[]
  /** Echoed in the outcome events of this message; not checked for repeats. */
  readonly id?: string
  /** Milliseconds from now after which the message is not sent any more. Negative or NaN: it has expired already. */
  readonly ttlMs?: number
}

export interface DispatchServices {
  readonly clock: Clock
  readonly tally: NodeTally
  readonly outcomes: OutcomeReporter
  drained(link: string): void
  /** A message has left the routing stage. */
  settled(): void
  warning(code: string, message: string, cause?: unknown): void
}

/** Where a message comes from: only a new one of `send` can be refused, and one asked about again was counted. */
type Entering = 'sent' | 'relayed' | 'again'
/** Who says where messages go, and where they can go. */
export interface DispatchSetup {
  readonly router: SendRouter
  readonly table: Table
  readonly views: readonly LinkView[]
  /** What the most generous codec of the table takes: more can go nowhere, so no router is asked. */
  readonly payloadBytesMax: number
  readonly limits: RoutingLimits
}

type MessageEnd = 'dropped' | 'undeliverable' | 'expired'

/** A message that no link takes: nothing has happened to it yet. */
interface Refused {
  readonly code: ErrorCode
  readonly reason: string
}

/** Links that did not take their copy, with why. */
type Refusals = { readonly link: Link; readonly reason: Refusal }[]

/**
 * From an accepted message to the copies on its links, and the node's half of the ledger. Every message is counted
 * once when it is accepted and once when it leaves this stage.
 */
export class Dispatch {
  readonly #services: DispatchServices
  readonly #tally: NodeTally
  readonly #stage: PendingRoutes
  readonly #pressure = new RelayBackpressure()
  readonly #watch: SlowRouterDetector
  // Used by one call at a time: nothing calls out between resolving targets and making their copies.
  readonly #targets = new TargetSet()
  /** Of what was delivered last, some target is above its high-water mark. */
  #aboveMark = false
  #stageWasAbove = false
  #nestedCalls = 0
  #targetsMax: number
  #setup: DispatchSetup

  constructor(setup: DispatchSetup, services: DispatchServices) {
    this.#services = services
    this.#tally = services.tally
    this.#setup = setup
    this.#targetsMax = targetsMax(setup.table)
    this.#watch = new SlowRouterDetector(services.clock, (tookMs) => {
      const text = `a call of the router took ${String(Math.round(tookMs))} ms; meanwhile nothing else ran`
      services.warning('ROUTER_SLOW', text)
    })
    this.#stage = new PendingRoutes(services.clock, setup.limits, {
      answered: (message, answer) => {
        this.#followLate(message, readAnswer(answer, this.#targetsMax))
      },
      askAgain: (message) => {
        this.#ask(message, 'again')
      },
      undeliverable: (message, reason) => {
        this.#end('undeliverable', reason, message.id)
      },
      expired: (message) => {
        this.#end('expired', 'ttl', message.id)
      },
      dropped: (message, reason) => {
        this.#end('dropped', reason, message.id)
      },
      late: () => {
        services.tally.lateAnswers++
      },
      relieved: () => {
        this.#stageRelieved()
      },
    })
  }

  /** From now on. What another router was asked and has not answered yet still counts, and goes where it is now. */
  reconfigure(setup: DispatchSetup): void {
    const { limits } = this.#setup
    this.#setup = setup
    this.#targetsMax = targetsMax(setup.table)
    if (!sameValue(limits, setup.limits)) this.#stage.limit(setup.limits)
  }

  /** Messages whose route is not known yet. */
  get routing(): number {
    return this.#stage.messages
  }

  // ── sending ─────────────────────────────────────────────────────────────────────────────────────────────────

  /** @throws CommloopError; then nothing was accepted. @returns false above a high-water mark. */
  send(payload: Uint8Array, options: SendOptions): boolean {
    if (!(payload instanceof Uint8Array)) {
      return this.#refuse('CML_ERR_PAYLOAD_INVALID', 'a payload is a Uint8Array')
    }
    const expiresAtMs = this.#expiryIn(options.ttlMs)
    if (options.to !== undefined) return this.#sendTo(payload, options.to, options.id, expiresAtMs)
    if (payload.length > this.#setup.payloadBytesMax) {
      const text = `payload of ${String(payload.byteLength)} bytes, and no link takes more than ${String(this.#setup.payloadBytesMax)}`
      return this.#refuse('CML_ERR_PAYLOAD_TOO_LARGE', text)
    }
    const message = unrouted(payload, options.id, undefined, expiresAtMs)
    return this.#ask(message, 'sent')
  }

  #sendTo(
    payload: Uint8Array,
    to: RouteTarget | readonly RouteTarget[],
    id: string | undefined,
    expiresAtMs: number | undefined,
  ): boolean {
    const refused = this.#deliver(to, payload, id, expiresAtMs, undefined)
    if (refused !== undefined) return this.#refuse(refused.code, refused.reason)
    this.#tally.accepted++
    return !this.#aboveMark
  }

  /** Counts and throws. Never returns; the type lets callers say `return this.#refuse(…)`. */
  #refuse(code: ErrorCode, reason: string): never {
    this.#tally.refused++
    throw new CommloopError(code, reason)
  }

  /** For a node that is not running. */
  refuseNotRunning(why: string): never {
    return this.#refuse('CML_ERR_NOT_RUNNING', why)
  }

  /** A received message goes to the router. It cannot be refused, so what cannot be done is an outcome. */
  relay(payload: Uint8Array, source: Link): void {
    const from = { link: source.id, epoch: source.epoch }
    this.#ask(unrouted(payload, undefined, from, undefined), 'relayed')
    if (this.#stage.aboveMark) this.#pressure.hold(source, 'routing')
  }

  // ── asking the router ───────────────────────────────────────────────────────────────────────────────────────

  /**
   * Asks the router and does what it answers. A new message of `send` is refused where nothing can be done, and
   * `send` throws; any other is accepted, or was before, and every end of it is an outcome.
   */
  #ask(message: UnroutedMessage, entering: Entering): boolean {
    const refusable = entering === 'sent'
    const first = entering !== 'again'
    const answer = this.#call(message)
    if (isPending(answer)) {
      if (!this.#stage.hasRoomFor(message.payload)) {
        if (refusable)
          return this.#refuse('CML_ERR_ROUTING_FULL', 'too many messages wait for a route')
        if (first) this.#tally.accepted++
        this.#end('undeliverable', 'routing full', message.id)
        return false
      }
      if (first) this.#tally.accepted++
      this.#wait(message, answer)
      return !this.#stage.aboveMark
    }
    const refused = this.#follow(message, answer)
    if (refused !== undefined && refusable) return this.#refuse(refused.code, refused.reason)
    if (first) this.#tally.accepted++
    if (refused !== undefined) this.#end('dropped', refused.reason, message.id)
    return !this.#aboveMark
  }

  #call(message: UnroutedMessage): RouterAnswer {
    const { router, views } = this.#setup
    if (this.#nestedCalls >= NESTED_CALLS_MAX) {
      return thrownRoute(new RangeError('it sends from within its own call without end'))
    }
    this.#nestedCalls++
    const timed = this.#watch.callBegins()
    let answer: RouterAnswer
    try {
      answer = readAnswer(router.route(message, views), this.#targetsMax)
    } catch (error) {
      answer = thrownRoute(error)
    } finally {
      this.#nestedCalls--
    }
    if (timed) this.#watch.callEnded()
    return answer
  }

  #wait(message: UnroutedMessage, answer: PromisedRoute | DeferredRoute): void {
    if (answer instanceof DeferredRoute) this.#stage.defer(message, answer.delayMs)
    else this.#stage.awaitAnswer(message, answer.promise)
    if (this.#stage.aboveMark) this.#stageWasAbove = true
  }

  /** An answer that came as a promise: the message is accepted already. */
  #followLate(message: UnroutedMessage, answer: RouterAnswer): void {
    if (answer instanceof DeferredRoute) {
      this.#stage.defer(message, answer.delayMs)
      return
    }
    const refused = this.#follow(message, answer)
    if (refused !== undefined) this.#end('dropped', refused.reason, message.id)
  }

  /** Delivers to what an answer names. Answers what `send` throws; then nothing has happened. */
  #follow(
    message: UnroutedMessage,
    answer: Exclude<RouterAnswer, DeferredRoute>,
  ): Refused | undefined {
    if (isTargetless(answer)) {
      this.#aboveMark = false
      if (answer instanceof DroppedRoute) this.#end('dropped', answer.reason, message.id)
      else this.#failed(message, answer)
      return undefined
    }
    const { payload, id, expiresAtMs, from } = message
    const refused = this.#deliver(answer, payload, id, expiresAtMs, from)
    // Room comes again, so whoever sends may try again. What the router said wrong it would say once more.
    if (refused === undefined || refused.code === 'CML_ERR_OUTBOX_FULL') return refused
    this.#end('undeliverable', refused.reason, id)
    return undefined
  }

  #failed(message: UnroutedMessage, answer: FailedRoute | PromisedRoute): void {
    // A promise of a promise is none of JavaScript's own: those are never an answer of another.
    const { reason, thrown } =
      answer instanceof FailedRoute ? answer : new FailedRoute(PROMISED_TWICE)
    if (thrown !== undefined) {
      this.#services.warning('ROUTER_THREW', `the ${reason}`, thrown.cause)
    }
    this.#end('undeliverable', reason, message.id)
  }

  // ── copies ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** One copy to each link that `route` names, or none at all, with why: then nothing has happened. */
  #deliver(
    route: RouteTarget | readonly RouteTarget[],
    payload: Uint8Array,
    id: string | undefined,
    expiresAtMs: number | undefined,
    from: MessageSource | undefined,
  ): Refused | undefined {
    this.#aboveMark = false
    // The name of a link, nearly always: nothing is collected then, only to be gone through again.
    const only = typeof route === 'string' ? this.#setup.table.named(route) : undefined
    return only === undefined
      ? this.#deliverToAll(route, payload, id, expiresAtMs, from)
      : this.#deliverTo(only, payload, id, expiresAtMs, from)
  }

  #deliverTo(
    link: Link,
    payload: Uint8Array,
    id: string | undefined,
    expiresAtMs: number | undefined,
    from: MessageSource | undefined,
  ): Refused | undefined {
    if (payload.length > link.codec.payloadBytesMax) return tooLarge(payload, link)
    const reason = this.#copy(link, 0, payload, id, expiresAtMs, from)
    if (reason !== undefined) return allRefused([{ link, reason }])
    this.#routed(1)
    return undefined
  }

  /** All targets are resolved before any copy is made: a message is never delivered in part by mistake. */
  #deliverToAll(
    route: RouteTarget | readonly RouteTarget[],
    payload: Uint8Array,
    id: string | undefined,
    expiresAtMs: number | undefined,
    from: MessageSource | undefined,
  ): Refused | undefined {
    const problem = this.#resolve(route) ?? this.#tooLargeForOne(payload)
    if (problem !== undefined) return problem
    const targets = this.#targets
    const refusals: Refusals = []
    for (let at = 0; at < targets.count; at++) {
      const link = targets.link(at)
      const reason = this.#copy(link, targets.epoch(at), payload, id, expiresAtMs, from)
      if (reason !== undefined) refusals.push({ link, reason })
    }
    if (refusals.length === targets.count) return allRefused(refusals)
    for (const { link, reason } of refusals) link.queue.refuseCopy(reason, id)
    this.#routed(targets.count)
    return undefined
  }

  #resolve(route: RouteTarget | readonly RouteTarget[]): Refused | undefined {
    this.#targets.clear()
    const { table } = this.#setup
    for (const target of isList(route) ? route : [route]) {
      const problem = table.resolve(target, this.#targets)
      if (problem !== undefined) return { code: problem.code, reason: problem.message }
    }
    if (this.#targets.count > 0) return undefined
    return { code: 'CML_ERR_LINK_UNKNOWN', reason: 'no link was named' }
  }

  #tooLargeForOne(payload: Uint8Array): Refused | undefined {
    for (let at = 0; at < this.#targets.count; at++) {
      const link = this.#targets.link(at)
      if (payload.length > link.codec.payloadBytesMax) return tooLarge(payload, link)
    }
    return undefined
  }

  #copy(
    link: Link,
    epoch: number,
    payload: Uint8Array,
    id: string | undefined,
    expiresAtMs: number | undefined,
    from: MessageSource | undefined,
  ): Refusal | undefined {
    const { queue } = link
    const kept = from !== undefined && queue.copiesWait ? unpinned(payload) : payload
    const refusal = queue.offer(kept, id, this.#expiryOn(link, expiresAtMs), epoch)
    if (queue.aboveMark) {
      this.#aboveMark = true
      if (from !== undefined) this.#holdSource(from.link, link)
    }
    return refusal
  }

  /** A message has left this stage, and lives on in so many copies. */
  #routed(copies: number): void {
    const tally = this.#tally
    tally.routed++
    tally.copies += copies
  }

  /** The message's own TTL, else that of the link's entry. */
  #expiryOn(link: Link, expiresAtMs: number | undefined): number | undefined {
    if (expiresAtMs !== undefined) return expiresAtMs
    // Compared here: handed on, the number would be put into a box for each message.
    const { settings } = link
    return settings.ttlMs === Number.POSITIVE_INFINITY ? undefined : this.#expiryIn(settings.ttlMs)
  }

  #expiryIn(ttlMs: number | undefined): number | undefined {
    if (ttlMs === undefined || ttlMs === Number.POSITIVE_INFINITY) return undefined
    // A moment that is no number would never come, and a timer for it would always be due.
    return this.#services.clock.now() + (ttlMs > 0 ? ttlMs : 0)
  }

  #holdSource(sourceId: string, target: Link): void {
    const source = this.#setup.table.find(sourceId)
    if (!('code' in source)) this.#pressure.hold(source, target)
  }

  // ── counting ────────────────────────────────────────────────────────────────────────────────────────────────

  #end(outcome: MessageEnd, reason: string, id: string | undefined): void {
    this.#tally[outcome]++
    this.#services.outcomes.ended(outcome, reason, undefined, id)
  }

  #stageRelieved(): void {
    // Told first: a relay that is let go may fill the stage at once.
    if (this.#stageWasAbove && !this.#stage.aboveMark) {
      this.#stageWasAbove = false
      this.#services.drained('*')
    }
    if (!this.#stage.aboveMark) this.#pressure.release('routing')
    this.#services.settled()
  }

  /** A link's outbox has fallen below half its mark. */
  drained(link: Link): void {
    if (!link.queue.aboveMark) this.#pressure.release(link)
  }

  dropDeferred(reason: string): void {
    this.#stage.dropDeferred(reason)
  }

  dropAll(reason: string): void {
    this.#stage.dropAll(reason)
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

// The name of a link, nearly always: asked first, because to ask a name for its class is slow.

function isPending(answer: RouterAnswer): answer is PromisedRoute | DeferredRoute {
  if (typeof answer === 'string') return false
  return answer instanceof PromisedRoute || answer instanceof DeferredRoute
}

function isTargetless(answer: RouterAnswer): answer is DroppedRoute | PromisedRoute | FailedRoute {
  if (typeof answer === 'string') return false
  return (
    answer instanceof DroppedRoute ||
    answer instanceof PromisedRoute ||
    answer instanceof FailedRoute
  )
}

function isList(route: RouteTarget | readonly RouteTarget[]): route is readonly RouteTarget[] {
  return Array.isArray(route)
}

function tooLarge(payload: Uint8Array, { id, codec }: Link): Refused {
  return {
    code: 'CML_ERR_PAYLOAD_TOO_LARGE',
    reason: `payload of ${String(payload.length)} bytes, and "${id}" takes ${String(codec.payloadBytesMax)}`,
  }
}

function allRefused(refusals: Refusals): Refused {
  const full = refusals.find(({ reason }) => reason === 'outbox-full')
  const names = refusals.map(({ link }) => `"${link.id}"`).join(', ')
  return full === undefined
    ? { code: 'CML_ERR_LINK_DOWN', reason: `link down: ${names}` }
    : { code: 'CML_ERR_OUTBOX_FULL', reason: `outbox full: ${names}` }
}

/** A router may name each link of the table, and some twice. */
function targetsMax(table: Table): number {
  return Math.max(TARGETS_MAX, table.links.length)
}
