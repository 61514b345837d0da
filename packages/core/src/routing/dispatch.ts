import { sameValue } from '../config/same-value.js'
import type { Clock } from '../contracts/clock.js'
import type { LinkView, RouteTarget, SendRouter } from '../contracts/send-router.js'
import { CommloopError, type ErrorCode } from '../errors.js'
import { type Link, type Refusal, unpinned } from '../link/link.js'
import type { NodeTally } from '../node/node-counters.js'
import type { OutcomeReporter } from '../report/outcome-reporter.js'
import type { Table } from '../table/table.js'
import { Targets } from '../table/targets.js'
import { RelayPressure } from './relay-pressure.js'
import {
  DeferredRoute,
  DroppedRoute,
  FailedRoute,
  PromisedRoute,
  readAnswer,
  type RouterAnswer,
  thrownRoute,
} from './router-answer.js'
import { RouterWatch } from './router-watch.js'
import { type RoutingLimits, RoutingStage, type UnroutedMessage } from './routing-stage.js'

/** Targets of one answer that are read, or the number of links where that is more: a list may be without end. */
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

/**
 * From an accepted message to the copies on its links, and the node's half of the ledger. Every message is counted
 * once when it is accepted and once when it leaves this stage.
 */
export class Dispatch {
  readonly #services: DispatchServices
  readonly #stage: RoutingStage
  readonly #pressure = new RelayPressure()
  readonly #watch: RouterWatch
  // Used by one call at a time: nothing calls out between resolving targets and making their copies.
  readonly #targets = new Targets()
  #stageWasAbove = false
  #nestedCalls = 0
  #targetsMax: number
  #setup: DispatchSetup

