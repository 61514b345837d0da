import type { LinkView, Route, RoutedMessage, SendRouter } from '@commloop/core'
import type { SimulatedProcess } from './simulated-process.js'
import type { World } from './world.js'

/** A router with eyes on what it is asked and what it answers: the copies that follow are told to their links. */
export class WatchedRouter implements SendRouter {
  readonly #router: SendRouter
  readonly #process: SimulatedProcess
  readonly #world: World

  constructor(router: SendRouter, process: SimulatedProcess, world: World) {
    this.#router = router
    this.#process = process
    this.#world = world
  }

  route(message: RoutedMessage, links: readonly LinkView[]): Route | PromiseLike<Route> {
    this.#checkAge(message)
    const route = this.#router.route(message, links)
    if (!isThenable(route)) {
      this.#process.routed(message, route)
      return route
    }
    if (route instanceof Promise) this.#world.promised = true
    return {
      // Handed through in the call that settles it, so that the order of outboxes is known here too.
      then: (answered, rejected) =>
        route.then((answer: Route) => {
          this.#process.routed(message, answer)
          return answered?.(answer) as never
        }, rejected),
    }
  }

  #checkAge(message: RoutedMessage): void {
    if (message.from !== undefined) return
    const sent = this.#world.book.find(message.payload)
    if (sent === undefined || sent.expiresAtMs >= this.#world.clock.now()) return
    const text = `the router is asked about message ${String(sent.number)} after its TTL`
    this.#world.violated(this.#process.name, text)
  }
}

function isThenable(route: Route | PromiseLike<Route>): route is PromiseLike<Route> {
  return typeof route === 'object' && 'then' in route
}
