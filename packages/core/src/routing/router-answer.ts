import type { Reason } from '../contracts/reason.js'
import type { LinkRef, Route, RouteTarget } from '../contracts/send-router.js'
import { foreignText } from '../text/safe-text.js'
import { durationMs } from '../units/duration.js'

/**
 * A router's answer, read once. Users write routers, also in JavaScript: an answer may be any value, and reading it may
 * run their code. A value of this type is a copy that does not change.
 */
export type RouterAnswer =
  RouteTarget | readonly RouteTarget[] | PromisedRoute | DeferredRoute | DroppedRoute | FailedRoute

/** The answer comes later. */
export class PromisedRoute {
  readonly promise: PromiseLike<Route>
  constructor(promise: PromiseLike<Route>) {
    this.promise = promise
  }
}

/** The router wants to be asked again after a delay. */
export class DeferredRoute {
  readonly delayMs: number
  constructor(delayMs: number) {
    this.delayMs = delayMs
  }
}

export class DroppedRoute {
  readonly reason: Reason
  constructor(reason: Reason) {
    this.reason = reason
  }
}

/** An answer that is not a route. `thrown`: what the router threw, if it threw. */
export class FailedRoute {
  readonly reason: Reason
  readonly thrown: { readonly cause: unknown } | undefined
  constructor(reason: Reason, thrown?: { readonly cause: unknown }) {
    this.reason = reason
    this.thrown = thrown
  }
}

const NO_LINK: Reason = { code: 'router-no-link' }

/** The answer of a router that threw. */
export function thrownRoute(cause: unknown): FailedRoute {
  return new FailedRoute({ code: 'router-threw', detail: foreignText(cause) }, { cause })
}

/** Never throws. A list of more than `targetsMax` targets names no link: it may be endless. */
export function readAnswer(answer: unknown, targetsMax: number): RouterAnswer {
  if (isLinkRef(answer)) return answer
  try {
    if (typeof answer !== 'object' || answer === null) return new FailedRoute(NO_LINK)
    if (Array.isArray(answer)) return readList(answer, targetsMax)
    if ('then' in answer && typeof answer.then === 'function') {
      return new PromisedRoute(answer as PromiseLike<Route>)
    }
    if ('defer' in answer) return readDelay(answer.defer)
    if ('drop' in answer) return droppedRoute(answer.drop)
    return readTarget(answer) ?? new FailedRoute(NO_LINK)
  } catch (error) {
    return thrownRoute(error)
  }
}

function droppedRoute(why: unknown): DroppedRoute {
  return new DroppedRoute({ code: 'router-drop', detail: foreignText(why) })
}

function readDelay(delay: unknown): DeferredRoute | FailedRoute {
  const readable = typeof delay === 'number' || typeof delay === 'string'
  const delayMs = readable ? durationMs(delay) : undefined
  return delayMs === undefined
    ? new FailedRoute({
        code: 'router-bad-delay',
        detail: `router deferred by ${foreignText(delay)}`,
      })
    : new DeferredRoute(Math.max(1, delayMs))
}

function readList(
  list: readonly unknown[],
  targetsMax: number,
): readonly RouteTarget[] | FailedRoute {
  const { length } = list
  if (!(length > 0 && length <= targetsMax)) return new FailedRoute(NO_LINK)
  const targets: RouteTarget[] = []
  for (let at = 0; at < length; at++) {
    const target = readTarget(list[at])
    if (target === undefined) return new FailedRoute(NO_LINK)
    targets.push(target)
  }
  return targets
}

function readTarget(target: unknown): RouteTarget | undefined {
  if (isLinkRef(target)) return target
  if (typeof target !== 'object' || target === null) return undefined
  if (!('link' in target) || !('epoch' in target)) return undefined
  const { link, epoch } = target
  return isLinkRef(link) && typeof epoch === 'number' ? { link, epoch } : undefined
}

function isLinkRef(value: unknown): value is LinkRef {
  return typeof value === 'string' || typeof value === 'number'
}
