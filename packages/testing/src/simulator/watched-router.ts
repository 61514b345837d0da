import type { LinkView, Route, RoutedMessage, SendRouter } from '@commloop/core'
import type { World } from './world.js'

/** Checks the calls of a router, and reports its answers before core makes the copies. */
export class WatchedRouter implements SendRouter {
  readonly #router: SendRouter
  readonly #where: string
  readonly #world: World
  readonly #routed: (message: RoutedMessage, route: Route) => void
  /** How often the router was called for each message that this node sent. */
  readonly #asked = new Map<number, number>()

  /** `routed` is called with every answer before core receives it. */
  constructor(
    router: SendRouter,
    where: string,
    world: World,
    routed: (message: RoutedMessage, route: Route) => void,
  ) {
    this.#router = router
    this.#where = where
    this.#world = world
    this.#routed = routed
  }

  route(message: RoutedMessage, links: readonly LinkView[]): Route | PromiseLike<Route> {
    this.#checkMessage(message)
    const route = this.#router.route(message, links)
    if (!isThenable(route)) {
      this.#routed(message, route)
      return route
    }
    if (route instanceof Promise) this.#world.promised = true
    return {
      // Reported in the call that settles the promise, so that the order in the outboxes is known here.
      then: (answered, rejected) =>
        route.then((answer: Route) => {
          this.#routed(message, answer)
          return answered?.(answer) as never
        }, rejected),
    }
  }

  #checkMessage(message: RoutedMessage): void {
    if (message.from !== undefined) return
    const sent = this.#world.book.find(message.payload)
    if (sent === undefined) return
    if (sent.expiresAtMs < this.#world.clock.now()) {
      this.#violated(`asked about message ${String(sent.number)} after its TTL`)
    }
    const before = this.#asked.get(sent.number) ?? 0
    this.#asked.set(sent.number, before + 1)
    // Core calls the router again only after it has deferred the message.
    if (message.deferrals !== before) {
      this.#violated(
        `asked about message ${String(sent.number)} with ${String(message.deferrals)} deferrals ` +
          `after ${String(before)}`,
      )
    }
  }

  #violated(what: string): void {
    this.#world.violated(this.#where, `the router was ${what}`)
  }
}

function isThenable(route: Route | PromiseLike<Route>): route is PromiseLike<Route> {
  return typeof route === 'object' && 'then' in route
}
