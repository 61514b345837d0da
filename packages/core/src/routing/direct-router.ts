import type { LinkView, Route, RoutedMessage, SendRouter } from '../contracts/send-router.js'

/**
 * The default router, for nodes whose every message names its link with `to`: where there is just one other link
 * it sends there, otherwise it drops and says what to do.
 */
export class DirectRouter implements SendRouter {
  route(message: RoutedMessage, links: readonly LinkView[]): Route {
    const others = links.filter((link) => link.id !== message.from?.link)
    const [only] = others
    if (only !== undefined && others.length === 1) return only.id
    return { drop: 'no router: name a link with "to", or configure a router' }
  }
}
