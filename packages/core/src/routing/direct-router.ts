import type { LinkView, Route, RoutedMessage, SendRouter } from '../contracts/send-router.js'

const NO_ROUTER: Route = { drop: 'no router: name a link with "to", or configure a router' }

/**
 * The default router, for nodes whose every message names its link with `to`: where there is just one other link
 * it sends there, otherwise it drops and says what to do.
 */
export class DirectRouter implements SendRouter {
  /** Looks at three links at most, so that a large table costs no more than a small one. */
  route(message: RoutedMessage, links: readonly LinkView[]): Route {
    const source = message.from?.link
    let only: string | undefined
    for (const { id } of links) {
      if (id === source) continue
      if (only !== undefined) return NO_ROUTER
      only = id
    }
    return only ?? NO_ROUTER
  }
}
