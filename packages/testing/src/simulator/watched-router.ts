import type { LinkView, Route, RoutedMessage, SendRouter } from '@commloop/core'
import type { World } from './world.js'

/** A router with eyes on what it is asked and what it answers: the copies that follow are told to their links. */
export class WatchedRouter implements SendRouter {
  readonly #router: SendRouter
  readonly #where: string
  readonly #world: World
  readonly #routed: (message: RoutedMessage, route: Route) => void
  /** How often the router was asked about each message that was sent here. */
  readonly #asked = new Map<number, number>()

  /** `routed` hears of every answer before core does. */
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
      // Handed through in the call that settles it, so that the order of outboxes is known here too.
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
    // Asked again only where it was deferred.
    if (message.deferrals !== before) {
      const told = `told of ${String(message.deferrals)} deferrals`
      this.#violated(`${told} of message ${String(sent.number)}, after ${String(before)}`)
    }
  }

  #violated(what: string): void {
    this.#world.violated(this.#where, `the router is ${what}`)
  }
}

function isThenable(route: Route | PromiseLike<Route>): route is PromiseLike<Route> {
  return typeof route === 'object' && 'then' in route
}
