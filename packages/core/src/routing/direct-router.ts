import type { LinkView, Route, RoutedMessage, SendRouter } from '../contracts/send-router.js'

const NO_ROUTER: Route = { drop: 'no router: name a link with "to", or configure a router' }

/**
 * The default router, for nodes whose messages all have `to`. If there is exactly one link other than the message's
 * source, it sends there. Otherwise it drops the message, and the reason says what to do.
 */
export class DirectRouter implements SendRouter {
  /** The links whose ids are stored below. Read once per table, because the node calls the router for every message. */
  #links: readonly LinkView[] | undefined
  #first: string | undefined
  #second: string | undefined

  route({ from }: RoutedMessage, links: readonly LinkView[]): Route {
    if (links !== this.#links) this.#look(links)
    if (from === undefined)
      return this.#second === undefined ? (this.#first ?? NO_ROUTER) : NO_ROUTER
    return this.#otherThan(from.link) ?? NO_ROUTER
  }

  #look(links: readonly LinkView[]): void {
    this.#links = links
    // With more than two links, none is the only other one.
    const few = links.length > 2 ? [] : links
    this.#first = few[0]?.id
    this.#second = few[1]?.id
  }

  #otherThan(source: string): string | undefined {
    if (source === this.#first) return this.#second
    if (source === this.#second || this.#second === undefined) return this.#first
    return undefined
  }
}
