import type { Clock } from '../contracts/clock.js'
import type { ErrorCode } from '../contracts/errors.js'
import type { Reason } from '../contracts/reason.js'
import type { RouteTarget } from '../contracts/send-router.js'
import type { NodeTally } from '../ledger/node-counters.js'
import type { Link } from '../link/link.js'
import type { Refusal } from '../link/link-queue.js'
import { unpinned } from '../link/unpinned.js'
import type { Table } from '../table/table.js'
import { TargetSet } from '../table/target-set.js'
import type { MessageSource } from './pending-routes.js'
import type { RelayBackpressure } from './relay-backpressure.js'

/** Why no link has accepted a message. The message has no outcome yet. */
export interface Undelivered {
  /** The code of the error that `send` throws. */
  readonly code: ErrorCode
  readonly reason: Reason
  /** The target that the route named, if the problem concerns a single one. */
  readonly link?: string
  /** One of the links is above its high-water mark. */
  readonly aboveMark: boolean
}

/** Links that have refused their copy. */
type Refusals = { readonly link: Link; readonly refusal: Refusal }[]

/** Gives one copy of a message to each link that its route names. */
export class Delivery {
  readonly #clock: Clock
  readonly #tally: NodeTally
  readonly #backpressure: RelayBackpressure
  // Reused, because this class calls no other code between resolving the targets and making their copies.
  readonly #targets = new TargetSet()
  #table: Table

  constructor(table: Table, clock: Clock, tally: NodeTally, backpressure: RelayBackpressure) {
    this.#table = table
    this.#clock = clock
    this.#tally = tally
    this.#backpressure = backpressure
  }

  /** Delivers to the links of this table from now on. */
  useTable(table: Table): void {
    this.#table = table
  }

  /**
   * Delivers to every link that `route` names, or to none.
   * @returns whether every link is below its high-water mark, or why no link has accepted the message
   */
  deliver(
    route: RouteTarget | readonly RouteTarget[],
    payload: Uint8Array,
    id: string | undefined,
    expiresAtMs: number | undefined,
    from: MessageSource | undefined,
  ): Undelivered | boolean {
    // Usually the id of a link: then no set of targets is needed.
    const link = typeof route === 'string' ? this.#table.named(route) : undefined
    if (link === undefined) return this.#deliverToAll(route, payload, id, expiresAtMs, from)
    if (payload.length > link.codec.payloadBytesMax) return tooLarge(payload, link)
    const refusal =
      from === undefined
        ? link.queue.offer(payload, id, this.#expiryOn(link, expiresAtMs), 0)
        : this.#copy(link, 0, payload, id, expiresAtMs, from)
    if (refusal !== undefined) return allRefused([{ link, refusal }])
    const tally = this.#tally
    tally.routed++
    tally.copies++
    return !link.queue.aboveMark
  }

  /** Resolves all targets before it makes the first copy, so that a wrong target in the route prevents all copies. */
  #deliverToAll(
    route: RouteTarget | readonly RouteTarget[],
    payload: Uint8Array,
    id: string | undefined,
    expiresAtMs: number | undefined,
    from: MessageSource | undefined,
  ): Undelivered | boolean {
    const problem = this.#resolve(route) ?? this.#tooLargeForOne(payload)
    if (problem !== undefined) return problem
    const targets = this.#targets
    const refusals: Refusals = []
    let belowMark = true
    for (let at = 0; at < targets.count; at++) {
      const link = targets.link(at)
      const refusal = this.#copy(link, targets.epoch(at), payload, id, expiresAtMs, from)
      if (refusal !== undefined) refusals.push({ link, refusal })
      if (link.queue.aboveMark) belowMark = false
    }
    if (refusals.length === targets.count) return allRefused(refusals)
    for (const { link, refusal } of refusals) link.queue.refuseCopy(refusal, id)
    this.#tally.routed++
    this.#tally.copies += targets.count
    return belowMark
  }

  #resolve(route: RouteTarget | readonly RouteTarget[]): Undelivered | undefined {
    this.#targets.clear()
    for (const target of isList(route) ? route : [route]) {
      const problem = this.#table.resolve(target, this.#targets)
      if (problem !== undefined) return { ...problem, aboveMark: false }
    }
    if (this.#targets.count > 0) return undefined
    const reason: Reason = { code: 'link-unknown', detail: 'no link was named' }
    return { code: 'CML_ERR_LINK_UNKNOWN', reason, aboveMark: false }
  }

  #tooLargeForOne(payload: Uint8Array): Undelivered | undefined {
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
    if (from !== undefined && queue.aboveMark) this.#holdSource(from.link, link)
    return refusal
  }

  #holdSource(sourceId: string, target: Link): void {
    const source = this.#table.find(sourceId)
    if (!('code' in source)) this.#backpressure.hold(source, target)
  }

  /** The message's own TTL, or else that of the link's entry. */
  #expiryOn(link: Link, expiresAtMs: number | undefined): number | undefined {
    if (expiresAtMs !== undefined) return expiresAtMs
    // Compared here, because V8 would box the number for each message if it were an argument.
    const { settings } = link
    return settings.ttlMs === Number.POSITIVE_INFINITY ? undefined : this.expiryIn(settings.ttlMs)
  }

  /** When a TTL that begins now ends, by the clock; undefined: never. A negative TTL or NaN ends now. */
  expiryIn(ttlMs: number | undefined): number | undefined {
    if (ttlMs === undefined || ttlMs === Number.POSITIVE_INFINITY) return undefined
    // The clock never reaches NaN, and a timer for NaN is always due.
    return this.#clock.now() + (ttlMs > 0 ? ttlMs : 0)
  }
}

function isList(route: RouteTarget | readonly RouteTarget[]): route is readonly RouteTarget[] {
  return Array.isArray(route)
}

function tooLarge(payload: Uint8Array, { id, codec }: Link): Undelivered {
  const detail = `payload of ${String(payload.length)} bytes, and "${id}" takes ${String(codec.payloadBytesMax)}`
  return {
    code: 'CML_ERR_PAYLOAD_TOO_LARGE',
    reason: { code: 'payload-too-large', detail },
    link: id,
    aboveMark: false,
  }
}

function allRefused(refusals: Refusals): Undelivered {
  const full = refusals.some(({ refusal }) => refusal === 'outbox-full')
  const detail = refusals.map(({ link }) => `"${link.id}"`).join(', ')
  const [only, another] = refusals
  return {
    code: full ? 'CML_ERR_OUTBOX_FULL' : 'CML_ERR_LINK_DOWN',
    reason: { code: full ? 'outbox-full' : 'link-down', detail },
    ...(only === undefined || another !== undefined ? {} : { link: only.link.id }),
    aboveMark: refusals.some(({ link }) => link.queue.aboveMark),
  }
}
