import type { LinkView, Route, RoutedMessage, SendRouter } from '../contracts/send-router.js'

const NO_ROUTER: Route = { drop: 'no router: name a link with "to", or configure a router' }

/**
 * The default router, for nodes whose every message names its link with `to`: where there is just one other link
 * it sends there, otherwise it drops and says what to do.
 */
export class DirectRouter implements SendRouter {
  route({ from }: RoutedMessage, links: readonly LinkView[]): Route {
    // More than two cannot be "the other link" and its source, so a large table costs no more than a small one.
    if (links.length > 2) return NO_ROUTER
    const others = from === undefined ? links : linksBut(links, from.link)
    return others.length === 1 && others[0] !== undefined ? others[0].id : NO_ROUTER
  }
}

function linksBut(links: readonly LinkView[], id: string): readonly LinkView[] {
  return links.filter((link) => link.id !== id)
}
