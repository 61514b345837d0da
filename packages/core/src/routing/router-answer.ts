import type { LinkRef, Route, RouteTarget } from '../contracts/send-router.js'
import { foreignText } from '../text/safe-text.js'
import { durationMs } from '../units/duration.js'

/**
 * What a router has answered, read once. Routers are written by users, in JavaScript too: an answer may be anything,
 * and looking at it may run code of theirs. Behind this everything is data of our own, which nobody changes.
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

/** The router wants to be asked again. */
export class DeferredRoute {
  readonly delayMs: number
  constructor(delayMs: number) {
    this.delayMs = delayMs
  }
}

export class DroppedRoute {
  readonly reason: string
  constructor(reason: string) {
    this.reason = reason
  }
}

/** Nothing that can be followed, with why. `thrown`: what the router threw, where it threw. */
export class FailedRoute {
  readonly reason: string
  readonly thrown: { readonly cause: unknown } | undefined
  constructor(reason: string, thrown?: { readonly cause: unknown }) {
    this.reason = reason
    this.thrown = thrown
  }
}

const NO_LINK = 'router named no link'

/** Of a router that threw. */
export function thrownRoute(cause: unknown): FailedRoute {
  return new FailedRoute(`router threw: ${foreignText(cause)}`, { cause })
}

/** Never throws. A list of more than `targetsMax` targets, which may be without end, names no link. */
export function readAnswer(answer: unknown, targetsMax: number): RouterAnswer {
  if (isLinkRef(answer)) return answer
  try {
    if (typeof answer !== 'object' || answer === null) return new FailedRoute(NO_LINK)
    if (Array.isArray(answer)) return readList(answer, targetsMax)
    if ('then' in answer && typeof answer.then === 'function') {
      return new PromisedRoute(answer as PromiseLike<Route>)
    }
    if ('defer' in answer) return readDelay(answer.defer)
    if ('drop' in answer) return new DroppedRoute(foreignText(answer.drop))
    return readTarget(answer) ?? new FailedRoute(NO_LINK)
  } catch (error) {
    return thrownRoute(error)
  }
}

function readDelay(delay: unknown): DeferredRoute | FailedRoute {
  const readable = typeof delay === 'number' || typeof delay === 'string'
  const delayMs = readable ? durationMs(delay) : undefined
  return delayMs === undefined
    ? new FailedRoute(`router deferred by ${foreignText(delay)}`)
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