  constructor(setup: DispatchSetup, services: DispatchServices) {
    this.#services = services
    this.#setup = setup
    this.#targetsMax = targetsMax(setup.table)
    this.#watch = new RouterWatch(services.clock, (tookMs) => {
      const text = `a call of the router took ${String(Math.round(tookMs))} ms; meanwhile nothing else ran`
      services.warning('ROUTER_SLOW', text)
    })
    this.#stage = new RoutingStage(services.clock, setup.limits, {
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
    if (payload.byteLength > this.#setup.payloadBytesMax) {
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
    const problem = this.#resolve(to)
    if (problem !== undefined) return this.#refuse(problem.code, problem.reason)
    const tooSmall = this.#tooSmallFor(payload)
    if (tooSmall !== undefined) return this.#refuse('CML_ERR_PAYLOAD_TOO_LARGE', tooSmall)
    const refused = this.#makeCopies(payload, id, expiresAtMs, false)
    if (refused !== undefined) return this.#refuse(refused.code, refused.reason)
    this.#services.tally.accepted++
    return !this.#anyAboveMark()
  }

  /** Counts and throws. Never returns; the type lets callers say `return this.#refuse(…)`. */
  #refuse(code: ErrorCode, reason: string): never {
    this.#services.tally.refused++
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
        if (first) this.#services.tally.accepted++
        this.#end('undeliverable', 'routing full', message.id)
        return false
      }
      if (first) this.#services.tally.accepted++
      this.#wait(message, answer)
      return !this.#stage.aboveMark
    }
    const refused = this.#follow(message, answer)
    if (refused !== undefined && refusable) return this.#refuse(refused.code, refused.reason)
    if (first) this.#services.tally.accepted++
    if (refused !== undefined) this.#end('dropped', refused.reason, message.id)
    return !this.#anyAboveMark()
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

  /** Makes the copies that an answer names. Answers what `send` throws; then nothing has happened. */
  #follow(
    message: UnroutedMessage,
    answer: Exclude<RouterAnswer, DeferredRoute>,
  ): Refused | undefined {
    if (isTargetless(answer)) {
      this.#targets.clear()
      if (answer instanceof DroppedRoute) this.#end('dropped', answer.reason, message.id)
      else this.#failed(message, answer)
      return undefined
    }
    const reason = this.#resolve(answer)?.reason ?? this.#tooSmallFor(message.payload)
    if (reason !== undefined) {
      this.#end('undeliverable', reason, message.id)
      this.#targets.clear()
      return undefined
    }
    const { payload, id, expiresAtMs, from } = message
    const refused = this.#makeCopies(payload, id, expiresAtMs, from !== undefined)
    if (refused?.code === 'CML_ERR_LINK_DOWN') {
      this.#end('undeliverable', refused.reason, id)
      return undefined
    }
    if (refused === undefined && from !== undefined) this.#holdSource(from.link)
    return refused
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

  /** All targets are resolved before any copy is made: a message is never delivered in part by mistake. */
  #resolve(route: RouteTarget | readonly RouteTarget[]): Refused | undefined {
    this.#targets.clear()
    const { table } = this.#setup
    if (!isList(route)) return refusedBy(table.resolve(route, this.#targets))
    for (const target of route) {
      const problem = table.resolve(target, this.#targets)
      if (problem !== undefined) return refusedBy(problem)
    }
    if (this.#targets.count > 0) return undefined
    return { code: 'CML_ERR_LINK_UNKNOWN', reason: 'no link was named' }
  }

  #tooSmallFor(payload: Uint8Array): string | undefined {
    const bytes = payload.byteLength
    for (let at = 0; at < this.#targets.count; at++) {
      const { id, codec } = this.#targets.link(at)
      if (bytes <= codec.payloadBytesMax) continue
      return `payload of ${String(bytes)} bytes, and "${id}" takes ${String(codec.payloadBytesMax)}`
    }
    return undefined
  }

  /** Counts the message as routed and its copies, unless every link refuses: then nothing has happened. */
  #makeCopies(
    payload: Uint8Array,
    id: string | undefined,
    expiresAtMs: number | undefined,
    received: boolean,
  ): Refused | undefined {
    const targets = this.#targets
    let refusals: { readonly link: Link; readonly reason: Refusal }[] | undefined
    for (let at = 0; at < targets.count; at++) {
      const link = targets.link(at)
      const kept = received && link.copiesWait ? unpinned(payload) : payload
      const reason = link.offer(kept, id, this.#expiryOn(link, expiresAtMs), targets.epoch(at))
      if (reason !== undefined) (refusals ??= []).push({ link, reason })
    }
    if (refusals !== undefined) {
      if (refusals.length === targets.count) return allRefused(refusals)
      for (const { link, reason } of refusals) link.refuseCopy(reason, id)
    }
    this.#services.tally.routed++
    this.#services.tally.copies += targets.count
    return undefined
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

  #anyAboveMark(): boolean {
    for (let at = 0; at < this.#targets.count; at++) {
      if (this.#targets.link(at).aboveHighWaterMark) return true
    }
    return false
  }

  #holdSource(sourceId: string): void {
    const source = this.#setup.table.find(sourceId)
    if ('code' in source) return
    for (let at = 0; at < this.#targets.count; at++) {
      const target = this.#targets.link(at)
      if (target.aboveHighWaterMark) this.#pressure.hold(source, target)
    }
  }

  // ── counting ────────────────────────────────────────────────────────────────────────────────────────────────

  #end(outcome: MessageEnd, reason: string, id: string | undefined): void {
    this.#services.tally[outcome]++
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
    if (!link.aboveHighWaterMark) this.#pressure.release(link)
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
  from: UnroutedMessage['from'],
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

function refusedBy(
  problem: { readonly code: ErrorCode; readonly message: string } | undefined,
): Refused | undefined {
  return problem === undefined ? undefined : { code: problem.code, reason: problem.message }
}

function allRefused(
  refusals: readonly { readonly link: Link; readonly reason: Refusal }[],
): Refused {
  const full = refusals.find(({ reason }) => reason === 'outbox full')
  const names = refusals.map(({ link }) => `"${link.id}"`).join(', ')
  return full === undefined
    ? { code: 'CML_ERR_LINK_DOWN', reason: `link down: ${names}` }
    : { code: 'CML_ERR_OUTBOX_FULL', reason: `outbox full: ${names}` }
}

/** A router may name each link of the table, and some twice. */
function targetsMax(table: Table): number {
  return Math.max(TARGETS_MAX, table.links.length)
}
